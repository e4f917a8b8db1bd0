import { nilPatient } from '../store/row.ts'
import { sql } from '../store/sql.ts'
import { isElsewhere, type Tx } from '../store/tx.ts'

/** A version that was written or taken out in a transaction over two servers. */
export interface PendingNote {
  readonly note: string
  readonly type: string
  readonly id: string
  readonly patient: string
  /** `0`: the version has no sealed part */
  readonly seal: string
}

/**
 * Notes what a transaction may leave behind in the vault, in the transaction that may leave it. Does nothing
 * where the vault is in the database of the clinical rows: nothing is left there.
 */
export async function notePending(
  tx: Tx,
  versions: readonly {
    readonly type: string
    readonly id: string
    readonly patient: string | undefined
    readonly seal: string | null
  }[],
): Promise<void> {
  if (versions.length === 0 || !isElsewhere(tx)) return
  await tx.vault.query(
    sql`INSERT INTO identity.pending (type, id, patient, seal)
        SELECT * FROM unnest(${versions.map(({ type }) => type)}::text[], ${versions.map(({ id }) => id)}::text[],
                             ${versions.map(({ patient }) => patient ?? nilPatient)}::uuid[],
                             ${versions.map(({ seal }) => seal ?? '0')}::bigint[])`,
  )
}

/** The oldest notes, of those that are older than this. */
export function pendingNotes(tx: Tx, olderThanMs: number, limit: number): Promise<PendingNote[]> {
  return tx.vault.query<PendingNote>(
    sql`SELECT note, type, id, patient, seal FROM identity.pending
        WHERE noted_at <= now() - make_interval(secs => ${olderThanMs / 1000})
        ORDER BY note LIMIT ${limit}`,
  )
}

/** Whether this transaction is the one that sweeps, until it ends. */
export async function holdSweep(tx: Tx): Promise<boolean> {
  const [row] = await tx.vault.query<{ held: boolean }>(
    sql`SELECT pg_try_advisory_xact_lock(${sweepLock}) held`,
  )
  return row?.held === true
}

/** Any number, as long as it stays the same. */
const sweepLock = 4_207_849_486

/**
 * Deletes what no clinical row names of the noted versions, and of their resources what the blind index has
 * of other versions than the current one; then the notes. What is noted by others meanwhile stays.
 *
 * @param dead noted versions that no clinical row has
 * @param current seals of the current versions by `type/id`; not there: there is none
 */
export async function sweepNotes(
  tx: Tx,
  notes: readonly PendingNote[],
  dead: readonly PendingNote[],
  current: ReadonlyMap<string, string>,
): Promise<void> {
  await tx.vault.query(
    sql`DELETE FROM identity.sealed
        USING unnest(${dead.map(({ patient }) => patient)}::uuid[], ${dead.map(({ seal }) => seal)}::bigint[])
          AS gone (patient, seal)
        WHERE sealed.patient = gone.patient AND sealed.seal = gone.seal`,
  )
  const numbers = notes.map(({ note }) => note)
  const resources = [...new Map(notes.map((note) => [`${note.type}/${note.id}`, note])).values()]
  const seals = resources.map(({ type, id }) => current.get(`${type}/${id}`))
  await tx.vault.query(
    sql`DELETE FROM identity.blind_index b
        USING unnest(${resources.map(({ type }) => type)}::text[], ${resources.map(({ id }) => id)}::text[],
                     ${seals}::bigint[]) AS noted (type, id, current)
        WHERE b.type = noted.type AND b.id = noted.id AND b.seal IS DISTINCT FROM noted.current
          AND NOT EXISTS (SELECT FROM identity.pending p
                          WHERE p.type = b.type AND p.id = b.id AND p.seal = b.seal
                            AND p.note <> ALL(${numbers}::bigint[]))`,
  )
  await tx.vault.query(sql`DELETE FROM identity.pending WHERE note = ANY(${numbers}::bigint[])`)
}
