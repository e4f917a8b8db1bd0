import { fork } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jobKeyContext } from '../../src/interactions/async/job-keys.ts'
import { demandVersions, listVersions, retire } from '../../src/identity/key-versions.ts'
import { openKeyring, readKeyring, type Keyring } from '../../src/identity/keyring.ts'
import { rotate, type Keys, type Step } from '../../src/identity/rotation.ts'
import { sealedPlace, Vault } from '../../src/identity/vault.ts'
import { sql, type Sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import type { Tx } from '../../src/store/tx.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'
import { freshDatabase } from '../support/database.ts'

/** How many rotations are killed; `FAULTS=200` for the long run. */
const faults = Number(process.env.FAULTS ?? 2)

let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store
let folder = ''
let file = ''
let keyring: Keyring
let vault: Vault
let keys: Keys
/** a text for each patient that was ever written */
const written = new Map<string, string>()

beforeEach(async () => {
  database = await freshDatabase()
  store = new Store(database.url, 8)
  folder = mkdtempSync(join(tmpdir(), 'coffre-rotation-'))
  file = join(folder, 'keyring.json')
  keyring = openKeyring(file)
  vault = new Vault(keyring)
  keys = { keyring, store, places: wrappedPlaces }
  written.clear()
  await demandVersions(keys)
})

afterEach(async () => {
  await store.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

async function writePatients(count: number, by: Vault = vault): Promise<void> {
  const rows = Array.from({ length: count }, () => ({
    ...{ patient: randomUUID(), seal: 1n, content: randomBytes(8).toString('hex') },
  }))
  await store.transaction('care', (tx) => by.write(tx, rows))
  for (const { patient, content } of rows) written.set(patient, content)
}

/** Reads all that was written, by a process that knows nothing but the file and the database. */
async function demandAll(): Promise<void> {
  const reader = new Vault(readKeyring(file))
  const rows = [...written.keys()].map((patient) => ({ patient, seal: '1' }))
  const read = await store.transaction('care', (tx) => reader.read(tx, rows))
  expect(
    new Map([...written.keys()].map((patient) => [patient, read.get(sealedPlace(patient, 1n))])),
  ).toEqual(written)
}

async function states(): Promise<Record<number, string>> {
  return Object.fromEntries((await listVersions(keys)).map(({ version, state }) => [version, state]))
}

function stored(): { root: string; keys: { version: number; key: string }[] } {
  return JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof stored>
}

describe('a rotation', () => {
  it('wraps every key anew, in all places, and retires the version before', async () => {
    await writePatients(700)
    const job = randomUUID()
    const { wrapped, keyVersion } = await keyring.wrap(Buffer.alloc(32, 7), jobKeyContext(job))
    await store.transaction('care', (tx) =>
      tx.query(
        sql`INSERT INTO async.job (id, base, client_id, repeatable, wrapped, key_version, request, created_at)
            VALUES (${job}, '/fhir', 'c', true, ${wrapped}, ${keyVersion}, '\\x00', now())`,
      ),
    )
    const steps: Step[] = []
    const done = await rotate(keys, (step) => steps.push(step))
    expect(done).toEqual({ keyVersion: 2, isContinued: false, rewrapped: 701, retired: [1] })
    expect(steps.map(({ step }) => step)).toEqual([
      ...['added', 'recorded', 'rewrapped', 'rewrapped', 'rewrapped', 'retired'],
    ])
    const [before, now] = await listVersions(keys)
    expect([before?.state, before?.wraps.size]).toEqual(['retired', 0])
    expect([...(now?.wraps ?? [])]).toEqual([
      ['data keys', 700],
      ['keys of asynchronous requests', 1],
    ])
    const [row] = await store.read('care', (tx) =>
      tx.query<{ wrapped: Buffer }>(sql`SELECT wrapped FROM async.job WHERE id = ${job}`),
    )
    expect(await keyring.unwrap(row?.wrapped ?? Buffer.of(), 2, jobKeyContext(job))).toEqual(
      Buffer.alloc(32, 7),
    )
    await demandAll()
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
    await writePatients(50)
    let isOver = false
    const others = [readKeyring(file), readKeyring(file)].map(async (own) => {
      const other = new Vault(own)
      while (!isOver) await writePatients(3, other)
    })
    await rotate(keys)
    isOver = true
    await Promise.all(others)
    await writePatients(1, new Vault(readKeyring(file)))
    const [before] = await listVersions(keys)
    expect([before?.state, [...(before?.wraps ?? [])]]).toEqual(['retired', []])
    expect(written.size).toBeGreaterThan(54)
    await demandAll()
  })

  it('waits for a transaction that writes under the version before', async () => {
    await writePatients(1)
    const patient = randomUUID()
    let rotation: Promise<unknown> = Promise.resolve()
    await store.transaction('care', async (tx) => {
      await vault.write(tx, [{ patient, seal: 1n, content: 'late' }])
      rotation = rotate(keys)
      // long enough for all that the rotation can do without us
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(await states()).toEqual({ 1: 'retiring', 2: 'current' })
    })
    expect(await rotation).toMatchObject({ rewrapped: 2, retired: [1] })
    written.set(patient, 'late')
    await demandAll()
  })

  it('is refused while another one is under way', async () => {
    let second: Promise<unknown> = Promise.resolve()
    await rotate(keys, ({ step }) => {
      if (step === 'added') second = rotate({ ...keys, keyring: readKeyring(file) })
      second.catch(() => undefined)
    })
    await expect(second).rejects.toThrow('another rotation is under way')
    expect(stored().keys.map(({ version }) => version)).toEqual([1, 2])
  })

  it(`loses nothing when it is killed at any step, ${faults} times over`, async () => {
    await writePatients(1_100)
    for (let round = 0; round < faults; round++) {
      // after added, recorded, each of three batches, retired; and, at 0, anywhere in between
      await killedRotation(round % 7)
      await demandVersions(keys)
      await demandAll()
      await writePatients(1)
    }
    await rotate(keys)
    await demandAll()
    const listed = await listVersions(keys)
    expect(listed.filter(({ wraps }) => wraps.size > 0).map(({ state }) => state)).toEqual(['current'])
    expect(listed.filter(({ state }) => state === 'retiring' || state === 'not recorded')).toEqual([])
  }, 1_200_000)
})

/** A rotation in a process of its own, which kills itself after so many steps; 0: is killed at any moment. */
function killedRotation(steps: number): Promise<void> {
  const program = fileURLToPath(new URL('../support/rotation-to-kill.ts', import.meta.url))
  const loader = new URL('../support/typescript.mjs', import.meta.url).href
  const child = fork(program, [database.url, file, String(steps)], { execArgv: ['--import', loader] })
  if (steps === 0) child.once('message', () => setTimeout(() => child.kill('SIGKILL'), Math.random() * 300))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`it ended by itself: ${code}`)),
    )
  })
}

describe('the keyring file', () => {
  it('is replaced whole, for its owner alone, with what it held before', async () => {
    const before = stored()
    expect(await keyring.service.addVersion()).toBe(2)
    const after = stored()
    expect([after.root, after.keys[0]]).toEqual([before.root, before.keys[0]])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('is read again by a process that meets a version it does not know', async () => {
    const other = readKeyring(file)
    await rotate(keys)
    const { wrapped, keyVersion } = await keyring.wrap(Buffer.alloc(32), 'x')
    expect(keyVersion).toBe(2)
    expect(await other.unwrap(wrapped, keyVersion, 'x')).toEqual(Buffer.alloc(32))
  })

  it('loses a version only when nothing needs it any more', async () => {
    await writePatients(2)
    const later = new Date(Date.now() + 3_600_000)
    await expect(retire(keys, 1, later)).rejects.toThrow('version 1 still wraps 2 data keys')
    await rotate(keys)
    await expect(retire(keys, 1, new Date())).rejects.toThrow('less than 10 minutes ago')
    await expect(retire(keys, 2, later)).rejects.toThrow('version 2 still wraps 2 data keys')
    await retire(keys, 1, later)
    expect(stored().keys.map(({ version }) => version)).toEqual([2])
    await demandVersions({ ...keys, keyring: readKeyring(file) })
    await demandAll()
  })
})

describe('a data key', () => {
  it('that was destroyed by another process is not written under again', async () => {
    const patient = randomUUID()
    const other = new Vault(readKeyring(file))
    const write = (by: Vault, seal: bigint, content: string) =>
      store.transaction('care', (tx) => by.write(tx, [{ patient, seal, content }]))
    await write(vault, 1n, 'before')
    await write(vault, 2n, 'kept in memory')
    await store.transaction('care', async (tx) => {
      await tx.vault.query(sql`DELETE FROM identity.sealed WHERE patient = ${patient}`)
      await tx.vault.query(sql`DELETE FROM identity.data_key WHERE owner = ${patient}`)
    })
    await write(vault, 3n, 'after')
    const read = await store.transaction('care', (tx) => other.read(tx, [{ patient, seal: '3' }]))
    expect(read.get(sealedPlace(patient, 3n))).toBe('after')
  })

  it('cannot be destroyed while a write under it is not committed', async () => {
    await writePatients(1)
    const [patient = ''] = written.keys()
    let destroyed: Promise<unknown> = Promise.resolve()
    let isDestroyed = false
    await store.transaction('care', async (tx) => {
      await vault.write(tx, [{ patient, seal: 2n, content: 'under way' }])
      destroyed = store.transaction('care', async (other) => {
        await other.vault.query(sql`DELETE FROM identity.data_key WHERE owner = ${patient}`)
        isDestroyed = true
      })
      await new Promise((resolve) => setTimeout(resolve, 150))
      expect(isDestroyed).toBe(false)
    })
    await destroyed
    expect(isDestroyed).toBe(true)
  })
})

describe('a start', () => {
  it('stops when the keyring lacks a version that keys are wrapped by, and says which', async () => {
    await writePatients(3)
    await keyring.service.addVersion()
    const ring = stored()
    writeFileSync(file, JSON.stringify({ ...ring, keys: ring.keys.slice(1) }))
    await expect(demandVersions({ ...keys, keyring: readKeyring(file) })).rejects.toThrow(
      'COFFRE_KEYRING: version 1 is not there; it wraps 3 data keys',
    )
  })

  it('stops when a version is another key than it was', async () => {
    const ring = stored()
    const other = { version: 1, key: randomBytes(32).toString('base64') }
    writeFileSync(file, JSON.stringify({ ...ring, keys: [other] }))
    await expect(demandVersions({ ...keys, keyring: readKeyring(file) })).rejects.toThrow(
      'COFFRE_KEYRING: version 1 is another key than the database knows',
    )
  })

  it('goes on from before versions were recorded', async () => {
    await writePatients(1)
    await store.transaction('care', (tx) =>
      tx.vault.query(sql`UPDATE identity.key_version SET witness = NULL`),
    )
    await demandVersions(keys)
    await demandVersions({ ...keys, keyring: readKeyring(file) })
    await rotate(keys)
    await demandAll()
  })
})
