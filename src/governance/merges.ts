import { plain, type Nullable } from '../store/nullable.ts'
import type { Place } from '../store/referring.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/** One Patient replaced by another, as the journal has it. Patients by key. */
export interface Merge {
  readonly id: string
  readonly source: string
  readonly target: string
  /** versions of the two Patients before the merge, and those it wrote */
  readonly sourceBefore: number
  readonly sourceAfter: number
  readonly targetBefore: number
  readonly targetAfter: number
  /** the person, or the client where there is none */
  readonly mergedBy: string
  readonly mergedAt: Date
}

/** A resource that was moved from source to target. */
export interface Moved {
  readonly type: string
  /** internal */
  readonly id: string
  /** the one that the merge wrote */
  readonly version: number
  /** see `interactions/merge/redirect.ts` */
  readonly paths: readonly string[]
}

const columns = sql`m.id, m.source, m.target, m.source_before "sourceBefore", m.source_after "sourceAfter",
  m.target_before "targetBefore", m.target_after "targetAfter", m.merged_by "mergedBy", m.merged_at "mergedAt"`

export async function insertMerge(tx: Tx, merge: Merge): Promise<void> {
  await tx.query(sql`
    INSERT INTO governance.merge (id, source, target, source_before, source_after, target_before, target_after,
                                  merged_by, merged_at)
    VALUES (${merge.id}, ${merge.source}, ${merge.target}, ${merge.sourceBefore}, ${merge.sourceAfter},
            ${merge.targetBefore}, ${merge.targetAfter}, ${merge.mergedBy}, ${merge.mergedAt})`)
}

/** Notes what was moved. What a merge moves a second time, because it was written anew, has both its paths. */
export async function insertMoved(tx: Tx, merge: string, moved: readonly Moved[]): Promise<void> {
  if (moved.length === 0) return
  const paths = moved.map((one) => JSON.stringify(one.paths))
  await tx.query(sql`
    INSERT INTO governance.merge_moved (merge, type, id, version, paths)
    SELECT ${merge}::uuid, type, id, version, ARRAY(SELECT jsonb_array_elements_text(paths::jsonb))
      FROM unnest(${moved.map(({ type }) => type)}::text[], ${moved.map(({ id }) => id)}::text[],
                  ${moved.map(({ version }) => version)}::int[], ${paths}::text[])
             AS moved (type, id, version, paths)
    ON CONFLICT (merge, type, id) DO UPDATE SET version = EXCLUDED.version,
      paths = ARRAY(SELECT unnest(merge_moved.paths) UNION SELECT unnest(EXCLUDED.paths))`)
}

/** The merge by which a patient is replaced now; undefined: none. */
export async function standingMerge(tx: Tx, source: string): Promise<Merge | undefined> {
  const [found] = await tx.query<Nullable<Merge>>(
    sql`SELECT ${columns} FROM governance.merge m WHERE m.source = ${source} AND m.undone_at IS NULL`,
  )
  return found && plain<Merge>(found)
}

/** The merges by which a patient replaces others now, the last one first. */
export async function standingInto(tx: Tx, target: string): Promise<Merge[]> {
  const found = await tx.query<Nullable<Merge>>(
    sql`SELECT ${columns} FROM governance.merge m WHERE m.target = ${target} AND m.undone_at IS NULL
        ORDER BY m.sequence DESC`,
  )
  return found.map((row) => plain<Merge>(row))
}

/** What a merge moved, in the order of type and id. */
export function movedBy(tx: Tx, merge: string): Promise<Moved[]> {
  return tx.query<Moved & object>(
    sql`SELECT type, id, version, paths FROM governance.merge_moved WHERE merge = ${merge} ORDER BY type, id`,
  )
}

export async function markUndone(tx: Tx, merge: string, by: string, at: Date): Promise<void> {
  await tx.query(
    sql`UPDATE governance.merge SET undone_by = ${by}, undone_at = ${at}, moving_type = NULL, moving_id = NULL
        WHERE id = ${merge} AND undone_at IS NULL`,
  )
}

/** Notes how far the resources of a merge were moved. @param last looked at last; undefined: all are moved */
export async function markMoving(tx: Tx, merge: string, last: Place | undefined): Promise<void> {
  await tx.query(
    sql`UPDATE governance.merge SET moving_type = ${last?.type ?? null}, moving_id = ${last?.id ?? null}
        WHERE id = ${merge} AND undone_at IS NULL`,
  )
}

/** How far the resources of a standing merge were moved; undefined: all are. */
export async function movingOf(tx: Tx, merge: string): Promise<Place | undefined> {
  const [found] = await tx.query<Place & object>(
    sql`SELECT moving_type "type", moving_id "id" FROM governance.merge
        WHERE id = ${merge} AND moving_type IS NOT NULL AND undone_at IS NULL`,
  )
  return found
}

/** The oldest merge whose resources are not all moved. */
export async function unmovedMerge(tx: Tx): Promise<Merge | undefined> {
  const [found] = await tx.query<Nullable<Merge>>(
    sql`SELECT ${columns} FROM governance.merge m WHERE m.moving_type IS NOT NULL ORDER BY m.sequence LIMIT 1`,
  )
  return found && plain<Merge>(found)
}

/** Of a patient who was erased no merge is known; done twice, it does nothing. */
export async function forgetMerges(tx: Tx, patient: string): Promise<void> {
  await tx.query(sql`DELETE FROM governance.merge_moved WHERE type = 'Patient' AND id = ${patient}`)
  await tx.query(sql`DELETE FROM governance.merge WHERE source = ${patient} OR target = ${patient}`)
}
