import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** A version by its seal; `0`: it has no sealed part. */
export interface Sealed {
  readonly type: string
  readonly id: string
  readonly patient: string
  readonly seal: string
}

/** The seals of the current versions of these resources; what is not there is left out. */
export async function currentSeals(
  tx: Tx,
  type: string,
  ids: readonly string[],
): Promise<Pick<Sealed, 'id' | 'seal'>[]> {
  if (ids.length === 0) return []
  return tx.query(
    sql`SELECT r.id, coalesce(r.seal, 0) AS seal FROM clinical.resource r
        WHERE r.type = ${type} AND r.id = ANY(${ids}::text[])`,
  )
}

/** All versions of these resources that are there, the current ones and those of the history. */
export async function livingVersions(
  tx: Tx,
  resources: readonly { readonly type: string; readonly id: string }[],
): Promise<(Sealed & { readonly current: boolean })[]> {
  const types = resources.map(({ type }) => type)
  const ids = resources.map(({ id }) => id)
  return tx.query(
    sql`WITH asked AS (SELECT DISTINCT * FROM unnest(${types}::text[], ${ids}::text[]) AS asked (type, id))
        SELECT type, id, r.patient, coalesce(r.seal, 0) AS seal, true AS current
          FROM clinical.resource r JOIN asked USING (type, id)
        UNION ALL
        SELECT type, id, h.patient, coalesce(h.seal, 0), false
          FROM clinical.history h JOIN asked USING (type, id)`,
  )
}
