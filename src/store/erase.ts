import { storedColumns } from './resources.ts'
import type { StoredRow } from './row.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** The tokens of all rows of a patient's compartment. */
export async function tokensOf(tx: Tx, patient: string): Promise<string[]> {
  const rows = await tx.query<{ token: string }>(
    sql`SELECT DISTINCT unnest(tokens) AS token FROM clinical.resource WHERE patient = ${patient}`,
  )
  return rows.map(({ token }) => token)
}

/**
 * Takes a patient's compartment out of the clinical tables: current rows, history, indexes. Rows of others
 * that refer to the patient stay, and their references lead to nothing. Done twice, it does nothing.
 */
export async function eraseCompartment(tx: Tx, patient: string): Promise<void> {
  const own = sql`SELECT r.type, r.id FROM clinical.resource r WHERE r.patient = ${patient}`
  await tx.query(sql`DELETE FROM clinical.range_index WHERE patient = ${patient} AND (type, id) IN (${own})`)
  await tx.query(
    sql`DELETE FROM clinical.composite_index WHERE patient = ${patient} AND (type, id) IN (${own})`,
  )
  await tx.query(sql`DELETE FROM clinical.resource WHERE patient = ${patient}`)
  await tx.query(sql`DELETE FROM clinical.history WHERE patient = ${patient}`)
}

/** Which of these tokens some current row has. */
export async function tokensInUse(tx: Tx, tokens: readonly string[]): Promise<Set<string>> {
  const rows = await tx.query<{ token: string }>(
    sql`SELECT token FROM unnest(${tokens}::bigint[]) AS token
        WHERE EXISTS (SELECT FROM clinical.resource r WHERE r.tokens @> ARRAY[token])`,
  )
  return new Set(rows.map(({ token }) => token))
}

/** For each of these tokens a row that has it. */
export async function rowsWithTokens(tx: Tx, tokens: readonly string[]): Promise<StoredRow[]> {
  return tx.query<StoredRow>(
    sql`SELECT DISTINCT ON (row.type, row.id) row.* FROM unnest(${tokens}::bigint[]) AS token, LATERAL (
          SELECT ${storedColumns} FROM clinical.resource r WHERE r.tokens @> ARRAY[token] LIMIT 1) AS row`,
  )
}
