import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/** A table, and how much of a patient is in it. */
export interface Place {
  readonly place: string
  /** rows that have the patient's key as a value */
  readonly owned: number
  /** others in whose text the key stands */
  readonly mentions: number
}

/**
 * Destroys a patient's data key, and all that the vault keeps by patient: sealed rows, blind index,
 * logical id, and whatever other tables have a column for it. Done twice, it does nothing.
 */
export async function destroyPatient(tx: Tx, patient: string): Promise<void> {
  await tx.vault.query(sql`SELECT identity.destroy_patient(${patient}::uuid)`)
}

/** How much of a patient every table of the vault has. Reads all rows. */
export async function vaultPlaces(tx: Tx, patient: string): Promise<Place[]> {
  return tx.vault.query<Place>(
    sql`SELECT place, owned::float8, mentions::float8 FROM identity.places_of(${patient}::uuid)`,
  )
}

/** Which of these tokens are of texts. */
export async function textsAmong(tx: Tx, tokens: readonly string[]): Promise<string[]> {
  const rows = await tx.vault.query<{ token: string }>(
    sql`SELECT token FROM identity.text_index WHERE token = ANY(${tokens}::bigint[])`,
  )
  return rows.map(({ token }) => token)
}

/** Takes texts out of the index. */
export async function forgetTexts(tx: Tx, tokens: readonly string[]): Promise<void> {
  await tx.vault.query(sql`DELETE FROM identity.text_index WHERE token = ANY(${tokens}::bigint[])`)
}

/** All patients that have a data key, in batches. */
export async function* patientsWithKey(tx: Tx): AsyncIterable<string[]> {
  const batches = tx.vault.stream<{ owner: string }>(sql`SELECT owner FROM identity.data_key`, 5_000)
  for await (const rows of batches) yield rows.map(({ owner }) => owner)
}
