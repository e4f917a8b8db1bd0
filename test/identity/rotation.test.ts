import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { safeKeyContext } from '../../src/export/safe-keys.ts'
import { permitSecretContext } from '../../src/governance/permit-secrets.ts'
import { jobKeyContext } from '../../src/interactions/async/job-keys.ts'
import { demandVersions, listVersions } from '../../src/identity/key-versions.ts'
import { readKeyring } from '../../src/identity/keyring.ts'
import { rotate, type Step } from '../../src/identity/rotation.ts'
import { Vault } from '../../src/identity/vault.ts'
import { sql, type Sql } from '../../src/store/sql.ts'
import type { Tx } from '../../src/store/tx.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'
import { KeyWorld } from '../support/key-world.ts'

/** How many rotations are killed; `FAULTS=200` for the long run. */
const faults = Number(process.env.FAULTS ?? 2)

let world: KeyWorld
let { store, keyring, vault, keys, written } = {} as KeyWorld

beforeEach(async () => {
  world = await KeyWorld.start()
  ;({ store, keyring, vault, keys, written } = world)
})

afterEach(() => world.end())

/** Statements as the owner, past triggers and foreign keys: what lies beside the keys is not at issue. */
async function asOwner<Row extends object>(...statements: readonly Sql[]): Promise<Row[]> {
  const client = new pg.Client(world.database.url)
  await client.connect()
  try {
    await client.query('SET session_replication_role = replica')
    let rows: Row[] = []
    for (const { text, values } of statements) rows = (await client.query<Row>(text, [...values])).rows
    return rows
  } finally {
    await client.end()
  }
}

describe('a rotation', () => {
  it('wraps every key anew, in all places, and retires the version before', async () => {
    await world.writePatients(700)
    const [job, safe, permit] = [randomUUID(), randomUUID(), 'p'.repeat(20)]
    const contexts = [jobKeyContext(job), safeKeyContext(safe), permitSecretContext(permit)]
    const key = Buffer.alloc(32, 7)
    const made = await keyring.wrapAll(contexts.map((context) => ({ key, context })))
    await asOwner(
      sql`INSERT INTO async.job (id, base, client_id, repeatable, wrapped, key_version, request, created_at)
          VALUES (${job}, '/fhir', 'c', true, ${made[0]?.wrapped}, 1, '\\x00', now())`,
      sql`INSERT INTO export.safe (id, wrapped, key_version, created_at)
          VALUES (${safe}, ${made[1]?.wrapped}, 1, now())`,
      sql`INSERT INTO governance.permit (id, request, round, secret, key_version, valid_until)
          VALUES (${permit}, ${randomUUID()}, 1, ${made[2]?.wrapped}, 1, now() + interval '1 day')`,
    )
    const steps: Step[] = []
    const done = await rotate(keys, (step) => steps.push(step))
    expect(done).toEqual({ keyVersion: 2, isContinued: false, rewrapped: 703, retired: [1] })
    const inOrder = steps.map(({ step }) => step).filter((step, index, all) => step !== all[index - 1])
    expect(inOrder).toEqual(['added', 'recorded', 'rewrapped', 'retired'])
    const [before, now] = await listVersions(keys)
    expect([before?.state, before?.wraps.size]).toEqual(['retired', 0])
    expect(Object.fromEntries(now?.wraps ?? [])).toEqual({
      ...{ 'data keys': 700, 'permit secrets': 1, 'safe keys': 1, 'keys of asynchronous requests': 1 },
    })
    const rows = await asOwner<{ wrapped: Buffer; keyVersion: number }>(
      sql`SELECT wrapped, key_version "keyVersion" FROM async.job
          UNION ALL SELECT wrapped, key_version FROM export.safe
          UNION ALL SELECT secret, key_version FROM governance.permit`,
    )
    const entries = rows.map((row, index) => ({ ...row, context: contexts[index] ?? '' }))
    expect(await keyring.unwrapAll(entries)).toEqual([key, key, key])
    await world.demandAll()
  })

  it('goes through every table that has wrapped keys', async () => {
    const tables = await store.read('care', (tx) =>
      tx.query<{ name: string }>(
        sql`SELECT n.nspname || '.' || c.relname AS name FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE a.attname = 'key_version' AND c.relkind IN ('r', 'p') ORDER BY 1`,
      ),
    )
    const asked: string[] = []
    const watched = (tx: Tx): Tx => ({
      stream: (...given) => tx.stream(...given),
      afterCommit: (remember) => tx.afterCommit(remember),
      query: <Row extends object>(statement: Sql) => {
        asked.push(...(/FROM ([a-z]+\.[a-z_]+)/.exec(statement.text)?.slice(1) ?? []))
        return tx.query<Row>(statement)
      },
      get vault() {
        return watched(tx.vault)
      },
    })
    await store.read('care', async (tx) => {
      for (const place of wrappedPlaces) await place.counts(watched(tx))
    })
    expect(asked.sort()).toEqual(tables.map(({ name }) => name))
  })

  it('leaves no key behind on a retired version while other processes write new patients', async () => {
    await world.writePatients(50)
    let isOver = false
    const others = [readKeyring(world.file), readKeyring(world.file)].map(async (own) => {
      const other = new Vault(own)
      while (!isOver) await world.writePatients(3, other)
    })
    await rotate(keys)
    isOver = true
    await Promise.all(others)
    await world.writePatients(1, new Vault(readKeyring(world.file)))
    const [before] = await listVersions(keys)
    expect([before?.state, [...(before?.wraps ?? [])]]).toEqual(['retired', []])
    expect(written.size).toBeGreaterThan(54)
    await world.demandAll()
  })

  it('waits for a transaction that writes under the version before', async () => {
    await world.writePatients(1)
    const patient = randomUUID()
    let rotation: Promise<unknown> = Promise.resolve()
    await store.transaction('care', async (tx) => {
      await vault.write(tx, [{ patient, seal: 1n, content: 'late' }])
      rotation = rotate(keys)
      // long enough for all that the rotation can do without us
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await world.states()).toEqual({ 1: 'retiring', 2: 'current' })
    })
    expect(await rotation).toMatchObject({ rewrapped: 2, retired: [1] })
    written.set(patient, 'late')
    await world.demandAll()
  })

  it('is refused while another one is under way', async () => {
    let second: Promise<unknown> = Promise.resolve()
    await rotate(keys, ({ step }) => {
      if (step === 'added') second = rotate({ ...keys, keyring: readKeyring(world.file) })
      second.catch(() => undefined)
    })
    await expect(second).rejects.toThrow('another rotation is under way')
    expect(world.stored().keys.map(({ version }) => version)).toEqual([1, 2])
  })

  it(`loses nothing when it is killed at any step, ${faults} times over`, async () => {
    await world.writePatients(1_100)
    for (let round = 0; round < faults; round++) {
      // after added, recorded, each of three batches, retired; and, at 0, anywhere in between
      await killedRotation(round % 7)
      await demandVersions(keys)
      await world.demandAll()
      await world.writePatients(1)
    }
    await rotate(keys)
    await world.demandAll()
    const listed = await listVersions(keys)
    expect(listed.filter(({ wraps }) => wraps.size > 0).map(({ state }) => state)).toEqual(['current'])
    expect(listed.filter(({ state }) => state === 'retiring' || state === 'not recorded')).toEqual([])
  }, 1_200_000)
})

/** A rotation in a process of its own, which kills itself after so many steps; 0: is killed at any moment. */
function killedRotation(steps: number): Promise<void> {
  const program = fileURLToPath(new URL('../support/rotation-to-kill.ts', import.meta.url))
  const loader = new URL('../support/typescript.mjs', import.meta.url).href
  const child = fork(program, [world.database.url, world.file, String(steps)], {
    execArgv: ['--import', loader],
  })
  if (steps === 0) child.once('message', () => setTimeout(() => child.kill('SIGKILL'), Math.random() * 300))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`it ended by itself: ${code}`)),
    )
  })
}
