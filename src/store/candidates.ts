import { blindIds, rowCondition } from './condition.ts'
import type { BlindCriterion, PreparedTarget } from './prepared-query.ts'
import { storedColumns } from './resources.ts'
import type { StoredRow } from './row.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** Rows that may match, in no order, and no more of them than `limit`. */
export async function candidates(tx: Tx, target: PreparedTarget, limit: number): Promise<StoredRow[]> {
  return tx.query(
    sql`SELECT ${storedColumns} FROM clinical.resource r WHERE ${rowCondition(target)} LIMIT ${limit}`,
  )
}

/** The rows that match among those with some internal ids, in no order. */
export async function matchingAmong(
  tx: Tx,
  target: PreparedTarget,
  ids: readonly string[],
): Promise<StoredRow[]> {
  if (ids.length === 0) return []
  return tx.query(
    sql`SELECT ${storedColumns} FROM clinical.resource r
        WHERE r.id = ANY(${ids}::text[]) AND ${rowCondition(target)}`,
  )
}

/**
 * Ids of what a criterion over sealed values finds, when it is not more than `limit`. Of so few the planner
 * need not guess how many they are: with a LIMIT and a guess too high it walks along all rows instead.
 *
 * @returns undefined: there are more
 */
export async function fewIds(
  tx: Tx,
  type: string,
  criterion: BlindCriterion,
  limit: number,
): Promise<string[] | undefined> {
  const rows = await tx.query<{ id: string }>(sql`${blindIds(type, criterion)} LIMIT ${limit + 1}`)
  return rows.length > limit ? undefined : [...new Set(rows.map(({ id }) => id))]
}

/** For each token one row of the type that has it; those that no row has are left out. */
export async function onesWithToken(tx: Tx, type: string, tokens: readonly bigint[]): Promise<StoredRow[]> {
  if (tokens.length === 0) return []
  return tx.query(
    sql`SELECT r.* FROM unnest(${tokens.map(String)}::bigint[]) AS asked (token), LATERAL (
          SELECT ${storedColumns} FROM clinical.resource r
          WHERE r.type = ${type} AND r.tokens @> ARRAY[asked.token] LIMIT 1) AS r`,
  )
}
