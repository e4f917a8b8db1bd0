import type { SearchParameter } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import { columnsFor } from '../resources/columns.ts'
import type { PreparedQuery } from './prepared-query.ts'
import { and, or, sql, type Sql } from './sql.ts'

/**
 * Where a page ended: the sort keys, the type and the id of its last row. Opaque: it goes back in where
 * it came out.
 */
export type Cursor = readonly (string | number | null)[]

/**
 * Whether rows can be put in order by a parameter. What is sealed or hashed at rest has no order there, and
 * a Patient's id is not in its row.
 */
export function isSortable(type: string, { code, type: kind }: SearchParameter): boolean {
  if (code === '_lastUpdated') return true
  if (code === '_id') return type !== 'Patient'
  return ['date', 'number', 'quantity'].includes(kind) && !isBlind(type, code)
}

export interface SortKey {
  readonly value: Sql
  /** of the column that `value` becomes */
  readonly name: Sql
  readonly descending: boolean
  /** rows may have no value */
  readonly optional: boolean
}

/** @throws FhirError 400 for a key that has no order at rest */
export function sortKeys({ type, sort }: PreparedQuery): SortKey[] {
  return sort.map(({ parameter, descending }, index) => {
    if (!isSortable(type, parameter)) throw FhirError.notSupported('_sort: no order by this parameter')
    const { code } = parameter
    const optional = code !== '_id' && code !== '_lastUpdated'
    return { value: sortValue(type, code, descending), name: keyName(index), descending, optional }
  })
}

/** By the beginning of its interval; several values by the outermost one. See `sortKey`, which must agree. */
function sortValue(type: string, code: string, descending: boolean): Sql {
  const columns = columnsFor(type)
  if (code === '_id') return sql`r.id`
  if (code === '_lastUpdated') return sql`r.updated_at`
  if (code === columns.date) return sql`r.date_low`
  if (code === columns.quantity) return sql`r.value_low`
  const edge = descending ? sql`max(i.low)` : sql`min(i.low)`
  return sql`(SELECT ${edge} FROM clinical.range_index i
              WHERE i.type = ${type} AND i.parameter = ${code} AND i.id = r.id)`
}

const keyNames = [sql`key0`, sql`key1`, sql`key2`, sql`key3`, sql`key4`, sql`key5`, sql`key6`, sql`key7`]

function keyName(index: number): Sql {
  const name = keyNames[index]
  if (!name) throw FhirError.invalid('_sort: at most eight keys')
  return name
}

/** `, … AS key0, … AS key1` */
export function keyColumns(keys: readonly SortKey[]): Sql {
  return keys.reduce((list, { value, name }) => sql`${list}, ${value} AS ${name}`, sql``)
}

/** `key0 DESC NULLS LAST, ` and so on: what has no value comes last, whichever way the others go. */
export function keyOrder(keys: readonly SortKey[]): Sql {
  return keys.reduce(
    (list, { name, descending, optional }) => {
      const direction = descending ? sql`DESC` : sql`ASC`
      // said where there are none, it would keep an index that is read backwards from being used
      return optional ? sql`${list}${name} ${direction} NULLS LAST, ` : sql`${list}${name} ${direction}, `
    },
    sql``,
  )
}

/** A row that `keyColumns` were selected of. */
export type Keyed = { readonly type: string; readonly id: string } & {
  readonly [name in `key${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`]?: unknown
}

/** Where such a row stands. */
export function cursorOf(row: Keyed, keys: number): Cursor {
  const values = keyNames.slice(0, keys).map((_, index) => inJson(row[`key${index}` as keyof Keyed]))
  return [...values, row.type, row.id]
}

/** Cursors travel as JSON, which has no infinity and no times. */
function inJson(value: unknown): string | number | null {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  return typeof value === 'string' ? value : null
}

/**
 * Rows of a type that come strictly after the cursor: equal in the first keys and beyond in the next one,
 * for each of them; then by type, then by id.
 */
export function after(type: string, keys: readonly SortKey[], cursor: Cursor): Sql {
  const steps: Sql[] = []
  let equal: Sql[] = []
  keys.forEach((key, index) => {
    const value = cursor[index] ?? null
    steps.push(and([...equal, beyond(key, value)]))
    equal = [...equal, sql`${key.name} IS NOT DISTINCT FROM ${value}`]
  })
  const [typeBefore, idBefore] = [String(cursor[keys.length]), cursor[keys.length + 1] ?? '']
  if (type === typeBefore) steps.push(and([...equal, sql`id > ${idBefore}`]))
  else if (type > typeBefore) steps.push(and(equal))
  return and([...reached(keys[0], cursor[0] ?? null), or(steps)])
}

/** Says again of the first key what the steps say, in the form that an index begins to read at. */
function reached(key: SortKey | undefined, value: string | number | null): Sql[] {
  if (key === undefined || key.optional) return []
  return [key.descending ? sql`${key.name} <= ${value}` : sql`${key.name} >= ${value}`]
}

function beyond({ name, descending, optional }: SortKey, value: string | number | null): Sql {
  if (value === null) return sql`FALSE`
  const further = descending ? sql`${name} < ${value}` : sql`${name} > ${value}`
  return optional ? sql`(${further} OR ${name} IS NULL)` : further
}
