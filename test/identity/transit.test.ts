import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, type Settings } from '../../src/config.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { demandVersions, listVersions, namingTheSetting, retire } from '../../src/identity/key-versions.ts'
import { openKeys } from '../../src/identity/open-keys.ts'
import { rotate } from '../../src/identity/rotation.ts'
import { TransitKeys } from '../../src/identity/transit-keys.ts'
import { sealedPlace, Vault } from '../../src/identity/vault.ts'
import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'
import { freshDatabase } from '../support/database.ts'
import { Transit } from '../support/transit.ts'

/**
 * A key of a real engine in development mode, for the same cases: `TRANSIT_KEY` is
 * `http://127.0.0.1:8200/v1/transit/keys/name`, of a new key, and `TRANSIT_TOKEN` its token.
 */
const real = process.env.TRANSIT_KEY

let transit: Transit
let database: Awaited<ReturnType<typeof freshDatabase>>
let store: Store
const folder = mkdtempSync(join(tmpdir(), 'coffre-transit-'))
const tokenFile = join(folder, 'token')
const token = real === undefined ? Transit.token : (process.env.TRANSIT_TOKEN ?? '')

beforeAll(async () => {
  transit = await Transit.start()
  database = await freshDatabase()
  store = new Store(database.url, 8)
})

afterAll(async () => {
  await transit.stop()
  await store.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

beforeEach(() => {
  writeFileSync(tokenFile, `${token}\n`)
  transit.isSealed = false
  transit.failures = 0
  transit.asked.length = 0
})

function settings(url = real ?? transit.url): Settings {
  return readSettings({ COFFRE_KEYRING: `transit+${url}`, COFFRE_KEYRING_TOKEN_FILE: tokenFile })
}

function service(url = real ?? transit.url): TransitKeys {
  return new TransitKeys({ url, tokenFile, namespace: undefined })
}

const key = randomBytes(32)

describe('a key service', () => {
  it('wraps many keys at once, each for its place', async () => {
    const entries = Array.from({ length: 1_001 }, (_, n) => ({
      key: randomBytes(32),
      context: `data-key/${n}`,
    }))
    const wrapped = await service().wrapAll(entries)
    const back = wrapped.map((one, n) => ({ ...one, context: `data-key/${n}` }))
    expect(await service().unwrapAll(back)).toEqual(entries.map((entry) => entry.key))
    expect(new Set(wrapped.map((one) => one.wrapped.toString())).size).toBe(1_001)
    const [one] = back
    await expect(service().unwrapAll([{ ...one!, context: 'data-key/other' }])).rejects.toThrow(
      'does not open',
    )
    const unknown = service().wrapAll([{ key, context: 'x' }], 99)
    await expect(unknown).rejects.toMatchObject({ status: 503 })
  })

  it('holds a whole vault: the root secret, data keys, a rotation, a version that is retired', async () => {
    const keyring = await openKeys(settings(), store)
    const again = await openKeys(settings(), store)
    expect(again.fingerprint).toEqual(keyring.fingerprint)
    const keys = { keyring, store, places: wrappedPlaces }
    await demandVersions(keys)
    const vault = new Vault(keyring)
    const patients = Array.from({ length: 20 }, () => randomUUID())
    await store.transaction('care', (tx) =>
      vault.write(
        tx,
        patients.map((patient) => ({ patient, seal: 1n, content: patient })),
      ),
    )
    const before = (await listVersions(keys))[0]?.version ?? 0
    expect(await rotate(keys)).toEqual({
      ...{ keyVersion: before + 1, isContinued: false, rewrapped: 21, retired: [before] },
    })
    await retire(keys, before, new Date(Date.now() + 3_600_000))
    expect(await keyring.service.versions()).toEqual([before + 1])
    const other = await openKeys(settings(), store)
    await demandVersions({ ...keys, keyring: other })
    const read = await store.transaction('care', (tx) =>
      new Vault(other).read(
        tx,
        patients.map((patient) => ({ patient, seal: '1' })),
      ),
    )
    expect(patients.map((patient) => read.get(sealedPlace(patient, 1n)))).toEqual(patients)
  })

  it('is not the one that a database was written under: the start stops', async () => {
    const stranger = await Transit.start()
    writeFileSync(tokenFile, Transit.token)
    await stored()
    const wrong = namingTheSetting(() => openKeys(settings(stranger.url), store))
    await expect(wrong).rejects.toThrow(/^COFFRE_KEYRING: /)
    await stranger.stop()
  })
})

/** Sees to a root secret in the database, whichever case ran first. */
async function stored(): Promise<void> {
  const [row] = await store.read('care', (tx) => tx.vault.query(sql`SELECT FROM identity.root_secret`))
  if (!row) await openKeys(settings(), store)
}

describe('a key service in trouble', () => {
  // of the double alone: a real one is not broken on purpose
  beforeEach(() => writeFileSync(tokenFile, Transit.token))

  it.each([
    ['sealed', () => (transit.isSealed = true), 'the key service is sealed or standing by'],
    ['broken', () => (transit.failures = 9), 'the key service answered 500'],
    ['refusing', () => writeFileSync(tokenFile, 'hvs.other'), 'the key service refuses the token'],
    ['without its token', () => rmSync(tokenFile), 'COFFRE_KEYRING_TOKEN_FILE cannot be read'],
  ])('is answered by 503 when it is %s, and ends a start in one line', async (_, trouble, reason) => {
    trouble()
    const refused = await service(transit.url)
      .wrapAll([{ key, context: 'x' }])
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(FhirError)
    expect(refused).toMatchObject({ status: 503, message: reason })
    await expect(openKeys(settings(transit.url), store)).rejects.toThrow(`COFFRE_KEYRING: ${reason}`)
    const told = JSON.stringify(refused) + String((refused as Error).stack)
    expect(told).not.toMatch(/hvs\.|127\.0\.0\.1/)
    expect(told).not.toContain(key.toString('base64'))
  })

  it('is asked again, and not noticed, when it fails once', async () => {
    transit.failures = 2
    expect(await service(transit.url).wrapAll([{ key, context: 'x' }])).toHaveLength(1)
  })

  it('is answered by 503 when nobody listens', async () => {
    const closed = service('http://127.0.0.1:9/v1/transit/keys/coffre').versions()
    await expect(closed).rejects.toMatchObject({ status: 503, message: 'the key service cannot be reached' })
  })
})

describe('COFFRE_KEYRING', () => {
  it.each([
    'transit+http://kms.example/v1/transit/keys/coffre',
    'transit+https://token@kms.example/v1/transit/keys/coffre',
    'transit+https://kms.example/v1/transit/keys/coffre?token=x',
    'transit+https://kms.example/v1/transit/encrypt/coffre',
    'https://kms.example/v1/transit/keys/coffre',
  ])('is refused as %s, in one line that does not repeat it', (COFFRE_KEYRING) => {
    const read = () => readSettings({ COFFRE_KEYRING, COFFRE_KEYRING_TOKEN_FILE: tokenFile })
    expect(read).toThrow('COFFRE_KEYRING: a file, or transit+https://host/v1/transit/keys/name expected')
  })

  it('that names a key service needs the file of a token', () => {
    const read = () => readSettings({ COFFRE_KEYRING: 'transit+https://kms.example/v1/transit/keys/coffre' })
    expect(read).toThrow('COFFRE_KEYRING_TOKEN_FILE: needed')
  })

  it('hands its namespace to the service', async () => {
    const named = new TransitKeys({ url: transit.url, tokenFile, namespace: 'hospital' })
    writeFileSync(tokenFile, Transit.token)
    await named.versions()
    expect([...transit.namespaces]).toContain('hospital')
  })
})
