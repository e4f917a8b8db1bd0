import { hasToken } from './row-condition.ts'
import { sql } from './sql.ts'
import { token, tokenText } from './token.ts'
import type { Tx } from './tx.ts'

/**
 * Work of record linkage. `look`: find who may be the same person as a Patient; `link`: make a Patient's
 * links as the pairs say.
 */
export type LinkageWork = 'look' | 'link'

/** Notes work to be done, in the transaction that makes it necessary. @param patients keys */
export async function noteLinkage(tx: Tx, work: LinkageWork, patients: readonly string[]): Promise<void> {
  if (patients.length === 0) return
  await tx.query(sql`
    INSERT INTO clinical.linkage_note (patient, work) SELECT patient, ${work} FROM unnest(${patients}::uuid[]) AS patient`)
}

/**
 * Takes notes that are due, the oldest first; no two transactions take the same. They are gone with the
 * commit: a process that dies leaves them to the next.
 *
 * @returns keys of Patients, each once
 */
export async function takeNoted(tx: Tx, work: LinkageWork, limit: number): Promise<string[]> {
  const rows = await tx.query<{ patient: string }>(sql`
    DELETE FROM clinical.linkage_note WHERE sequence IN (
      SELECT sequence FROM clinical.linkage_note WHERE work = ${work} AND due_at <= now()
       ORDER BY sequence LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING patient`)
  return [...new Set(rows.map(({ patient }) => patient))]
}

/** Puts off what could not be done for some Patients, so that it does not stand in the way of the others. */
export async function postponeNoted(
  tx: Tx,
  work: LinkageWork,
  patients: readonly string[],
  seconds: number,
): Promise<void> {
  await tx.query(sql`
    UPDATE clinical.linkage_note SET due_at = now() + make_interval(secs => ${seconds})
     WHERE work = ${work} AND patient = ANY(${patients}::uuid[])`)
}

/**
 * Of a patient who was erased nothing is noted; the Patients that refer to them are, because their links
 * may be the server's. Done twice, it does no more.
 */
export async function forgetNoted(tx: Tx, patient: string): Promise<void> {
  await tx.query(sql`DELETE FROM clinical.linkage_note WHERE patient = ${patient}`)
  const mention = hasToken([token(tokenText.mention(patient))])
  await tx.query(sql`
    INSERT INTO clinical.linkage_note (patient, work)
    SELECT r.id::uuid, 'link' FROM clinical.resource r WHERE r.type = 'Patient' AND ${mention}`)
}
