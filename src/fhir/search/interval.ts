import { epochDay, instantOf, startOfDay } from './local-time.ts'
import { FhirError } from '../outcome.ts'

/** [low, high) in milliseconds since the epoch, UTC; an open end is ±Infinity. */
export type Interval = readonly [low: number, high: number]

const dateSyntax =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

const minute = 60_000
const second = 1000

/**
 * Turns a FHIR date of any precision into the interval it covers.
 *
 * Times without seconds or without an offset are not FHIR in resources, but are in search parameters;
 * `structure validation` refuses them where they must not be. Fractions beyond milliseconds cover the
 * millisecond they fall in.
 *
 * @param zone IANA name, used when the value carries no offset
 * @returns [low, high) in milliseconds since the epoch, UTC; `2024-02` covers all of February. Where
 *   clocks go back, a time without offset is the earlier one; one that clocks skip is the instant of the
 *   change
 * @throws FhirError `value` when it is not a FHIR date, dateTime or instant
 * @see FHIR R4 § Search, "date"; FHIR R4 § Data Types, "dateTime"
 */
export function interval(value: string, zone: string): Interval {
  const match = dateSyntax.exec(value)
  if (!match) throw notADate()
  const [, yearText, monthText, dayText, hourText] = match
  const year = Number(yearText)
  if (year === 0) throw notADate()
  if (monthText === undefined) return [dayStart(year, 1, 1, zone), dayStart(year + 1, 1, 1, zone)]
  const month = Number(monthText)
  if (month < 1 || month > 12) throw notADate()
  if (dayText === undefined) {
    const next: readonly [number, number] = month === 12 ? [year + 1, 1] : [year, month + 1]
    return [dayStart(year, month, 1, zone), dayStart(...next, 1, zone)]
  }
  const dayOfMonth = Number(dayText)
  if (dayOfMonth < 1 || dayOfMonth > daysIn(year, month)) throw notADate()
  const date = epochDay(year, month, dayOfMonth)
  if (hourText === undefined) return [startOfDay(date, zone), startOfDay(date + 1, zone)]
  return timeOfDay(date, match, zone)
}

function timeOfDay(date: number, match: RegExpExecArray, zone: string): Interval {
  const [, , , , hourText, minuteText, secondText, fraction, offset] = match
  const hours = Number(hourText)
  const minutes = Number(minuteText)
  // 60 is a leap second, which the clock of the epoch does not count
  const seconds = Number(secondText ?? 0)
  if (hours > 23 || minutes > 59 || seconds > 60) throw notADate()
  const milliseconds = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
  const wall = ((date * 24 + hours) * 60 + minutes) * minute + seconds * second + milliseconds
  const low = offset === undefined ? instantOf(wall, zone) : wall - offsetOf(offset)
  return [low, low + width(secondText, fraction)]
}

/** What the last digit given stands for, in milliseconds. */
function width(seconds: string | undefined, fraction: string | undefined): number {
  if (seconds === undefined) return minute
  return fraction === undefined ? second : Math.max(1, second / 10 ** fraction.length)
}

function offsetOf(offset: string): number {
  if (offset === 'Z') return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(4, 6))
  if (hours > 14 || minutes > 59 || (hours === 14 && minutes > 0)) throw notADate()
  const milliseconds = (hours * 60 + minutes) * minute
  return offset.startsWith('-') ? -milliseconds : milliseconds
}

function dayStart(year: number, month: number, dayOfMonth: number, zone: string): number {
  return startOfDay(epochDay(year, month, dayOfMonth), zone)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function notADate(): FhirError {
  return FhirError.invalid('expected a FHIR date, dateTime or instant')
}
