/**
 * Date arithmetic of de-identification: every date of a patient moves by the same whole number of days,
 * so intervals survive and the calendar does not.
 */
const datePattern = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])(?:T(.+))?)?)?$/
const timePattern =
  /^([01]\d|2[0-3]):([0-5]\d):((?:[0-5]\d|60)(?:\.\d{1,9})?)(?:Z|([+-])(0\d|1[0-4]):([0-5]\d))$/

const minutesPerDay = 1440
const minuteMs = 60_000
const dayMs = minutesPerDay * minuteMs

/** Systems write these for "not known"; shifted, they would give the offset away. */
const placeholderDays: ReadonlySet<string> = new Set(['1970-01-01', '2000-01-01', '2099-12-31', '2100-01-01'])
/** Outside of these years a date is a placeholder too (1900-01-01, 9999-12-31, …). */
const firstYear = 1910
const lastYear = 2150

/** A date taken apart: the first and last day it covers where it was written, as days since 1970-01-01. */
interface Parts {
  readonly first: number
  readonly last: number
  readonly precision: 'year' | 'month' | 'day'
  readonly moment: Moment | undefined
}

/** Offsets are whole minutes, so that seconds need no arithmetic and keep every digit. */
interface Moment {
  /** since 1970-01-01T00:00Z */
  readonly minute: number
  /** `30`, `07.250`, `60` in a leap second: as written */
  readonly seconds: string
}

/**
 * Shifts a FHIR date, dateTime or instant by whole days. What has a time moves by `days` times 24 hours and
 * is written in UTC: a summer offset on a date that is now in winter would narrow the shift down. A year or
 * a month moves as its middle day does. Precision stays, digits of a second included.
 *
 * @returns undefined when it is not a FHIR date, or a placeholder whose shift would give the offset away
 * @see docs/spec-readings.md, "De-identification"
 */
export function shiftDate(text: string, days: number): string | undefined {
  const parts = parse(text)
  if (!parts || isPlaceholder(text) || (parts.moment && isPlaceholder(write(parts, 0)))) return undefined
  return write(parts, days)
}

/** @param text a date as it was written, or in UTC: a placeholder may have changed its zone on its way to us */
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
  if (!parse(text)) return undefined
  const year = Number(text.slice(0, 4))
  if (year > clockYear) return undefined
  const oldest = clockYear - 90
  if (year <= oldest) return String(oldest)
  return shiftDate(String(year).padStart(4, '0'), days)
}

/**
 * Shifts both ends of a Period. When one of them is vaguer, it is moved to the year, month or (in UTC) day
 * that holds the other, should the shift have turned them round.
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
  if (from.moment && to.moment) return isInOrder(from.moment, to.moment)
  return from.first <= to.last
}

function isInOrder(start: Moment, end: Moment): boolean {
  return start.minute === end.minute
    ? Number(start.seconds) <= Number(end.seconds)
    : start.minute < end.minute
}

function parse(text: string): Parts | undefined {
  const [, y, m, d, time] = datePattern.exec(text) ?? []
  if (y === undefined) return undefined
  const year = Number(y)
  const month = Number(m)
  if (m === undefined) return covering(epochDay(year, 1, 1), epochDay(year, 12, 31), 'year')
  const lastOfMonth = epochDay(year, month + 1, 0)
  if (d === undefined) return covering(epochDay(year, month, 1), lastOfMonth, 'month')
  const day = epochDay(year, month, Number(d))
  if (day > lastOfMonth) return undefined
  if (time === undefined) return covering(day, day, 'day')
  const moment = parseMoment(day, time)
  return moment && covering(day, day, 'day', moment)
}

function covering(first: number, last: number, precision: Parts['precision'], moment?: Moment): Parts {
  return { first, last, precision, moment }
}

function parseMoment(day: number, time: string): Moment | undefined {
  const [, hour, minute, seconds, sign, zoneHour = '0', zoneMinute = '0'] = timePattern.exec(time) ?? []
  if (seconds === undefined) return undefined
  const offset = (sign === '-' ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute))
  return { minute: day * minutesPerDay + Number(hour) * 60 + Number(minute) - offset, seconds }
}

function epochDay(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs
}

function write({ first, last, precision, moment }: Parts, days: number): string {
  if (moment) {
    const minute = new Date((moment.minute + days * minutesPerDay) * minuteMs).toISOString().slice(0, 16)
    return `${minute}:${moment.seconds}Z`
  }
  const middle = Math.floor((first + last) / 2)
  return new Date((middle + days) * dayMs).toISOString().slice(0, { year: 4, month: 7, day: 10 }[precision])
}
