import { exact, halfStep, times, type Exact } from './exact.ts'
import { membersOf, textOf, type Found } from './found.ts'
import { split } from './split.ts'

/** From one number to another; an end that is undefined is open, an excluded one is just not reached. */
export interface Extent {
  readonly from: Exact | undefined
  readonly to: Exact | undefined
  readonly without: 'from' | 'to' | undefined
  readonly unit: { readonly system?: string; readonly code?: string; readonly unit?: string }
}

/** What an element says of numbers; undefined when it holds none. @see FHIR R4 § Search, "quantity" */
export function extentOf({ type, value }: Found): Extent | undefined {
  if (typeof value === 'number') return point(value)
  const members = membersOf(value)
  if (type === 'Range') return extentOfRange(members['low'], members['high'])
  if (type === 'SampledData') return extentOfSamples(members)
  if (type === 'Money') {
    const currency = textOf(members['currency'])
    const unit = currency === undefined ? {} : { system: 'urn:iso:std:iso:4217', code: currency }
    const amount = number(members['value'])
    return amount === undefined ? undefined : { ...point(0), from: amount, to: amount, unit }
  }
  return extentOfQuantity(value)
}

function point(value: number): Extent {
  const at = number(value)
  return { from: at, to: at, without: undefined, unit: {} }
}

function number(value: unknown): Exact | undefined {
  return value === undefined ? undefined : exact(String(value))
}

/** `<5` is everything below 5. */
function extentOfQuantity(value: unknown): Extent | undefined {
  const members = membersOf(value)
  const at = number(members['value'])
  if (at === undefined) return undefined
  const comparator = textOf(members['comparator']) ?? ''
  const [system, code, unit] = [members['system'], members['code'], members['unit']].map(textOf)
  return {
    from: comparator.startsWith('<') ? undefined : at,
    to: comparator.startsWith('>') ? undefined : at,
    without: comparator === '<' ? 'to' : comparator === '>' ? 'from' : undefined,
    unit: {
      ...(system === undefined ? {} : { system }),
      ...(code === undefined ? {} : { code }),
      ...(unit === undefined ? {} : { unit }),
    },
  }
}

function extentOfRange(low: unknown, high: unknown): Extent | undefined {
  const [from, to] = [extentOfQuantity(low), extentOfQuantity(high)]
  const unit = (from ?? to)?.unit
  return unit && { from: from?.from, to: to?.to, without: undefined, unit }
}

/** From the lowest sample to the highest; letters stand for none. */
function extentOfSamples({ origin, factor, data }: Readonly<Record<string, unknown>>): Extent | undefined {
  const zero = extentOfQuantity(origin)
  const samples = (textOf(data) ?? '').split(' ').flatMap((one) => exact(one) ?? [])
  if (zero?.from === undefined || samples.length === 0) return undefined
  const start = zero.from
  const measured = samples.map((one) => start + times(one, number(factor ?? 1) ?? 0n))
  const sorted = measured.sort((a, b) => (a < b ? -1 : 1))
  return { ...zero, from: sorted[0], to: sorted.at(-1) }
}

interface Wanted {
  readonly prefix: string
  readonly at: Exact
  /** half of the last digit's unit, or a tenth for `ap` */
  readonly margin: Exact
}

function wanted(text: string): Wanted {
  const [, prefix = 'eq', digits = ''] = /^([a-z]{2})?(.*)$/.exec(text) ?? []
  const at = exact(digits)
  if (at === undefined) throw new TypeError('a number expected')
  const tenth = (at < 0n ? -at : at) / 10n
  return { prefix, at, margin: prefix === 'ap' ? tenth : halfStep(digits) }
}

export function meetsNumber(asked: string, found: Found): boolean {
  const extent = extentOf(found)
  return extent !== undefined && meets(wanted(asked), extent)
}

/**
 * The prefixes, by the words of their table. `eq` and `ne` go by what the digits stand for, all others but
 * `ap` take the number for exact.
 */
function meets({ prefix, at, margin }: Wanted, { from, to, without }: Extent): boolean {
  const reaches = {
    above: to === undefined || to > at,
    below: from === undefined || from < at,
    to: to === undefined || to > at || (to === at && without !== 'to'),
    from: from === undefined || from < at || (from === at && without !== 'from'),
  }
  const [low, high] = [at - margin, at + margin]
  const within =
    from !== undefined && to !== undefined && from >= low && (to < high || (to === high && without === 'to'))
  switch (prefix) {
    case 'eq':
      return within
    case 'ne':
      return !within
    case 'gt':
      return reaches.above
    case 'lt':
      return reaches.below
    case 'ge':
      return reaches.to
    case 'le':
      return reaches.from
    case 'sa':
      return !reaches.from && from !== undefined
    case 'eb':
      return !reaches.to && to !== undefined
    case 'ap': {
      const misses =
        (from !== undefined && (from > high || (from === high && without === 'from'))) ||
        (to !== undefined && (to < low || (to === low && without === 'to')))
      return !misses
    }
    default:
      throw new TypeError('a prefix that is none')
  }
}

const ucum = 'http://unitsofmeasure.org'

/** UCUM units as what they measure, how many of its unit they are, and what is added. */
const units: Readonly<Record<string, readonly [measures: string, factor: string, offset?: string]>> = {
  g: ['mass', '1'],
  mg: ['mass', '0.001'],
  kg: ['mass', '1000'],
  'mmol/L': ['concentration', '0.001'],
  'mol/L': ['concentration', '1'],
  K: ['temperature', '1'],
  Cel: ['temperature', '1', '273.15'],
  cm: ['length', '0.01'],
  m: ['length', '1'],
  h: ['time', '1'],
  d: ['time', '24'],
  a: ['time', '8766'], // of 365.25 days
}

function inBase(value: Exact, code: string): Exact {
  const [, factor = '1', offset = '0'] = units[code] ?? []
  return times(value, exact(factor) ?? 0n) + (exact(offset) ?? 0n)
}

/** `5.4`, `5.4|system|code`, `5.4||unit` */
export function meetsQuantity(asked: string, found: Found): boolean {
  const [digits = '', system = '', code = ''] = split(asked, '|')
  const extent = extentOf(found)
  if (!extent) return false
  const { unit } = extent
  const want = wanted(digits)
  if (code === '') return (system === '' || unit.system === system) && meets(want, extent)
  if (system === '') return (unit.code === code || unit.unit === code) && meets(want, extent)
  if (unit.system !== system) return false
  if (unit.code === code) return meets(want, extent)
  const [measured, theirs] = [units[code]?.[0], units[unit.code ?? '']?.[0]]
  if (system !== ucum || measured === undefined || measured !== theirs) return false
  return meets(converted(want, code), {
    ...extent,
    from: extent.from === undefined ? undefined : inBase(extent.from, unit.code ?? ''),
    to: extent.to === undefined ? undefined : inBase(extent.to, unit.code ?? ''),
  })
}

function converted(want: Wanted, code: string): Wanted {
  const at = inBase(want.at, code)
  return { ...want, at, margin: inBase(want.at + want.margin, code) - at }
}
