import { rowCondition } from './condition.ts'
import type { PreparedCriterion, PreparedQuery } from './prepared-query.ts'
import { storedColumns } from './resources.ts'
import type { StoredRow } from './row.ts'
import { after, cursorOf, keyColumns, keyOrder, sortKeys, type Cursor, type Keyed } from './sort.ts'
import { and, sql, type Sql } from './sql.ts'
import type { Tx } from './tx.ts'

export type { Cursor } from './sort.ts'

export interface Page {
  readonly rows: readonly StoredRow[]
  /** where the next page begins; undefined: this was the last */
  readonly next: Cursor | undefined
}

interface PageAsked {
  readonly after?: Cursor | undefined
  readonly limit: number
}

/**
 * One page of matches, in the query's order and then by id. Keyset paging: rows that are there
 * throughout come exactly once, whatever is written meanwhile.
 *
 * @throws FhirError 400 for a sort key that has no order at rest
 */
export async function search(tx: Tx, query: PreparedQuery, page: PageAsked): Promise<Page> {
  const keys = sortKeys(query)
  const found = await tx.query<SortedRow>(
    sql`SELECT * FROM (SELECT ${storedColumns} ${keyColumns(keys)} FROM clinical.resource r
                       WHERE ${rowCondition(query)}) AS match
        WHERE ${page.after === undefined ? sql`TRUE` : after(query.type, keys, page.after)}
        ORDER BY ${keyOrder(keys)} id LIMIT ${page.limit + 1}`,
  )
  return pageOf(found, keys.length, page.limit)
}

/**
 * The same over several types, whose queries have the same order: by its keys, then by type, then by id.
 *
 * @param queries one for each type
 */
export async function searchTypes(tx: Tx, queries: readonly PreparedQuery[], page: PageAsked): Promise<Page> {
  const [first, ...others] = queries
  if (!first) return { rows: [], next: undefined }
  if (others.length === 0) return search(tx, first, page)
  if (first.sort.length === 0) return searchInTurn(tx, queries, page)
  const keys = sortKeys(first)
  const found = await tx.query<SortedRow>(
    sql`SELECT ${storedColumns} ${keys.reduce((list, { name }) => sql`${list}, match.${name}`, sql``)}
        FROM (${queries.map((query) => placesOf(query, page)).reduce((all, one) => sql`${all} UNION ALL ${one}`)}
              ORDER BY ${keyOrder(keys)} type, id LIMIT ${page.limit + 1}) AS match
        JOIN clinical.resource r ON r.type = match.type AND r.id = match.id
        ORDER BY ${keyOrder(keys)} r.type, r.id`,
  )
  return pageOf(found, keys.length, page.limit)
}

/** Type, id and keys of one type's part of a page. */
function placesOf(query: PreparedQuery, page: PageAsked): Sql {
  const keys = sortKeys(query)
  return sql`(SELECT * FROM (SELECT r.type, r.id ${keyColumns(keys)} FROM clinical.resource r
                             WHERE ${rowCondition(query)}) AS match
              WHERE ${page.after === undefined ? sql`TRUE` : after(query.type, keys, page.after)}
              ORDER BY ${keyOrder(keys)} id LIMIT ${page.limit + 1})`
}

/** Without an order of its own an answer goes from type to type, and no further than the page does. */
async function searchInTurn(tx: Tx, queries: readonly PreparedQuery[], page: PageAsked): Promise<Page> {
  const rows: StoredRow[] = []
  const ordered = [...queries].sort((left, right) => (left.type < right.type ? -1 : 1))
  for (const query of ordered) {
    if (page.after !== undefined && query.type < String(page.after[0])) continue
    if (rows.length > page.limit) break
    rows.push(...(await search(tx, query, { ...page, limit: page.limit + 1 - rows.length })).rows)
  }
  return pageOf(rows, 0, page.limit)
}

type SortedRow = StoredRow & Keyed

function pageOf(found: readonly SortedRow[], keys: number, limit: number): Page {
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, next: found.length > limit && last ? cursorOf(last, keys) : undefined }
}

/** How many rows match; exact. */
export async function count(tx: Tx, query: PreparedQuery): Promise<number> {
  const [row] = await tx.query<{ n: string }>(
    sql`SELECT count(*) AS n FROM clinical.resource r WHERE ${rowCondition(query)}`,
  )
  return Number(row?.n ?? 0)
}

/**
 * How many rows about match: few are counted, of more it is told what the planner expects. The planner
 * knows whole tables, so where a caller's rights may end before these, all are counted.
 */
export async function estimate(tx: Tx, query: PreparedQuery): Promise<number> {
  const isWhole = query.patients === undefined && query.permit === undefined && query.anyOf.length === 0
  if (!isWhole || query.criteria.some(leadsOn)) return count(tx, query)
  const matching = sql`SELECT FROM clinical.resource r WHERE ${rowCondition(query)}`
  const [few] = await tx.query<{ n: string }>(
    sql`SELECT count(*) AS n FROM (${matching} LIMIT ${mostCounted + 1}) AS match`,
  )
  const counted = Number(few?.n ?? 0)
  if (counted <= mostCounted) return counted
  const [explained] = await tx.query<{ 'QUERY PLAN': readonly [{ Plan: { 'Plan Rows': number } }] }>(
    sql`EXPLAIN (FORMAT JSON) ${matching}`,
  )
  return Math.max(counted, explained?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0)
}

/** Whether a criterion asks about other rows, on which the caller may have other rights. */
function leadsOn(criterion: PreparedCriterion): boolean {
  if (criterion.kind === 'any' || criterion.kind === 'all') return criterion.of.some(leadsOn)
  if (criterion.kind === 'not') return leadsOn(criterion.of)
  return criterion.kind === 'chain' || criterion.kind === 'has'
}

/** An estimate of less than this is no estimate but a count. */
const mostCounted = 1_000

/** Every match in batches, without order; memory does not grow with their number. */
export function exportRows(
  tx: Tx,
  query: PreparedQuery,
  range: {
    readonly since?: Date | undefined
    readonly until?: Date | undefined
    readonly patients?: readonly string[] | undefined
    readonly ids?: readonly string[] | undefined
  } = {},
): AsyncIterable<StoredRow[]> {
  const conditions = [
    rowCondition(query),
    ...(range.since === undefined ? [] : [sql`r.updated_at > ${range.since}`]),
    ...(range.until === undefined ? [] : [sql`r.updated_at <= ${range.until}`]),
    ...(range.patients === undefined ? [] : [sql`r.patient = ANY(${range.patients}::uuid[])`]),
    ...(range.ids === undefined ? [] : [sql`r.id = ANY(${range.ids}::text[])`]),
  ]
  return tx.stream<StoredRow>(sql`SELECT ${storedColumns} FROM clinical.resource r WHERE ${and(conditions)}`)
}
