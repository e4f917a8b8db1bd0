import {
  columnsOf,
  type StoredKey,
  type VersionCount,
  type WrappedPlace,
} from '../../identity/wrapped-place.ts'
import { nilPatient } from '../../store/row.ts'
import { sql } from '../../store/sql.ts'

/** What the key of an asynchronous request is bound to. */
export function jobKeyContext(job: string): string {
  return `async-key/${job}`
}

/** The keys of asynchronous requests, until their results are over. */
export const jobKeysPlace: WrappedPlace = {
  name: 'keys of asynchronous requests',

  counts: (tx) =>
    tx.query<VersionCount>(
      sql`SELECT key_version "keyVersion", count(*)::int count FROM async.job
          GROUP BY key_version`,
    ),

  async olderThan(tx, keyVersion, after, limit) {
    const rows = await tx.query<Omit<StoredKey, 'context'>>(
      sql`SELECT id, wrapped, key_version "keyVersion" FROM async.job
          WHERE key_version < ${keyVersion} AND id > ${after ?? nilPatient}::uuid ORDER BY id LIMIT ${limit}`,
    )
    return rows.map((row) => ({ ...row, context: jobKeyContext(row.id) }))
  },

  async replace(tx, keys) {
    const { ids, wrapped, versions, were } = columnsOf(keys)
    await tx.query(
      sql`UPDATE async.job SET wrapped = anew.wrapped, key_version = anew.version
          FROM unnest(${ids}::uuid[], ${wrapped}::bytea[], ${versions}::int[], ${were}::bytea[])
            AS anew (id, wrapped, version, was)
          WHERE job.id = anew.id AND job.wrapped = anew.was`,
    )
  },
}
