import { startOfDay } from '../fhir/search/local-time.ts'
import type { Prefix } from '../fhir/search/query.ts'

/**
 * Dates of birth as tokens. A date is laid down by the calendar units that hold it whole: day, month,
 * year, century; and by the one that it is, when that is no day (`1980-03`, `1980`). A range is asked as
 * the fewest whole units that cover it, and where an end of it may lie inside a partial date, that date.
 *
 * @see `fhir/match-prefix.ts`, which says the same of intervals
 */
interface Interval {
  readonly low: number
  readonly high: number
}

const dayMs = 86_400_000
/** Dates of FHIR have years of four digits. */
const firstDay = Math.floor(Date.UTC(2000, 0, 1) / dayMs) - 730_119
const lastDay = Math.floor(Date.UTC(10_000, 0, 1) / dayMs)

/**
 * The units of a date that is a whole day, month or year in the zone.
 *
 * @param zone IANA name
 */
export function dayTokens({ low, high }: Interval, zone: string): string[] {
  const [first, last] = [isoDay(dayOf(low, zone)), isoDay(dayOf(high, zone) - 1)]
  const held = lengths.filter((length) => first.slice(0, length) === last.slice(0, length))
  const [own = 0] = held
  return [...held.map((length) => unit(first, length)), ...(own < 10 ? [exactly(first, own)] : [])]
}

/** The units, any of which says that a date meets what is asked with a prefix. `ap` has its width in `asked`. */
export function askedTokens(prefix: Prefix, asked: Interval, zone: string): string[] {
  const before = (end: number) => rangeTokens(-Infinity, end, zone)
  const from = (start: number) => rangeTokens(start, Infinity, zone)
  const [low, high] = [partialsAt(asked.low, zone), partialsAt(asked.high, zone)]
  switch (prefix) {
    case 'eq':
      return rangeTokens(asked.low, asked.high, zone)
    case 'ne':
      return [...before(asked.low), ...from(asked.high), ...low, ...high]
    case 'gt':
      return [...from(asked.high), ...high]
    case 'ge':
      return [...from(asked.low), ...high]
    case 'lt':
      return [...before(asked.low), ...low]
    case 'le':
      return [...before(asked.high), ...low]
    case 'sa':
      return from(asked.high)
    case 'eb':
      return before(asked.low)
    case 'ap':
      return [...rangeTokens(asked.low, asked.high, zone), ...low, ...high]
  }
}

/** Letters of an ISO date that a century, a year, a month and a day have. */
const lengths = [10, 7, 4, 2] as const

/** The fewest units that cover the whole days of [low, high); open ends are ±Infinity. */
function rangeTokens(low: number, high: number, zone: string): string[] {
  const end = high === Infinity ? lastDay : dayOf(high, zone)
  const tokens: string[] = []
  for (let at = low === -Infinity ? firstDay : nextDay(low, zone); at < end;) {
    const first = isoDay(at)
    const length = [...lengths].reverse().find((one) => isStart(first, one) && after(at, one) <= end) ?? 10
    tokens.push(unit(first, length))
    at = after(at, length)
  }
  return tokens
}

/** The dates that an instant lies inside of, neither at their beginning nor at their end. */
function partialsAt(instant: number, zone: string): string[] {
  if (!Number.isFinite(instant)) return []
  const day = dayOf(instant, zone)
  if (day < firstDay || day >= lastDay) return []
  const atStart = startOfDay(day, zone) === instant
  const iso = isoDay(day)
  return [
    ...(atStart ? [] : [unit(iso, 10)]),
    ...[7, 4].filter((length) => !(atStart && isStart(iso, length))).map((length) => exactly(iso, length)),
  ]
}

/** The day, as days since the epoch, that a clock in the zone shows at an instant. */
function dayOf(instant: number, zone: string): number {
  let day = Math.floor(instant / dayMs)
  while (startOfDay(day, zone) > instant) day--
  while (startOfDay(day + 1, zone) <= instant) day++
  return day
}

/** The first day that begins at an instant or later. */
function nextDay(instant: number, zone: string): number {
  const day = dayOf(instant, zone)
  return startOfDay(day, zone) === instant ? day : day + 1
}

function isoDay(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

function isStart(iso: string, length: number): boolean {
  return length === 10 || (length === 7 ? iso.endsWith('-01') : isStartOfYears(iso, length))
}

function isStartOfYears(iso: string, length: number): boolean {
  return iso.endsWith('-01-01') && (length === 4 || iso.slice(2, 4) === '00')
}

/** The day after the unit that begins at a day. */
function after(day: number, length: number): number {
  const date = new Date(day * dayMs)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  if (length === 10) return day + 1
  if (length === 7) date.setUTCFullYear(year, month + 1, 1)
  else date.setUTCFullYear(year + (length === 4 ? 1 : 100), 0, 1)
  return Math.floor(date.getTime() / dayMs)
}

function unit(iso: string, length: number): string {
  return `${letters[length] ?? ''}${iso.slice(0, length)}`
}

function exactly(iso: string, length: number): string {
  return `=${iso.slice(0, length)}`
}

const letters: Readonly<Record<number, string>> = { 10: 'd', 7: 'm', 4: 'y', 2: 'c' }
