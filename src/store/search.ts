import type { SearchParameter } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { columnsFor } from '../resources/columns.ts'
import { rowCondition } from './condition.ts'
import type { PreparedQuery } from './prepared-query.ts'
import { storedColumns } from './resources.ts'
import type { StoredRow } from './row.ts'
import { and, or, sql, type Sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** The sort keys and the id of a page's last row. Opaque: it goes back in where it came out. */
export type Cursor = readonly (string | number | null)[]

export interface Page {
  readonly rows: readonly StoredRow[]
  /** where the next page begins; undefined: this was the last */
  readonly next: Cursor | undefined
}

/**
 * One page of matches, in the query's order and then by id. Keyset paging: rows that are there
 * throughout come exactly once, whatever is written meanwhile.
 *
 * @throws FhirError 400 for a sort key that has no order at rest
 */
export async function search(
  tx: Tx,
  query: PreparedQuery,
  page: { readonly after?: Cursor | undefined; readonly limit: number; readonly now: number },
): Promise<Page> {
  const keys = sortKeys(query)
  const keyColumns = keys.reduce((list, key, index) => sql`${list}, ${key.value} AS ${keyName(index)}`, sql``)
  const order = keys.reduce((list, key, index) => sql`${list}${keyName(index)} ${direction(key)}, `, sql``)
  const found = await tx.query<StoredRow & Record<string, unknown>>(
    sql`SELECT * FROM (SELECT ${storedColumns} ${keyColumns} FROM clinical.resource r
                       WHERE ${rowCondition(query)}) AS match
        WHERE ${page.after === undefined ? sql`TRUE` : after(keys, page.after)}
        ORDER BY ${order} id LIMIT ${page.limit + 1}`,
  )
  const rows = found.slice(0, page.limit)
  const last = rows.at(-1)
  const next = found.length > page.limit && last ? cursorOf(last, keys.length) : undefined
  return { rows, next }
}

/** How many rows match; exact. */
export async function count(tx: Tx, query: PreparedQuery): Promise<number> {
  const [row] = await tx.query<{ n: string }>(
    sql`SELECT count(*) AS n FROM clinical.resource r WHERE ${rowCondition(query)}`,
  )
  return Number(row?.n ?? 0)
}

/**
 * How many rows about match, by what the planner knows of the table: at the cost of a plan, however many
 * there are. It is as fresh as the statistics are.
 */
export async function estimate(tx: Tx, query: PreparedQuery): Promise<number> {
  const [row] = await tx.query<{
    'QUERY PLAN': readonly [{ readonly Plan: { readonly 'Plan Rows': number } }]
  }>(sql`EXPLAIN (FORMAT JSON) SELECT FROM clinical.resource r WHERE ${rowCondition(query)}`)
  return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
}

/** Every match in batches, without order; memory does not grow with their number. */
export function exportRows(
  tx: Tx,
  query: PreparedQuery,
  range: {
    readonly since?: Date | undefined
    readonly until?: Date | undefined
    readonly patients?: readonly string[] | undefined
    readonly ids?: readonly string[] | undefined
    readonly now: number
  },
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

/** The sort keys of a type that rows can be put in order by. */
export function isSortable(type: string, parameter: SearchParameter): boolean {
  if (parameter.code === '_id' || parameter.code === '_lastUpdated') return true
  return (
    ['date', 'number', 'quantity'].includes(parameter.type) &&
    !(type === 'Patient' && parameter.code === 'birthdate')
  )
}

interface SortKey {
  readonly value: Sql
  readonly descending: boolean
}

function sortKeys(query: PreparedQuery): SortKey[] {
  return query.sort.map(({ parameter, descending }) => {
    if (!isSortable(query.type, parameter)) throw FhirError.notSupported('_sort: no order by this parameter')
    return { value: sortValue(query.type, parameter.code, descending), descending }
  })
}

/** A column is ordered by the beginning of its interval; several values by the outermost one. */
function sortValue(type: string, code: string, descending: boolean): Sql {
  const columns = columnsFor(type)
  if (code === '_id') return sql`r.id`
  if (code === '_lastUpdated') return sql`(extract(epoch FROM r.updated_at) * 1000)::float8`
  if (code === columns.date) return sql`r.date_low`
  if (code === columns.quantity) return sql`r.value_low`
  const edge = descending ? sql`max(i.high)` : sql`min(i.low)`
  return sql`(SELECT ${edge} FROM clinical.range_index i
              WHERE i.type = ${type} AND i.parameter = ${code} AND i.id = r.id)`
}

const keyNames = [sql`key0`, sql`key1`, sql`key2`, sql`key3`, sql`key4`, sql`key5`, sql`key6`, sql`key7`]

function keyName(index: number): Sql {
  const name = keyNames[index]
  if (!name) throw FhirError.invalid('_sort: at most eight keys')
  return name
}

/** What has no value comes last, whichever way the others go. */
function direction(key: SortKey): Sql {
  return key.descending ? sql`DESC NULLS LAST` : sql`ASC NULLS LAST`
}

function cursorOf(row: Record<string, unknown> & { id: string }, keys: number): Cursor {
  const values = Array.from({ length: keys }, (_, index) => row[`key${index}`] as string | number | null)
  return [...values, row.id]
}

/** Strictly after the cursor: equal in the first keys and beyond in the next one, for each of them. */
function after(keys: readonly SortKey[], cursor: Cursor): Sql {
  const id = cursor[keys.length] ?? ''
  const steps: Sql[] = []
  let equal: Sql[] = []
  keys.forEach((key, index) => {
    const name = keyName(index)
    const value = cursor[index] ?? null
    steps.push(and([...equal, beyond(name, value, key.descending)]))
    equal = [...equal, sql`${name} IS NOT DISTINCT FROM ${value}`]
  })
  return or([...steps, and([...equal, sql`id > ${id}`])])
}

function beyond(name: Sql, value: string | number | null, descending: boolean): Sql {
  if (value === null) return sql`FALSE`
  return descending
    ? sql`(${name} < ${value} OR ${name} IS NULL)`
    : sql`(${name} > ${value} OR ${name} IS NULL)`
}
