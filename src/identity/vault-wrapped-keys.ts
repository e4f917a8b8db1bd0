import { sql } from '../store/sql.ts'
import { wrappedColumn, type StoredKey, type VersionCount, type WrappedPlace } from './wrapped-place.ts'

/** What a data key is bound to. */
export function dataKeyContext(owner: string): string {
  return `data-key/${owner}`
}

/** What the root secret is bound to. */
export const rootSecretContext = 'root-secret'

export const dataKeysPlace = wrappedColumn({
  name: 'data keys',
  ...{ table: sql`identity.data_key`, id: sql`owner`, idType: sql`uuid`, key: sql`wrapped` },
  context: dataKeyContext,
  at: (tx) => tx.vault,
})

export const rootSecretPlace: WrappedPlace = {
  name: 'root secret',

  counts: (tx) =>
    tx.vault.query<VersionCount>(sql`SELECT key_version "keyVersion", 1 count FROM identity.root_secret`),

  async olderThan(tx, keyVersion, after) {
    if (after !== undefined) return []
    const rows = await tx.vault.query<Omit<StoredKey, 'context'>>(
      sql`SELECT 'root' id, wrapped, key_version "keyVersion" FROM identity.root_secret
          WHERE key_version < ${keyVersion}`,
    )
    return rows.map((row) => ({ ...row, context: rootSecretContext }))
  },

  async replace(tx, keys) {
    for (const { wrapped, keyVersion, was } of keys) {
      await tx.vault.query(
        sql`UPDATE identity.root_secret SET wrapped = ${wrapped}, key_version = ${keyVersion}
            WHERE wrapped = ${was}`,
      )
    }
  },
}
