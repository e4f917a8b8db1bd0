import { randomBytes, type KeyObject } from 'node:crypto'
import { FhirError } from '../fhir/outcome.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import { KeyCache, takeOver, type OpenKey } from './key-cache.ts'
import type { Keyring } from './keyring.ts'
import { holdCurrentVersion, recordCurrent } from './vault-key-versions.ts'
import { dataKeyContext } from './vault-wrapped-keys.ts'
import { witness } from './witness.ts'

interface Row {
  readonly owner: string
  readonly wrapped: Buffer
  readonly keyVersion: number
}

/** The vault's data keys, one for each patient: wrapped in the database, unwrapped here and nowhere else. */
export class DataKeys {
  private readonly keyring: Keyring
  private readonly known = new KeyCache()

  constructor(keyring: Keyring) {
    this.keyring = keyring
  }

  /**
   * Data keys by owner.
   *
   * @param make for who writes: keys that are not there are made, those that are cannot be destroyed
   *   before the transaction ends. For who reads, keys that are not there are left out.
   * @throws FhirError 503 when the key service cannot be asked
   */
  async keys(tx: Tx, owners: Iterable<string>, make: boolean): Promise<Map<string, KeyObject>> {
    const all = [...new Set(owners)].sort()
    return make ? this.held(tx, all) : this.read(tx, all)
  }

  /** Forgets a key that was destroyed. Other processes do within two minutes, and at their next write. */
  forget(owner: string): void {
    this.known.forget(owner)
  }

  private async read(tx: Tx, owners: readonly string[]): Promise<Map<string, KeyObject>> {
    const keys = new Map<string, KeyObject>()
    const asked: string[] = []
    for (const owner of owners) {
      const known = this.known.get(owner)
      if (known) keys.set(owner, known.key)
      else asked.push(owner)
    }
    if (asked.length === 0) return keys
    const rows = await tx.vault.query<Row>(
      sql`SELECT owner, wrapped, key_version "keyVersion" FROM identity.data_key
          WHERE owner = ANY(${asked}::uuid[])`,
    )
    for (const [owner, key] of await this.unwrapped(tx, rows)) keys.set(owner, key)
    return keys
  }

  private async held(tx: Tx, owners: readonly string[]): Promise<Map<string, KeyObject>> {
    const keys = await this.unwrapped(tx, await stored(tx, owners))
    const missing = owners.filter((owner) => !keys.has(owner))
    if (missing.length === 0) return keys
    const version = await this.currentVersion(tx)
    const fresh = missing.map((owner) => ({ key: randomBytes(32), context: dataKeyContext(owner) }))
    const wrapped = await this.keyring.wrapAll(fresh, version)
    fresh.forEach(({ key }) => key.fill(0))
    await tx.vault.query(
      sql`INSERT INTO identity.data_key (owner, wrapped, key_version)
          SELECT * FROM unnest(${missing}::uuid[], ${wrapped.map((key) => key.wrapped)}::bytea[],
                               ${wrapped.map((key) => key.keyVersion)}::int[])
          ON CONFLICT (owner) DO NOTHING`,
    )
    for (const [owner, key] of await this.unwrapped(tx, await stored(tx, missing))) keys.set(owner, key)
    return keys
  }

  /** Keys of rows, remembered once the transaction is committed. */
  private async unwrapped(tx: Tx, rows: readonly Row[]): Promise<Map<string, KeyObject>> {
    const keys = new Map<string, KeyObject>()
    const closed: Row[] = []
    for (const row of rows) {
      const known = this.known.get(row.owner)
      if (known?.wrapped.equals(row.wrapped)) keys.set(row.owner, known.key)
      else closed.push(row)
    }
    const opened = await this.keyring.unwrapAll(
      closed.map(({ owner, wrapped, keyVersion }) => ({
        ...{ wrapped, keyVersion, context: dataKeyContext(owner) },
      })),
    )
    opened.forEach((bytes, index) => {
      const row = closed[index]
      if (!row) throw new TypeError('as many keys as were asked for')
      const open: OpenKey = { key: takeOver(bytes), wrapped: row.wrapped }
      keys.set(row.owner, open.key)
      tx.afterCommit(() => this.known.set(row.owner, open))
    })
    return keys
  }

  /** The database says which version wraps: all processes go over to a new one at the same moment. */
  private async currentVersion(tx: Tx): Promise<number> {
    // the second time sees the version that took the place of the one that the first just missed
    const current = (await holdCurrentVersion(tx)) ?? (await holdCurrentVersion(tx))
    if (current !== undefined) return current
    const newest = (await this.keyring.service.versions()).at(-1) ?? 1
    await recordCurrent(tx, newest, await witness(this.keyring, newest))
    const recorded = await holdCurrentVersion(tx)
    if (recorded === undefined) throw FhirError.later(503, 'the version of the key is changing', 1)
    return recorded
  }
}

/** Rows that stay until the transaction ends. */
function stored(tx: Tx, owners: readonly string[]): Promise<Row[]> {
  return tx.vault.query<Row>(
    sql`SELECT owner, wrapped, key_version "keyVersion" FROM identity.data_key
        WHERE owner = ANY(${owners}::uuid[]) FOR KEY SHARE`,
  )
}
