import { text, type Convert, type Purpose } from './convert.ts'
import type { IndexValue } from './index-value.ts'
import { isNumber, isObject, type Json } from '../json.ts'

/** Numbers and quantities of each data type. @see FHIR R4 § Search, "number", "quantity" */

export function numberOf({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (isNumber(value)) to.found.push({ kind: 'number', parameter, low: Number(value), high: Number(value) })
  }
}

export function numberOfRange({ parameter }: Purpose): Convert {
  return (value, to) => {
    const range = rangeOf(value)
    if (range) to.found.push({ kind: 'number', parameter, low: range.low, high: range.high })
  }
}

type QuantityBounds = Omit<IndexValue & { kind: 'quantity' }, 'kind' | 'parameter'>

/** An exact value is a point; `<5` reaches from -Infinity to just below 5. */
function quantityBounds(value: Json | undefined): QuantityBounds | undefined {
  if (!isObject(value) || !isNumber(value['value'])) return undefined
  const number = Number(value['value'])
  const comparator = text(value['comparator']) ?? ''
  return {
    low: comparator.startsWith('<') ? -Infinity : comparator === '>' ? nextTo(number, 1) : number,
    high: comparator.startsWith('>') ? Infinity : comparator === '<' ? nextTo(number, -1) : number,
    system: text(value['system']),
    code: text(value['code']),
    unit: text(value['unit']),
  }
}

/** A double that is just above or below: the ends of a range belong to it, 5 does not belong to `<5`. */
function nextTo(number: number, direction: 1 | -1): number {
  return number + direction * Math.max(Math.abs(number) * Number.EPSILON, Number.MIN_VALUE)
}

function rangeOf(value: Json): QuantityBounds | undefined {
  if (!isObject(value)) return undefined
  const [low, high] = [quantityBounds(value['low']), quantityBounds(value['high'])]
  const unit = low ?? high
  return unit && { ...unit, low: low?.low ?? -Infinity, high: high?.high ?? Infinity }
}

function quantityFrom({ parameter }: Purpose, bounds: (value: Json) => QuantityBounds | undefined): Convert {
  return (value, to) => {
    const found = bounds(value)
    if (found) to.found.push({ kind: 'quantity', parameter, ...found })
  }
}

export function quantityOf(purpose: Purpose): Convert {
  return quantityFrom(purpose, quantityBounds)
}

export function quantityOfRange(purpose: Purpose): Convert {
  return quantityFrom(purpose, rangeOf)
}

export function quantityOfMoney(purpose: Purpose): Convert {
  return quantityFrom(purpose, (value) => {
    if (!isObject(value)) return undefined
    const code = text(value['currency'])
    const money = quantityBounds({ value: value['value'] ?? null })
    return money && { ...money, system: code === undefined ? undefined : 'urn:iso:std:iso:4217', code }
  })
}

/** Samples reach from the lowest to the highest, in the unit of their origin. */
export function quantityOfSamples(purpose: Purpose): Convert {
  return quantityFrom(purpose, (value) => {
    if (!isObject(value)) return undefined
    const origin = quantityBounds(value['origin'])
    const samples = (text(value['data']) ?? '').split(' ').filter((sample) => /^[-+]?\d/.test(sample))
    if (!origin || samples.length === 0) return undefined
    const factor = isNumber(value['factor']) ? Number(value['factor']) : 1
    const measured = samples.map((sample) => origin.low + Number(sample) * factor)
    const low = measured.reduce((a, b) => Math.min(a, b))
    const high = measured.reduce((a, b) => Math.max(a, b))
    return { ...origin, low, high }
  })
}
