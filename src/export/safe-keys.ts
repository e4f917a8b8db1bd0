import { columnsOf, type StoredKey, type VersionCount, type WrappedPlace } from '../identity/wrapped-place.ts'
import { nilPatient } from '../store/row.ts'
import { sql } from '../store/sql.ts'

/** What a safe's key is bound to. */
export function safeKeyContext(safe: string): string {
  return `safe/${safe}`
}

/** The keys of safes, until they are closed. */
export const safeKeysPlace: WrappedPlace = {
  name: 'safe keys',

  counts: (tx) =>
    tx.query<VersionCount>(
      sql`SELECT key_version "keyVersion", count(*)::int count FROM export.safe
          WHERE wrapped IS NOT NULL GROUP BY key_version`,
    ),

  async olderThan(tx, keyVersion, after, limit) {
    const rows = await tx.query<Omit<StoredKey, 'context'>>(
      sql`SELECT id, wrapped, key_version "keyVersion" FROM export.safe
          WHERE key_version < ${keyVersion} AND id > ${after ?? nilPatient}::uuid ORDER BY id LIMIT ${limit}`,
    )
    return rows.map((row) => ({ ...row, context: safeKeyContext(row.id) }))
  },

  async replace(tx, keys) {
    const { ids, wrapped, versions, were } = columnsOf(keys)
    await tx.query(
      sql`UPDATE export.safe SET wrapped = anew.wrapped, key_version = anew.version
          FROM unnest(${ids}::uuid[], ${wrapped}::bytea[], ${versions}::int[], ${were}::bytea[])
            AS anew (id, wrapped, version, was)
          WHERE safe.id = anew.id AND safe.wrapped = anew.was`,
    )
  },
}
