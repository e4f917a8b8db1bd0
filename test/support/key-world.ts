import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demandVersions, listVersions } from '../../src/identity/key-versions.ts'
import { openKeyring, readKeyring, type Keyring } from '../../src/identity/keyring.ts'
import type { Keys } from '../../src/identity/rotation.ts'
import { sealedPlace, Vault } from '../../src/identity/vault.ts'
import { Store } from '../../src/store/store.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'
import { freshDatabase } from './database.ts'

interface StoredRing {
  readonly root: string
  readonly keys: readonly { readonly version: number; readonly key: string }[]
}

/** A vault under a keyring file of its own, and all that was ever written to it. */
export class KeyWorld {
  readonly database: Awaited<ReturnType<typeof freshDatabase>>
  readonly store: Store
  readonly folder: string
  readonly file: string
  readonly keyring: Keyring
  readonly vault: Vault
  readonly keys: Keys
  /** a text for each patient */
  readonly written = new Map<string, string>()

  private constructor(database: Awaited<ReturnType<typeof freshDatabase>>) {
    this.database = database
    this.store = new Store(database.url, 8)
    this.folder = mkdtempSync(join(tmpdir(), 'coffre-keys-'))
    this.file = join(this.folder, 'keyring.json')
    this.keyring = openKeyring(this.file)
    this.vault = new Vault(this.keyring)
    this.keys = { keyring: this.keyring, store: this.store, places: wrappedPlaces }
  }

  static async start(): Promise<KeyWorld> {
    const world = new KeyWorld(await freshDatabase())
    await demandVersions(world.keys)
    return world
  }

  async end(): Promise<void> {
    await this.store.close()
    await this.database.drop()
    rmSync(this.folder, { recursive: true })
  }

  async writePatients(count: number, by: Vault = this.vault): Promise<void> {
    const rows = Array.from({ length: count }, () => ({
      ...{ patient: randomUUID(), seal: 1n, content: randomBytes(8).toString('hex') },
    }))
    await this.store.transaction('care', (tx) => by.write(tx, rows))
    for (const { patient, content } of rows) this.written.set(patient, content)
  }

  /** Reads all that was written, by a process that knows nothing but the file and the database. */
  async demandAll(): Promise<void> {
    const reader = new Vault(readKeyring(this.file))
    const rows = [...this.written.keys()].map((patient) => ({ patient, seal: '1' }))
    const read = await this.store.transaction('care', (tx) => reader.read(tx, rows))
    const found = rows.map(({ patient }) => [patient, read.get(sealedPlace(patient, 1n))] as const)
    expect(new Map(found)).toEqual(this.written)
  }

  async states(): Promise<Record<number, string>> {
    const listed = await listVersions(this.keys)
    return Object.fromEntries(listed.map(({ version, state }) => [version, state]))
  }

  /** What the keyring file holds. */
  stored(): StoredRing {
    return JSON.parse(readFileSync(this.file, 'utf8')) as StoredRing
  }
}
