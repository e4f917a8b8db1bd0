/**
 * Date arithmetic of de-identification: every date of a patient moves by the same whole number of days,
 * so intervals survive and the calendar does not.
 */
const datePattern =
  /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])(T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))?)?)?$/

const dayMs = 86_400_000

/** Systems write these for "not known"; shifted, they would give the offset away. */
const placeholderDays: ReadonlySet<string> = new Set(['1970-01-01', '2000-01-01', '2099-12-31', '2100-01-01'])
/** Outside of these years a date is a placeholder too (1900-01-01, 9999-12-31, …). */
const firstYear = 1910
const lastYear = 2150

/** A date taken apart: the first and last day it covers, as days since 1970-01-01, and the time as text. */
interface Parts {
  readonly first: number
  readonly last: number
  readonly precision: 'year' | 'month' | 'day'
  /** `T08:30:00+02:00`, copied as it is; `''` without */
  readonly time: string
}

/**
 * Shifts a FHIR date, dateTime or instant by whole days; precision, time of day and offset stay as they are.
 * A year or a month moves as its middle day does and keeps its precision.
 *
 * @returns undefined when it is not a FHIR date, or a placeholder whose shift would give the offset away
 * @see docs/spec-readings.md, "De-identification"
 */
export function shiftDate(text: string, days: number): string | undefined {
  const parts = parse(text)
  return parts && !isPlaceholder(text) ? write(parts, days) : undefined
}

function isPlaceholder(text: string): boolean {
  const year = Number(text.slice(0, 4))
  return year < firstYear || year > lastYear || placeholderDays.has(text.slice(0, 10))
}

/**
 * Shifts a birth year as a year is shifted, whatever the precision of the date: the day never counts.
 * Who is 90 or more in `clockYear` gets the one year that all of them share, unshifted.
 *
 * @returns `YYYY`, or undefined when it is not a FHIR date or lies after `clockYear`
 */
export function shiftBirthYear(text: string, days: number, clockYear: number): string | undefined {
  const year = Number(datePattern.exec(text)?.[1] ?? Number.NaN)
  if (Number.isNaN(year) || year > clockYear) return undefined
  const oldest = clockYear - 90
  if (year <= oldest) return String(oldest)
  return shiftDate(String(year).padStart(4, '0'), days)
}

/**
 * Shifts both ends of a Period. When only one of them is exact to the day, the other is moved to the year
 * or month that holds it, should the shift have turned them round.
 *
 * @returns the ends that are there and can be shifted; an end before its start in the source is dropped
 */
export function shiftPeriod(
  start: string | undefined,
  end: string | undefined,
  days: number,
): { start?: string; end?: string } {
  const from = start === undefined ? undefined : shiftDate(start, days)
  const to = end === undefined ? undefined : shiftDate(end, days)
  if (from === undefined || to === undefined) {
    return { ...(from === undefined ? {} : { start: from }), ...(to === undefined ? {} : { end: to }) }
  }
  if (isOrdered(from, to)) return { start: from, end: to }
  if (!isOrdered(start ?? '', end ?? '')) return { start: from }
  return from.length < to.length
    ? { start: to.slice(0, from.length), end: to }
    : { start: from, end: from.slice(0, to.length) }
}

/** Whether some moment of `end` is not before some moment of `start`. */
function isOrdered(start: string, end: string): boolean {
  const from = parse(start)
  const to = parse(end)
  if (!from || !to) return false
  if (from.time && to.time) return instant(from) <= instant(to)
  return from.first <= to.last
}

/** Milliseconds since the epoch; a leap second counts as the one before it. */
function instant(parts: Parts): number {
  return Date.parse(
    new Date(parts.first * dayMs).toISOString().slice(0, 10) + parts.time.replace(':60', ':59'),
  )
}

function parse(text: string): Parts | undefined {
  const match = datePattern.exec(text)
  if (!match) return undefined
  const year = Number(match[1])
  if (match[2] === undefined) {
    return { first: epochDay(year, 1, 1), last: epochDay(year, 12, 31), precision: 'year', time: '' }
  }
  const month = Number(match[2])
  const lastOfMonth = epochDay(year, month + 1, 0)
  if (match[3] === undefined) {
    return { first: epochDay(year, month, 1), last: lastOfMonth, precision: 'month', time: '' }
  }
  const day = epochDay(year, month, Number(match[3]))
  return day > lastOfMonth ? undefined : { first: day, last: day, precision: 'day', time: match[4] ?? '' }
}

function epochDay(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs
}

function write(parts: Parts, days: number): string {
  const middle = Math.floor((parts.first + parts.last) / 2)
  const date = new Date((middle + days) * dayMs).toISOString()
  if (parts.precision === 'day') return date.slice(0, 10) + parts.time
  return date.slice(0, parts.precision === 'month' ? 7 : 4)
}
