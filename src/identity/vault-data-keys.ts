import { randomBytes } from 'node:crypto'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import type { Keyring } from './keyring.ts'
import { RecentMap } from './recent-map.ts'

/** The vault's data keys, one for each patient: wrapped in the database, unwrapped here and nowhere else. */
export class DataKeys {
  private readonly keyring: Keyring
  /** of the patients last met: bounded, so a dump of memory holds few */
  private readonly known = new RecentMap<string, Buffer>(5_000)

  constructor(keyring: Keyring) {
    this.keyring = keyring
  }

  /** Data keys by owner; those that are not there are made when `make` says so, else left out. */
  async keys(tx: Tx, owners: Iterable<string>, make: boolean): Promise<Map<string, Buffer>> {
    const keys = new Map<string, Buffer>()
    const asked: string[] = []
    for (const owner of new Set(owners)) {
      const key = this.known.get(owner)
      if (key) keys.set(owner, key)
      else asked.push(owner)
    }
    if (asked.length === 0) return keys
    for (const [owner, key] of await this.storedKeys(tx, asked)) {
      keys.set(owner, key)
      tx.afterCommit(() => this.known.set(owner, key))
    }
    const missing = asked.filter((owner) => !keys.has(owner)).sort()
    if (!make || missing.length === 0) return keys
    const wrapped = await this.keyring.wrapAll(
      missing.map((owner) => ({ key: randomBytes(32), context: contextOf(owner) })),
    )
    await tx.vault.query(
      sql`INSERT INTO identity.data_key (owner, wrapped, key_version)
          SELECT * FROM unnest(${missing}::uuid[], ${wrapped.map((key) => key.wrapped)}::bytea[],
                               ${wrapped.map((key) => key.keyVersion)}::int[])
          ON CONFLICT (owner) DO NOTHING`,
    )
    for (const [owner, key] of await this.storedKeys(tx, missing)) keys.set(owner, key)
    return keys
  }

  private async storedKeys(tx: Tx, owners: readonly string[]): Promise<Map<string, Buffer>> {
    const rows = await tx.vault.query<{ owner: string; wrapped: Buffer; key_version: number }>(
      sql`SELECT owner, wrapped, key_version FROM identity.data_key WHERE owner = ANY(${owners}::uuid[])`,
    )
    const keys = await this.keyring.unwrapAll(
      rows.map(({ owner, wrapped, key_version: keyVersion }) => ({
        ...{ wrapped, keyVersion },
        context: contextOf(owner),
      })),
    )
    return new Map(rows.map(({ owner }, index) => [owner, demandAt(keys, index)]))
  }
}

function contextOf(owner: string): string {
  return `data-key/${owner}`
}

function demandAt(keys: readonly Buffer[], index: number): Buffer {
  const key = keys[index]
  if (!key) throw new TypeError('as many keys as were asked for')
  return key
}
