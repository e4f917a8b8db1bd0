import { columnsOf, type StoredKey, type VersionCount, type WrappedPlace } from '../identity/wrapped-place.ts'
import { sql } from '../store/sql.ts'
import { caseKeyContext } from './reidentification-words.ts'

/** The keys of re-identification cases. */
export const caseKeysPlace: WrappedPlace = {
  name: 're-identification cases',

  counts: (tx) =>
    tx.query<VersionCount>(
      sql`SELECT key_version "keyVersion", count(*)::int count FROM governance.reidentification
          GROUP BY key_version`,
    ),

  async olderThan(tx, keyVersion, after, limit) {
    const rows = await tx.query<Omit<StoredKey, 'context'>>(
      sql`SELECT id, key wrapped, key_version "keyVersion" FROM governance.reidentification
          WHERE key_version < ${keyVersion} AND (${after ?? null}::uuid IS NULL OR id > ${after ?? null}::uuid)
          ORDER BY id LIMIT ${limit}`,
    )
    return rows.map((row) => ({ ...row, context: caseKeyContext(row.id) }))
  },

  async replace(tx, keys) {
    const { ids, wrapped, versions, were } = columnsOf(keys)
    await tx.query(
      sql`UPDATE governance.reidentification SET key = anew.wrapped, key_version = anew.version
          FROM unnest(${ids}::uuid[], ${wrapped}::bytea[], ${versions}::int[], ${were}::bytea[])
            AS anew (id, wrapped, version, was)
          WHERE reidentification.id = anew.id AND reidentification.key = anew.was`,
    )
  },
}
