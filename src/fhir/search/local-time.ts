/**
 * Wall-clock time of a zone to instants. Times are milliseconds: `wall` as if the clock showed UTC, the
 * result since the epoch in UTC.
 */

const hour = 3_600_000
const day = 24 * hour

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar, years 1 to 9999. */
export function epochDay(year: number, month: number, dayOfMonth: number): number {
  // years begin in March, so that the leap day comes last; eras are 400 years of 146,097 days
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/**
 * The first instant at which a clock in the zone shows this time or a later one. Where clocks go back,
 * that is the earlier of the two; a time that clocks skip is taken for the instant of the change.
 *
 * @throws RangeError when the zone is not an IANA name
 */
export function instantOf(wall: number, zone: string): number {
  const before = offsetAt(wall - day, zone)
  const after = offsetAt(wall + day, zone)
  if (before === after) return wall - before
  const earlier = wall - before
  if (offsetAt(earlier, zone) === before) return earlier
  const later = wall - after
  if (offsetAt(later, zone) === after) return later
  return changeBetween(later, earlier, zone)
}

const startsOfDay = new Map<string, Map<number, number>>()
const maxDaysCached = 100_000

/** The first instant of a date in the zone; its own map, as nearly every partial date asks for one. */
export function startOfDay(epochDayNumber: number, zone: string): number {
  let starts = startsOfDay.get(zone)
  if (starts === undefined || starts.size > maxDaysCached)
    startsOfDay.set(zone, (starts = new Map<number, number>()))
  let start = starts.get(epochDayNumber)
  if (start === undefined) starts.set(epochDayNumber, (start = instantOf(epochDayNumber * day, zone)))
  return start
}

/** The instant in (low, high] from which the later offset holds. */
function changeBetween(low: number, high: number, zone: string): number {
  const before = offsetAt(low, zone)
  let [from, to] = [low, high]
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2)
    if (offsetAt(middle, zone) === before) from = middle
    else to = middle
  }
  return to
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** What a clock in the zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  if (zone === 'UTC') return 0
  let formatter = formatters.get(zone)
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formatters.set(zone, formatter)
  }
  // 'GMT', 'GMT+01:00', and before standard time 'GMT+00:09:21'
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(formatter.format(instant))
  if (!match) throw new TypeError('a zone offset expected')
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const milliseconds = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -milliseconds : milliseconds
}
