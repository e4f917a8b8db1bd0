import { listOf, membersOf, textOf, type Found } from './found.ts'

/** [from, to) in milliseconds since the epoch */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What an element covers of time; undefined when it holds no date. @see FHIR R4 § Search, "date" */
export function spanOf({ type, value }: Found): Span | undefined {
  if (type === 'Period') return spanOfPeriod(value)
  if (/^(date|dateTime|instant)$/.test(type)) return spanOfText(String(value))
  if (type !== 'Timing') return undefined
  const { event, repeat } = membersOf(value)
  const bounds = spanOfPeriod(membersOf(repeat)['boundsPeriod'])
  const all = [...listOf(event).map((one) => spanOfText(String(one))), ...(bounds ? [bounds] : [])]
  if (all.length === 0) return undefined
  return { from: Math.min(...all.map(({ from }) => from)), to: Math.max(...all.map(({ to }) => to)) }
}

function spanOfPeriod(value: unknown): Span | undefined {
  const { start, end } = membersOf(value)
  if (start === undefined && end === undefined) return undefined
  return {
    from: start === undefined ? -Infinity : spanOfText(String(start)).from,
    to: end === undefined ? Infinity : spanOfText(String(end)).to,
  }
}

/** A time without offset, and where days begin, is told by the clocks of Paris. */
export function spanOfText(text: string): Span {
  const [date = '', time] = text.split('T')
  const [year = '', month = '01', day = '01'] = date.split('-')
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day))
  if (time === undefined) {
    const next = new Date(wall)
    if (date.length === 4) next.setUTCFullYear(next.getUTCFullYear() + 1)
    else if (date.length === 7) next.setUTCMonth(next.getUTCMonth() + 1)
    else next.setUTCDate(next.getUTCDate() + 1)
    return { from: inParis(wall), to: inParis(next.getTime()) }
  }
  const [, clock = '', offset] = /^([\d:.]+)(Z|[+-]\d\d:\d\d)?$/.exec(time) ?? []
  const [hours = '', minutes = '', seconds = '0'] = clock.split(':')
  const at = wall + ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  const from = Math.round(offset === undefined ? inParis(at) : at - minutesOf(offset) * 60_000)
  const fraction = seconds.split('.')[1]
  const width = clock.length === 5 ? 60_000 : fraction === undefined ? 1000 : 1000 / 10 ** fraction.length
  return { from, to: from + Math.max(1, width) }
}

function minutesOf(offset: string): number {
  if (offset === 'Z') return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4))
  return offset.startsWith('-') ? -minutes : minutes
}

const clock = new Intl.DateTimeFormat('sv-SE', {
  ...{ timeZone: 'Europe/Paris', dateStyle: 'short', timeStyle: 'medium' },
})
const instants = new Map<number, number>()

/**
 * When clocks in Paris first show a time or a later one. They are never more than three hours from UTC:
 * every minute from then on is looked at.
 *
 * @param wall as if the clock showed UTC
 */
function inParis(wall: number): number {
  const known = instants.get(wall)
  if (known !== undefined) return known
  const within = wall % 60_000
  const wanted = wall - within
  let instant = wanted - 3 * 3_600_000
  while (shown(instant) < wanted) instant += 60_000
  const found = shown(instant) === wanted ? instant + within : instant
  instants.set(wall, found)
  return found
}

function shown(instant: number): number {
  return Date.parse(`${clock.format(instant).replace(' ', 'T')}Z`)
}

/**
 * Whether an element meets `ge2024-03`, by the words of the table of prefixes.
 *
 * @param now for `ap`, which reaches further the longer ago
 */
export function meetsDate(asked: string, found: Found, now: number): boolean {
  const [, prefix = 'eq', text = ''] = /^([a-z]{2})?(.*)$/.exec(asked) ?? []
  const [search, target] = [spanOfText(text), spanOf(found)]
  if (!target) return false
  const contains = search.from <= target.from && target.to <= search.to
  const aboveIntersects = target.to > search.to
  const belowIntersects = target.from < search.from
  switch (prefix) {
    case 'eq':
      return contains
    case 'ne':
      return !contains
    case 'gt':
      return aboveIntersects
    case 'lt':
      return belowIntersects
    case 'ge':
      return aboveIntersects || contains
    case 'le':
      return belowIntersects || contains
    case 'sa':
      return search.to <= target.from
    case 'eb':
      return target.to <= search.from
    case 'ap': {
      const margin = Math.abs(now - search.from) / 10
      return target.from < search.to + margin && search.from - margin < target.to
    }
    default:
      throw new TypeError('a prefix that is none')
  }
}

/** A date there is, as text, to ask for. */
export function dateIn(found: Found): string | undefined {
  const { value } = found
  const { start, end, event } = membersOf(value)
  if (!spanOf(found)) return undefined
  return textOf(value) ?? textOf(start) ?? textOf(end) ?? textOf(listOf(event)[0])
}
