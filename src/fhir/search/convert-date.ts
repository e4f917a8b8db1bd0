import { members, text, type Convert, type Purpose } from './convert.ts'
import { interval, type Interval } from './interval.ts'
import { isObject, type Json } from '../json.ts'

/** What each data type covers of the time line. @see FHIR R4 § Search, "date" */

export function dateOfText(purpose: Purpose): Convert {
  return dateOf(purpose, (value, zone) => (typeof value === 'string' ? interval(value, zone) : undefined))
}

export function dateOfPeriod(purpose: Purpose): Convert {
  return dateOf(purpose, periodBounds)
}

export function dateOfTiming(purpose: Purpose): Convert {
  return dateOf(purpose, timingBounds)
}

function dateOf(
  { parameter }: Purpose,
  bounds: (value: Json, zone: string) => Interval | undefined,
): Convert {
  return (value, to) => {
    const found = bounds(value, to.zone)
    if (found) to.found.push({ kind: 'date', parameter, low: found[0], high: found[1] })
  }
}

function periodBounds(value: Json | undefined, zone: string): Interval | undefined {
  if (!isObject(value)) return undefined
  const [start, end] = [text(value['start']), text(value['end'])]
  if (start === undefined && end === undefined) return undefined
  return [
    start === undefined ? -Infinity : interval(start, zone)[0],
    end === undefined ? Infinity : interval(end, zone)[1],
  ]
}

/** "The specified scheduling details are ignored and only the outer limits matter." */
function timingBounds(value: Json, zone: string): Interval | undefined {
  if (!isObject(value)) return undefined
  const repeat = value['repeat']
  const events = members(value['event']).flatMap((event) =>
    typeof event === 'string' ? [interval(event, zone)] : [],
  )
  const bounds = isObject(repeat) ? periodBounds(repeat['boundsPeriod'], zone) : undefined
  const all = bounds ? [...events, bounds] : events
  if (all.length === 0) return undefined
  return [Math.min(...all.map(([low]) => low)), Math.max(...all.map(([, high]) => high))]
}
