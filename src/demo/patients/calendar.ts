/** A calendar day: whole days since 1970-01-01. */
export type Day = number
/** A minute of the hospital's wall clock, Europe/Paris: minutes since 1970-01-01 00:00 local time. */
export type Minute = number

const dayMilliseconds = 86_400_000
const minutesPerDay = 1440

const months = [
  ...['janvier', 'février', 'mars', 'avril', 'mai', 'juin'],
  ...['juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre'],
]

/** @param month 1 to 12 */
export function day(year: number, month: number, dayOfMonth: number): Day {
  return Date.UTC(year, month - 1, dayOfMonth) / dayMilliseconds
}

/** @throws TypeError when it is not `YYYY-MM-DD` */
export function parseDay(date: string): Day {
  const milliseconds = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN
  if (Number.isNaN(milliseconds)) throw new TypeError('a day is written YYYY-MM-DD')
  return milliseconds / dayMilliseconds
}

export function dayOf(minute: Minute): Day {
  return Math.floor(minute / minutesPerDay)
}

export function at(day: Day, hour: number, minute: number): Minute {
  return day * minutesPerDay + hour * 60 + minute
}

/** `1948-03-12` */
export function isoDate(day: Day): string {
  return new Date(day * dayMilliseconds).toISOString().slice(0, 10)
}

/** `12/03/1948` */
export function shortDate(day: Day): string {
  const [year, month, dayOfMonth] = isoDate(day).split('-')
  return `${dayOfMonth}/${month}/${year}`
}

/** `12 mars 1948`, `1er mars 1948` */
export function longDate(day: Day): string {
  const date = new Date(day * dayMilliseconds)
  const first = date.getUTCDate() === 1 ? '1er' : String(date.getUTCDate())
  return `${first} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`
}

/** `14h05` */
export function clockTime(minute: Minute): string {
  const ofDay = minute - dayOf(minute) * minutesPerDay
  return `${String(Math.floor(ofDay / 60)).padStart(2, '0')}h${String(ofDay % 60).padStart(2, '0')}`
}

export function yearOf(day: Day): number {
  return new Date(day * dayMilliseconds).getUTCFullYear()
}

/** 1 to 12 */
export function monthOf(day: Day): number {
  return new Date(day * dayMilliseconds).getUTCMonth() + 1
}

/** Sunday is 0. */
export function weekday(day: Day): number {
  return (((day + 4) % 7) + 7) % 7
}

/** Completed years. */
export function ageAt(birth: Day, on: Day): number {
  const years = yearOf(on) - yearOf(birth)
  return isoDate(on).slice(5) < isoDate(birth).slice(5) ? years - 1 : years
}

/** A FHIR dateTime or instant with the offset that Paris had: `2024-07-01T08:05:00+02:00`. */
export function dateTime(minute: Minute): string {
  const local = new Date(minute * 60_000).toISOString().slice(0, 19)
  return `${local}${isSummerTime(minute) ? '+02:00' : '+01:00'}`
}

/** From the last Sunday of March, 02:00, to the last Sunday of October, 03:00 (directive 2000/84/EC). */
function isSummerTime(minute: Minute): boolean {
  const year = yearOf(dayOf(minute))
  return minute >= at(lastSunday(year, 3), 2, 0) && minute < at(lastSunday(year, 10), 3, 0)
}

function lastSunday(year: number, month: 3 | 10): Day {
  const last = day(year, month, 31)
  return last - weekday(last)
}
