import { plain, type Nullable } from '../store/nullable.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/** How an opposition was said: to a person, by a Consent, by a tag of the Patient, or before an erasure. */
export type OppositionSource = 'desk' | 'consent' | 'patient' | 'suppression'

/** A patient's word that their data are not to be used in research; no reasons are asked. */
export interface Opposition {
  readonly id: string
  /** key */
  readonly patient: string
  readonly source: OppositionSource
  /** logical id of the Consent that says so */
  readonly consent: string | undefined
  readonly takenBy: string
  readonly takenAt: Date
  readonly liftedBy: string | undefined
  readonly liftedAt: Date | undefined
}

export type NewOpposition = Omit<Opposition, 'liftedBy' | 'liftedAt'>

const columns = sql`id, patient, source, consent, taken_by "takenBy", taken_at "takenAt",
  lifted_by "liftedBy", lifted_at "liftedAt"`

/**
 * Writes an opposition; the database takes the patient out of every cohort by the same statement.
 *
 * @returns false when the patient opposes already
 */
export async function insertOpposition(tx: Tx, one: NewOpposition): Promise<boolean> {
  const inserted = await tx.query(sql`
    INSERT INTO governance.opposition (id, patient, source, consent, taken_by, taken_at)
    VALUES (${one.id}, ${one.patient}, ${one.source}, ${one.consent ?? null}, ${one.takenBy}, ${one.takenAt})
    ON CONFLICT (patient) WHERE lifted_at IS NULL DO NOTHING RETURNING id`)
  return inserted.length > 0
}

/** Which of these patients oppose now: the opposition by the patient's key. */
export async function opposedAmong(tx: Tx, patients: readonly string[]): Promise<Map<string, Opposition>> {
  const rows = await tx.query<Nullable<Opposition>>(sql`
    SELECT ${columns} FROM governance.opposition
     WHERE patient = ANY(${patients}::uuid[]) AND lifted_at IS NULL`)
  return new Map(rows.map((row) => [row.patient, plain<Opposition>(row)]))
}

export async function findOpposition(tx: Tx, id: string): Promise<Opposition | undefined> {
  const [row] = await tx.query<Nullable<Opposition>>(
    sql`SELECT ${columns} FROM governance.opposition WHERE id = ${id}`,
  )
  return row && plain<Opposition>(row)
}

/**
 * Newest first, lifted ones too.
 *
 * @param page `before`: id of the last one of the page before; `patient`: a key
 */
export async function listOppositions(
  tx: Tx,
  page: {
    readonly limit: number
    readonly before?: string | undefined
    readonly patient?: string | undefined
  },
): Promise<Opposition[]> {
  const { limit, before = null, patient = null } = page
  const rows = await tx.query<Nullable<Opposition>>(sql`
    SELECT ${columns} FROM governance.opposition
     WHERE (${patient}::uuid IS NULL OR patient = ${patient}::uuid)
       AND (${before}::uuid IS NULL OR (taken_at, id) <
              (SELECT b.taken_at, b.id FROM governance.opposition b WHERE b.id = ${before}::uuid))
     ORDER BY taken_at DESC, id DESC LIMIT ${limit}`)
  return rows.map((row) => plain<Opposition>(row))
}

/** Takes an opposition back. @returns false when it was taken back before */
export async function markLifted(tx: Tx, id: string, by: string, at: Date): Promise<boolean> {
  const lifted = await tx.query(sql`
    UPDATE governance.opposition SET lifted_by = ${by}, lifted_at = ${at}
     WHERE id = ${id} AND lifted_at IS NULL RETURNING id`)
  return lifted.length > 0
}

/** The permits whose cohort a patient is in. */
export async function permitsOf(tx: Tx, patient: string): Promise<string[]> {
  const rows = await tx.query<{ permit: string }>(
    sql`SELECT permit FROM governance.permit_member WHERE patient = ${patient} ORDER BY permit`,
  )
  return rows.map(({ permit }) => permit)
}
