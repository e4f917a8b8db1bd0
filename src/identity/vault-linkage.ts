import { randomUUID } from 'node:crypto'
import { plain, type Nullable } from '../store/nullable.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import type { Found, Kept, PairState } from './linkage/pair-state.ts'

/** Two patients, by key, who may be one person. */
export interface Pair extends Kept {
  readonly id: string
  /** the smaller one of the two keys */
  readonly one: string
  readonly other: string
  readonly foundAt: Date
  readonly decidedAt: Date | undefined
}

/** The key of the one that a patient is paired with. */
export function otherOf({ one, other }: Pair, patient: string): string {
  return one === patient ? other : one
}

const columns = sql`id, one, other, grade, score::float8 score, by_ins "byIns", evidence, state,
  found_at "foundAt", decided_by "decidedBy", decided_at "decidedAt"`

/** The pairs of a patient, in whatever state. */
export async function pairsOf(tx: Tx, patient: string): Promise<Pair[]> {
  const rows = await tx.vault.query<Nullable<Pair>>(
    sql`SELECT ${columns} FROM identity.linkage WHERE one = ${patient} OR other = ${patient}`,
  )
  return rows.map((row) => plain<Pair>(row))
}

export async function findPair(tx: Tx, id: string): Promise<Pair | undefined> {
  const [row] = await tx.vault.query<Nullable<Pair>>(
    sql`SELECT ${columns} FROM identity.linkage WHERE id = ${id}`,
  )
  return row && plain<Pair>(row)
}

/** Pairs in a state, best first. @param page `before`: id of the last one of the page before */
export async function listPairs(
  tx: Tx,
  state: PairState,
  page: { readonly limit: number; readonly before?: string | undefined },
): Promise<Pair[]> {
  const place = sql`(grade = 'certain'), score, id`
  const beyond =
    page.before === undefined
      ? sql`TRUE`
      : sql`(${place}) < (SELECT ${place} FROM identity.linkage WHERE id = ${page.before})`
  const rows = await tx.vault.query<Nullable<Pair>>(
    sql`SELECT ${columns} FROM identity.linkage WHERE state = ${state} AND ${beyond}
        ORDER BY (grade = 'certain') DESC, score DESC, id DESC LIMIT ${page.limit}`,
  )
  return rows.map((row) => plain<Pair>(row))
}

/** Keeps a pair that is new. Who found it first has it: then nothing is done. */
export async function insertPair(
  tx: Tx,
  patients: readonly [string, string],
  { grade, score, byIns, evidence }: Found,
  state: PairState,
  at: Date,
): Promise<void> {
  const [one = '', other = ''] = [...patients].sort()
  await tx.vault.query(
    sql`INSERT INTO identity.linkage (id, one, other, grade, score, by_ins, evidence, state, found_at)
        VALUES (${randomUUID()}, ${one}, ${other}, ${grade}, ${score}, ${byIns}, ${evidence}, ${state}, ${at})
        ON CONFLICT (one, other) DO NOTHING`,
  )
}

/** Notes what a comparison says now; a pair whose state another has changed meanwhile stays as it is. */
export async function updatePair(tx: Tx, pair: Pair, found: Found, state: PairState): Promise<void> {
  const { grade, score, byIns, evidence } = found
  // what the server decides anew, no person has decided
  const [by, at] = state === pair.state ? [pair.decidedBy, pair.decidedAt] : []
  await tx.vault.query(
    sql`UPDATE identity.linkage SET grade = ${grade}, score = ${score}, by_ins = ${byIns}, evidence = ${evidence},
               state = ${state}, decided_by = ${by ?? null}, decided_at = ${at ?? null}
        WHERE id = ${pair.id} AND state = ${pair.state}`,
  )
}

/** Takes a pair out, unless its state was changed meanwhile. */
export async function forgetPair(tx: Tx, { id, state }: Pair): Promise<void> {
  await tx.vault.query(sql`DELETE FROM identity.linkage WHERE id = ${id} AND state = ${state}`)
}

/** A person's decision. @returns false when the pair is in none of these states */
export async function decidePair(
  tx: Tx,
  id: string,
  from: readonly PairState[],
  to: PairState,
  by: string,
  at: Date,
): Promise<boolean> {
  const rows = await tx.vault.query(
    sql`UPDATE identity.linkage SET state = ${to}, decided_by = ${by}, decided_at = ${at}
        WHERE id = ${id} AND state = ANY(${from}::text[]) RETURNING id`,
  )
  return rows.length > 0
}

/** One of the two replaces the other. */
export async function markMerged(tx: Tx, id: string): Promise<void> {
  await tx.vault.query(
    sql`UPDATE identity.linkage SET before_merge = state, state = 'merged' WHERE id = ${id} AND state <> 'merged'`,
  )
}

/** The merge was undone: the pair is in the state of before. */
export async function markUnmerged(tx: Tx, id: string): Promise<void> {
  await tx.vault.query(
    sql`UPDATE identity.linkage SET state = before_merge, before_merge = NULL WHERE id = ${id} AND state = 'merged'`,
  )
}
