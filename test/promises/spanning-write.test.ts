import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { Sweeper } from '../../src/identity/sweeper.ts'
import { migrate } from '../../src/store/database.ts'
import { settle } from '../../src/store/writers.ts'
import { splitDatabases } from '../support/database.ts'
import { SplitWorld } from '../support/split-world.ts'

/** How many writes are killed; `FAULTS=200` for the long run. The first four are at the two commits. */
const faults = Number(process.env.FAULTS ?? 4)

describe('a write to two servers that is killed', () => {
  let databases: Awaited<ReturnType<typeof splitDatabases>>
  let world: SplitWorld
  let clinical: pg.Client
  let vault: pg.Client
  let folder: string

  beforeAll(async () => {
    databases = await splitDatabases()
    await migrate(databases.url, databases.vaultUrl)
    folder = mkdtempSync(join(tmpdir(), 'coffre-spanning-'))
    world = new SplitWorld(databases.url, databases.vaultUrl, join(folder, 'keyring.json'))
    clinical = new pg.Client(databases.url)
    vault = new pg.Client(databases.vaultUrl)
    await Promise.all([clinical.connect(), vault.connect()])
  }, 60_000)
  afterAll(async () => {
    await Promise.all([clinical.end(), vault.end(), world.close()])
    await databases.drop()
    rmSync(folder, { recursive: true })
  })

  /** @returns how many statements it sent; undefined: it was killed */
  const writeToKill = (family: string, step: number, when: 'before' | 'after') => {
    const program = fileURLToPath(import.meta.resolve('../support/write-to-kill.ts'))
    const loader = fileURLToPath(import.meta.resolve('../support/typescript.mjs'))
    const given = [
      databases.url,
      databases.vaultUrl,
      join(folder, 'keyring.json'),
      family,
      String(step),
      when,
    ]
    const child = fork(program, given, { execArgv: ['--no-warnings', '--import', loader] })
    return new Promise<number | undefined>((resolve, reject) =>
      child.on('exit', (code, signal) => {
        if (signal === 'SIGKILL') resolve(undefined)
        else if (code !== null && code > 1) resolve(code)
        else reject(new Error(`the write failed: ${code}`))
      }),
    )
  }
  const column = async (client: pg.Client, statement: string) =>
    (await client.query<{ seal: string }>(`${statement} ORDER BY seal`)).rows.map(({ seal }) => seal)

  /** Reads and searches agree, and both resources are of one write. */
  const demandOneOf = async (before: string, after: string) => {
    const [family = '', other] = await world.families()
    expect([before, after]).toContain(family)
    expect(other).toBe(family)
    expect(await world.found(family)).toEqual(['one', 'two'])
    expect(await world.found(family === before ? after : before)).toEqual([])
    return family
  }

  it(
    'is there entirely or not at all, is found by what it says, and leaves nothing in the vault once it is swept',
    async () => {
      await world.write('Family0')
      let now = 'Family1'
      const steps = (await writeToKill(now, 0, 'before')) ?? 0
      await demandOneOf('Family0', now)
      expect(await world.families()).toEqual([now, now])
      const outcomes = new Set<boolean>()
      for (let fault = 0; fault < faults; fault++) {
        const next = `Family${fault + 2}`
        const step = steps - (Math.floor(fault / 2) % steps)
        const answered = await writeToKill(next, step, fault % 2 === 0 ? 'before' : 'after')
        await settle(world.store, AbortSignal.timeout(30_000))
        const family = await demandOneOf(now, next)
        if (answered !== undefined) expect(family).toBe(next)
        outcomes.add(family === next)
        await new Sweeper(world.store).sweep(0)
        expect(await demandOneOf(now, next)).toBe(family)
        now = family
        const current = await column(clinical, 'SELECT seal FROM clinical.resource')
        const former = await column(clinical, 'SELECT seal FROM clinical.history')
        expect(await column(vault, 'SELECT seal FROM identity.sealed')).toEqual(
          [...former, ...current].sort(),
        )
        expect(await column(vault, 'SELECT seal FROM identity.blind_index')).toEqual(current)
        expect((await vault.query('SELECT FROM identity.pending')).rowCount).toBe(0)
      }
      // killed before the last commit it is not there, and after it is: both were seen
      expect(outcomes).toEqual(new Set([true, false]))
    },
    60_000 + faults * 10_000,
  )
})
