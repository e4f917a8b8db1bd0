/**
 * Dates of birth as tokens. A date is laid down by its day, month and year; a range is asked as the
 * fewest whole years, months and days that cover it. Dates before 1850 and after 2150 do not occur.
 *
 * A partial date (`1980-03`) is laid down by the units it is as wide as: it lies in a range when its
 * whole interval does, as FHIR wants for `eq`, `ge` and `le`.
 */
const earliest = Date.UTC(1850, 0, 1)
const latest = Date.UTC(2151, 0, 1)
/** Local midnight is up to 14 hours away from midnight in UTC. */
const noon = 12 * 3600_000

/** `d1980-03-07`, `m1980-03`, `y1980`: those units that hold the whole of [low, high), ms since the epoch. */
export function dayTokens(low: number, high: number): string[] {
  const first = new Date(low + noon).toISOString()
  const last = new Date(high - noon).toISOString()
  return [10, 7, 4]
    .filter((length) => first.slice(0, length) === last.slice(0, length))
    .map((length) => unit(first, length))
}

/** The units that cover [low, high) exactly, in calendar days; open ends are ±Infinity. */
export function rangeTokens(low: number, high: number): string[] {
  const from = new Date(Math.max(low, earliest) + (low > earliest ? noon : 0))
  const until = new Date(Math.min(high, latest) + (high < latest ? noon : 0))
  const end = Date.UTC(until.getUTCFullYear(), until.getUTCMonth(), until.getUTCDate())
  const tokens: string[] = []
  let at = Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate())
  while (at < end) {
    const date = new Date(at)
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
    const nextYear = Date.UTC(year + 1, 0, 1)
    const nextMonth = Date.UTC(year, month + 1, 1)
    const length = month === 0 && day === 1 && nextYear <= end ? 4 : day === 1 && nextMonth <= end ? 7 : 10
    tokens.push(unit(date.toISOString(), length))
    at = length === 4 ? nextYear : length === 7 ? nextMonth : Date.UTC(year, month, day + 1)
  }
  return tokens
}

function unit(iso: string, length: number): string {
  return `${length === 10 ? 'd' : length === 7 ? 'm' : 'y'}${iso.slice(0, length)}`
}
