import type { Place } from '../identity/vault-erasure.ts'
import { plain, type Nullable } from '../store/nullable.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/** GDPR article 17(1), (a) to (e): there is no other ground. */
export const erasureGrounds = [
  ...(['no-longer-necessary', 'consent-withdrawn', 'objection'] as const),
  ...(['unlawful-processing', 'legal-obligation'] as const),
]
export type ErasureGround = (typeof erasureGrounds)[number]

/**
 * Why the legal duty to keep a care record (Code de la santé publique, R. 1112-7: 20 years) does not stand
 * in the way: the care system this warehouse copies from keeps it; the time is over; it is none.
 */
export const retentions = ['kept-by-source', 'period-over', 'not-a-care-record'] as const
export type Retention = (typeof retentions)[number]

/** asked → confirmed → erased → proved; or withdrawn before it is confirmed. */
export type ErasureState = 'asked' | 'withdrawn' | 'confirmed' | 'erased' | 'proved'

export interface Erasure {
  readonly id: string
  /** of the certificate */
  readonly number: number
  /** key; undefined once it is proved */
  readonly patient: string | undefined
  /** what the list outside the database knows the patient by */
  readonly mark: Buffer
  readonly ground: ErasureGround
  readonly retention: Retention
  readonly state: ErasureState
  readonly askedBy: string
  readonly askedAt: Date
  readonly confirmedBy: string | undefined
  readonly confirmedRole: ConfirmingRole | undefined
  readonly confirmedAt: Date | undefined
  readonly erasedAt: Date | undefined
  readonly provedAt: Date | undefined
  /** tokens of texts that nobody else had */
  readonly texts: readonly string[] | undefined
  /** JSON text */
  readonly certificate: string | undefined
  readonly mac: Buffer | undefined
}

/** `server`: an erasure that was carried out before, found undone by a restored backup. */
export type ConfirmingRole = 'director' | 'steward' | 'server'

const columns = sql`id, number::float8, patient, mark, ground, retention, state, asked_by "askedBy",
  asked_at "askedAt", confirmed_by "confirmedBy", confirmed_role "confirmedRole", confirmed_at "confirmedAt",
  erased_at "erasedAt", proved_at "provedAt", texts, certificate, mac`

const read = (row: Nullable<Erasure>) => plain<Erasure>(row)

/** @returns false when an erasure of this patient is under way already */
export async function insertErasure(
  tx: Tx,
  one: Pick<Erasure, 'id' | 'mark' | 'ground' | 'retention' | 'askedBy' | 'askedAt'> & {
    readonly patient: string
  },
): Promise<boolean> {
  const inserted = await tx.query(sql`
    INSERT INTO governance.erasure (id, patient, mark, ground, retention, asked_by, asked_at)
    VALUES (${one.id}, ${one.patient}, ${one.mark}, ${one.ground}, ${one.retention}, ${one.askedBy}, ${one.askedAt})
    ON CONFLICT (patient) WHERE state NOT IN ('withdrawn', 'proved') DO NOTHING RETURNING id`)
  return inserted.length > 0
}

/** One erasure, held until the transaction ends when `hold` says so. */
export async function findErasure(tx: Tx, id: string, hold = false): Promise<Erasure | undefined> {
  const [row] = await tx.query<Nullable<Erasure>>(
    sql`SELECT ${columns} FROM governance.erasure WHERE id = ${id} ${hold ? sql`FOR UPDATE` : sql``}`,
  )
  return row && read(row)
}

/** Newest first. @param page `before`: id of the last one of the page before */
export async function listErasures(
  tx: Tx,
  { limit, before = null }: { readonly limit: number; readonly before?: string | null | undefined },
): Promise<Erasure[]> {
  const rows = await tx.query<Nullable<Erasure>>(sql`
    SELECT ${columns} FROM governance.erasure
     WHERE ${before}::uuid IS NULL OR number < (SELECT b.number FROM governance.erasure b WHERE b.id = ${before}::uuid)
     ORDER BY number DESC LIMIT ${limit}`)
  return rows.map(read)
}

/** Those that are confirmed, or were carried out before `settled`, and are not proved. */
export async function unfinishedErasures(tx: Tx, settled: Date): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(sql`
    SELECT id FROM governance.erasure
     WHERE state = 'confirmed' OR (state = 'erased' AND erased_at <= ${settled}) ORDER BY number`)
  return rows.map(({ id }) => id)
}

export async function markConfirmed(
  tx: Tx,
  id: string,
  by: { readonly userId: string; readonly role: ConfirmingRole; readonly at: Date },
): Promise<void> {
  await tx.query(sql`
    UPDATE governance.erasure SET state = 'confirmed', confirmed_by = ${by.userId}, confirmed_role = ${by.role},
           confirmed_at = ${by.at} WHERE id = ${id}`)
}

export async function markWithdrawn(tx: Tx, id: string): Promise<void> {
  await tx.query(sql`UPDATE governance.erasure SET state = 'withdrawn' WHERE id = ${id}`)
}

/** Done again it takes the later time, and adds to the texts. */
export async function markErased(tx: Tx, id: string, at: Date, texts: readonly string[]): Promise<void> {
  await tx.query(sql`
    UPDATE governance.erasure SET state = 'erased', erased_at = ${at},
           texts = coalesce(texts, '{}') || ${texts}::bigint[] WHERE id = ${id}`)
}

/** The patient's key is forgotten here too; erasures that were withdrawn forget it as well. */
export async function markProved(
  tx: Tx,
  id: string,
  proof: { readonly at: Date; readonly certificate: string; readonly mac: Buffer },
): Promise<void> {
  await tx.query(sql`
    UPDATE governance.erasure w SET patient = NULL FROM governance.erasure e
     WHERE e.id = ${id} AND w.patient = e.patient AND w.state = 'withdrawn'`)
  await tx.query(sql`
    UPDATE governance.erasure SET state = 'proved', patient = NULL, texts = NULL, proved_at = ${proof.at},
           certificate = ${proof.certificate}, mac = ${proof.mac} WHERE id = ${id}`)
}

/** The oppositions of a patient whose data are erased; by what they are known again stays in the vault. */
export async function deleteOppositions(tx: Tx, patient: string): Promise<void> {
  await tx.query(sql`DELETE FROM governance.opposition WHERE patient = ${patient}`)
}

/** How much of a patient every table but the vault's and the trail's has. Reads all rows. */
export async function placesOf(tx: Tx, patient: string): Promise<Place[]> {
  return tx.query<Place>(
    sql`SELECT place, owned::float8, mentions::float8 FROM governance.places_of(${patient}::uuid)`,
  )
}
