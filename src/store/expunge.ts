import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** A version that is no more; `seal` says which row of the vault was its other part. */
export interface Expunged {
  readonly type: string
  readonly id: string
  readonly patient: string
  readonly version: number
  readonly seal: string | null
}

/**
 * Takes versions of a resource out of the history for good. The caller holds its lock.
 *
 * @param keepLast leaves the youngest of them: the tombstone of what is deleted
 * @returns what was taken out, at most `limit`, oldest first
 */
export async function expungeHistory(
  tx: Tx,
  { type, id }: { readonly type: string; readonly id: string },
  { keepLast, limit }: { readonly keepLast: boolean; readonly limit: number },
): Promise<Expunged[]> {
  return tx.query<Expunged>(sql`
    DELETE FROM clinical.history h USING (
      SELECT version FROM clinical.history
       WHERE type = ${type} AND id = ${id}
         AND (NOT ${keepLast} OR version < (SELECT max(version) FROM clinical.history WHERE type = ${type} AND id = ${id}))
       ORDER BY version LIMIT ${limit}) gone
     WHERE h.type = ${type} AND h.id = ${id} AND h.version = gone.version
    RETURNING h.type, h.id, h.patient, h.version, h.seal`)
}
