import { randomBytes, randomUUID } from 'node:crypto'
import { chownSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readSettings } from '../../src/config.ts'
import { demandVersions, retire } from '../../src/identity/key-versions.ts'
import { readKeyring } from '../../src/identity/keyring.ts'
import { openKeys } from '../../src/identity/open-keys.ts'
import { rotate } from '../../src/identity/rotation.ts'
import { sealedPlace, Vault } from '../../src/identity/vault.ts'
import { sql } from '../../src/store/sql.ts'
import { KeyWorld } from '../support/key-world.ts'

let world: KeyWorld
let { store, file, keyring, vault, keys, written } = {} as KeyWorld

beforeEach(async () => {
  world = await KeyWorld.start()
  ;({ store, file, keyring, vault, keys, written } = world)
})

afterEach(() => world.end())

describe('the keyring file', () => {
  it('is replaced whole, for its owner alone, with what it held before', async () => {
    const before = world.stored()
    expect(await keyring.service.addVersion()).toBe(2)
    const after = world.stored()
    expect([after.root, after.keys[0]]).toEqual([before.root, before.keys[0]])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it("stays its owner's when root rotates it", async () => {
    const isRoot = process.getuid?.() === 0
    if (isRoot) chownSync(file, 1, 1)
    const { uid, gid } = statSync(file)
    await keyring.service.addVersion()
    expect([statSync(file).uid, statSync(file).gid]).toEqual([uid, gid])
  })

  it('that is lost while a server runs still opens what there is, and wraps nothing', async () => {
    const ring = world.stored()
    const { wrapped, keyVersion } = await keyring.wrap(Buffer.alloc(32, 1), 'x')
    rmSync(file)
    expect(await keyring.unwrap(wrapped, keyVersion, 'x')).toEqual(Buffer.alloc(32, 1))
    await expect(keyring.wrap(Buffer.alloc(32), 'x')).rejects.toMatchObject({ status: 503 })
    writeFileSync(file, JSON.stringify({ ...ring, root: randomBytes(32).toString('base64') }))
    await expect(keyring.wrap(Buffer.alloc(32), 'x')).rejects.toMatchObject({ status: 503 })
  })

  it('is read again by a process that meets a version it does not know', async () => {
    const other = readKeyring(file)
    await rotate(keys)
    const { wrapped, keyVersion } = await keyring.wrap(Buffer.alloc(32), 'x')
    expect(keyVersion).toBe(2)
    expect(await other.unwrap(wrapped, keyVersion, 'x')).toEqual(Buffer.alloc(32))
  })

  it('loses a version only when nothing needs it any more', async () => {
    await world.writePatients(2)
    const later = new Date(Date.now() + 3_600_000)
    await expect(retire(keys, 1, later)).rejects.toThrow('version 1 still wraps 2 data keys')
    await rotate(keys)
    await expect(retire(keys, 1, new Date())).rejects.toThrow('less than 10 minutes ago')
    await expect(retire(keys, 2, later)).rejects.toThrow('version 2 still wraps 2 data keys')
    await retire(keys, 1, later)
    expect(world.stored().keys.map(({ version }) => version)).toEqual([2])
    await demandVersions({ ...keys, keyring: readKeyring(file) })
    await world.demandAll()
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
      await tx.vault.query(sql`SELECT identity.destroy_patient(${patient}::uuid)`)
    })
    await write(vault, 3n, 'after')
    const read = await store.transaction('care', (tx) => other.read(tx, [{ patient, seal: '3' }]))
    expect(read.get(sealedPlace(patient, 3n))).toBe('after')
  })

  it('cannot be destroyed while a write under it is not committed', async () => {
    await world.writePatients(1)
    const [patient = ''] = written.keys()
    let destroyed: Promise<unknown> = Promise.resolve()
    let isDestroyed = false
    await store.transaction('care', async (tx) => {
      await vault.write(tx, [{ patient, seal: 2n, content: 'under way' }])
      destroyed = store.transaction('care', async (other) => {
        await other.vault.query(sql`SELECT identity.destroy_patient(${patient}::uuid)`)
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
  it('stops when the keyring file is lost, and makes no other', async () => {
    const settings = readSettings({ COFFRE_DATA_DIR: world.folder })
    await store.transaction('care', (tx) => vault.demandKeyring(tx))
    expect((await openKeys(settings, store)).fingerprint).toEqual(keyring.fingerprint)
    rmSync(file)
    await expect(openKeys(settings, store)).rejects.toThrow('COFFRE_KEYRING: no such file')
    expect(existsSync(file)).toBe(false)
  })

  it('stops when the keyring lacks a version that keys are wrapped by, and says which', async () => {
    await world.writePatients(3)
    await keyring.service.addVersion()
    const ring = world.stored()
    writeFileSync(file, JSON.stringify({ ...ring, keys: ring.keys.slice(1) }))
    await expect(demandVersions({ ...keys, keyring: readKeyring(file) })).rejects.toThrow(
      'COFFRE_KEYRING: version 1 is not there; it wraps 3 data keys',
    )
  })

  it('stops when a version is another key than it was', async () => {
    const ring = world.stored()
    const other = { version: 1, key: randomBytes(32).toString('base64') }
    writeFileSync(file, JSON.stringify({ ...ring, keys: [other] }))
    await expect(demandVersions({ ...keys, keyring: readKeyring(file) })).rejects.toThrow(
      'COFFRE_KEYRING: version 1 is another key than the database knows',
    )
  })

  it('goes on from before versions were recorded', async () => {
    await world.writePatients(1)
    await store.transaction('care', (tx) =>
      tx.vault.query(sql`UPDATE identity.key_version SET witness = NULL`),
    )
    await demandVersions(keys)
    await demandVersions({ ...keys, keyring: readKeyring(file) })
    await rotate(keys)
    await world.demandAll()
  })
})
