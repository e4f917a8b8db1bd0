import { columnsOf, type StoredKey, type VersionCount, type WrappedPlace } from '../identity/wrapped-place.ts'
import { sql } from '../store/sql.ts'

/** What a permit's secret is bound to. */
export function permitSecretContext(permitId: string): string {
  return `permit/${permitId}`
}

/** The secrets of permits, until they are closed. */
export const permitSecretsPlace: WrappedPlace = {
  name: 'permit secrets',

  counts: (tx) =>
    tx.query<VersionCount>(
      sql`SELECT key_version "keyVersion", count(*)::int count FROM governance.permit
          WHERE secret IS NOT NULL GROUP BY key_version`,
    ),

  async olderThan(tx, keyVersion, after, limit) {
    const rows = await tx.query<Omit<StoredKey, 'context'>>(
      sql`SELECT id, secret wrapped, key_version "keyVersion" FROM governance.permit
          WHERE key_version < ${keyVersion} AND id > ${after ?? ''} ORDER BY id LIMIT ${limit}`,
    )
    return rows.map((row) => ({ ...row, context: permitSecretContext(row.id) }))
  },

  async replace(tx, keys) {
    const { ids, wrapped, versions, were } = columnsOf(keys)
    await tx.query(
      sql`UPDATE governance.permit SET secret = anew.wrapped, key_version = anew.version
          FROM unnest(${ids}::text[], ${wrapped}::bytea[], ${versions}::int[], ${were}::bytea[])
            AS anew (id, wrapped, version, was)
          WHERE permit.id = anew.id AND permit.secret = anew.was`,
    )
  },
}
