import type { Prefix } from '../fhir/search/query.ts'
import { sql, type Sql } from './sql.ts'

/** The two columns that an interval is kept in. */
export interface IntervalColumns {
  readonly low: Sql
  readonly high: Sql
}

/** What is asked of dates: [low, high) in ms since the epoch; of `ap`, as wide as it is to be. */
interface Asked {
  readonly prefix: Prefix
  readonly low: number
  readonly high: number
}

/**
 * The prefixes over intervals. `[low, high)` is what was asked; the columns hold what a resource says.
 *
 * @see FHIR R4 § Search, "Prefixes": the search range fully contains (eq), overlaps above (gt), …
 */
export function compareDate(column: IntervalColumns, { prefix, low, high }: Asked): Sql {
  const within = sql`(${column.low} >= ${low} AND ${column.high} <= ${high})`
  switch (prefix) {
    case 'eq':
      return within
    case 'ne':
      return sql`NOT ${within}`
    case 'gt':
      return sql`${column.high} > ${high}`
    case 'lt':
      return sql`${column.low} < ${low}`
    case 'ge':
      return sql`(${column.high} > ${high} OR ${within})`
    case 'le':
      return sql`(${column.low} < ${low} OR ${within})`
    case 'sa':
      return sql`${column.low} >= ${high}`
    case 'eb':
      return sql`${column.high} <= ${low}`
    case 'ap':
      return sql`(${column.low} < ${high} AND ${column.high} > ${low})`
  }
}

/**
 * The same for numbers and quantities: `number` as written, `[low, high)` the range its digits imply, of
 * `ap` the range within ten per cent. `fhir/match-prefix.ts` says the same without SQL.
 */
export function compareNumber(
  column: IntervalColumns,
  { prefix, number, low, high }: { prefix: Prefix; number: number; low: number; high: number },
): Sql {
  const within = sql`(${column.low} >= ${low} AND ${column.high} < ${high})`
  switch (prefix) {
    case 'eq':
      return within
    case 'ne':
      return sql`NOT ${within}`
    case 'gt':
      return sql`${column.high} > ${number}`
    case 'lt':
      return sql`${column.low} < ${number}`
    case 'ge':
      return sql`${column.high} >= ${number}`
    case 'le':
      return sql`${column.low} <= ${number}`
    case 'sa':
      return sql`${column.low} > ${number}`
    case 'eb':
      return sql`${column.high} < ${number}`
    case 'ap':
      return sql`(${column.low} <= ${high} AND ${column.high} >= ${low})`
  }
}

/** The same for an instant kept as a time stamp of whole milliseconds, so that its index serves. */
export function compareInstant(column: Sql, { prefix, low, high }: Asked): Sql {
  const [from, until] = [new Date(low), new Date(high)]
  switch (prefix) {
    case 'eq':
    case 'ap':
      return sql`(${column} >= ${from} AND ${column} < ${until})`
    case 'ne':
      return sql`(${column} < ${from} OR ${column} >= ${until})`
    case 'gt':
    case 'sa':
      return sql`${column} >= ${until}`
    case 'lt':
    case 'eb':
      return sql`${column} < ${from}`
    case 'ge':
      return sql`${column} >= ${from}`
    case 'le':
      return sql`${column} < ${until}`
  }
}
