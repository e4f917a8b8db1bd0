import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/**
 * The layout that the rows of the blind index have. Held until the transaction ends: processes that start
 * at once lay rows anew one after the other, and the second finds it done.
 */
export async function heldBlindLayout(tx: Tx): Promise<number> {
  const [row] = await tx.vault.query<{ version: number }>(
    sql`SELECT version FROM identity.blind_layout FOR UPDATE`,
  )
  if (!row) throw new Error('the vault does not say how its blind index is laid out')
  return row.version
}

/** Says that all rows have this layout now. */
export async function recordBlindLayout(tx: Tx, version: number): Promise<void> {
  await tx.vault.query(sql`UPDATE identity.blind_layout SET version = ${version}`)
}
