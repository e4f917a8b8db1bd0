import { nilPatient } from '../store/row.ts'
import { sql } from '../store/sql.ts'
import { columnsOf, type StoredKey, type VersionCount, type WrappedPlace } from './wrapped-place.ts'

/** What a data key is bound to. */
export function dataKeyContext(owner: string): string {
  return `data-key/${owner}`
}

/** What the root secret is bound to. */
export const rootSecretContext = 'root-secret'

export const dataKeysPlace: WrappedPlace = {
  name: 'data keys',

  counts: (tx) =>
    tx.vault.query<VersionCount>(
      sql`SELECT key_version "keyVersion", count(*)::int count FROM identity.data_key GROUP BY key_version`,
    ),

  async olderThan(tx, keyVersion, after, limit) {
    const rows = await tx.vault.query<Omit<StoredKey, 'context'>>(
      sql`SELECT owner id, wrapped, key_version "keyVersion" FROM identity.data_key
          WHERE key_version < ${keyVersion} AND owner >= coalesce(${after ?? null}::uuid, ${nilPatient}) AND owner IS DISTINCT FROM ${after ?? null}::uuid
          ORDER BY owner LIMIT ${limit}`,
    )
    return rows.map((row) => ({ ...row, context: dataKeyContext(row.id) }))
  },

  async replace(tx, keys) {
    const { ids, wrapped, versions, were } = columnsOf(keys)
    await tx.vault.query(
      sql`UPDATE identity.data_key SET wrapped = anew.wrapped, key_version = anew.version
          FROM unnest(${ids}::uuid[], ${wrapped}::bytea[], ${versions}::int[], ${were}::bytea[])
            AS anew (owner, wrapped, version, was)
          WHERE data_key.owner = anew.owner AND data_key.wrapped = anew.was`,
    )
  },
}

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
