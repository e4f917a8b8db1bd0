import { createHmac } from 'node:crypto'
import type { IndexValue } from '../fhir/index-value.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Prefix, SearchValue, ValueCriterion } from '../fhir/query.ts'
import { normalise } from '../fhir/normalise.ts'
import type { BlindCriterion } from '../store/prepared-query.ts'
import { dayTokens, rangeTokens } from './blind-date.ts'
import type { Keyring } from './keyring.ts'

/**
 * Search over sealed values: each value is laid down as HMACs of the forms it can be asked by, a key
 * for each field. Equal values give equal numbers, and that is all the database can see
 * (docs/decisions/0005).
 */
export class BlindIndex {
  private readonly keyring: Keyring
  private readonly keys = new Map<string, Buffer>()

  constructor(keyring: Keyring) {
    this.keyring = keyring
  }

  /** The tokens that a value of a sealed parameter is found by. */
  tokens(type: string, value: IndexValue): bigint[] {
    const of = (form: string) => this.token(type, value.parameter, form)
    const present = of('+')
    switch (value.kind) {
      case 'token':
        return [present, ...codingForms(value.system, value.code).map(of)]
      case 'string':
        return [present, ...stringForms(value.text).map(of)]
      case 'date':
        return [present, ...dayTokens(value.low, value.high).map(of)]
      case 'uri':
        return [present, of(`u${value.uri}`)]
      default:
        return [present]
    }
  }

  /**
   * The same for what is asked.
   *
   * @param parameter the name that extraction files its values under
   * @throws FhirError 400 for a form that the index cannot answer
   */
  criterion(type: string, parameter: string, { modifier, values }: ValueCriterion): BlindCriterion {
    const of = (form: string) => this.token(type, parameter, form)
    const blind = { kind: 'blind' as const, parameter }
    const first = values[0]
    if (first?.kind === 'missing') return { ...blind, anyOf: [[of('+')]], negate: first.missing }
    const anyOf = values.flatMap((value) => asked(value, modifier, parameter).map((forms) => forms.map(of)))
    return { ...blind, anyOf, negate: modifier === 'not' }
  }

  private token(type: string, parameter: string, form: string): bigint {
    const field = `${type}.${parameter}`
    let key = this.keys.get(field)
    if (!key) this.keys.set(field, (key = this.keyring.derive(`blind-index/${field}`)))
    return createHmac('sha256', key).update(form).digest().readBigInt64BE(0)
  }
}

/** Longer prefixes than this are found by their first 32 characters. */
const longestPrefix = 32
/** Of longer strings only the beginning can be asked by `:contains`. */
const longestContained = 64

function stringForms(text: string): string[] {
  const normal = normalise(text)
  const prefixes = Array.from(
    { length: Math.min(normal.length, longestPrefix) },
    (_, index) => `^${normal.slice(0, index + 1)}`,
  )
  return [...prefixes, `=${text}`, ...trigrams(normal.slice(0, longestContained))]
}

function trigrams(normal: string): string[] {
  return Array.from(
    { length: Math.max(0, normal.length - 2) },
    (_, index) => `~${normal.slice(index, index + 3)}`,
  )
}

function codingForms(system: string | undefined, code: string | undefined): string[] {
  return [
    ...(code === undefined ? [] : [codingForm(undefined, code), codingForm(system ?? '', code)]),
    ...(system ? [codingForm(system, undefined)] : []),
  ]
}

function codingForm(system: string | undefined, code: string | undefined): string {
  return `c${system ?? '*'}|${code ?? '*'}`
}

/** The forms of one asked value: alternatives, each a list of forms that must all be there. */
function asked(value: SearchValue, modifier: ValueCriterion['modifier'], code: string): string[][] {
  switch (value.kind) {
    case 'token':
      return [[codingForm(value.system, value.code)]]
    case 'string':
      return [stringAsked(value.text, modifier, code)]
    case 'date':
      return dateAsked(value.prefix, value.low, value.high, code).map((form) => [form])
    case 'uri':
      if (value.match === 'exact') return [[`u${value.uri}`]]
      throw FhirError.notSupported(`${code}: this modifier is not supported on a sealed element`)
    default:
      throw FhirError.notSupported(`${code}: not searchable in this form`)
  }
}

function stringAsked(text: string, modifier: ValueCriterion['modifier'], code: string): string[] {
  if (modifier === 'exact') return [`=${text}`]
  const normal = normalise(text)
  if (modifier !== 'contains') return [`^${normal.slice(0, longestPrefix)}`]
  if (normal.length < 3) throw FhirError.invalid(`${code}: at least three characters with :contains`)
  return trigrams(normal.slice(0, longestContained))
}

function dateAsked(prefix: Prefix, low: number, high: number, code: string): string[] {
  switch (prefix) {
    case 'eq':
      return rangeTokens(low, high)
    case 'ge':
      return rangeTokens(low, Infinity)
    case 'gt':
    case 'sa':
      return rangeTokens(high, Infinity)
    case 'le':
      return rangeTokens(-Infinity, high)
    case 'lt':
    case 'eb':
      return rangeTokens(-Infinity, low)
    default:
      throw FhirError.notSupported(`${code}: this prefix is not supported on a sealed date`)
  }
}
