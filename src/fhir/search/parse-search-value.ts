import type { SearchParameter } from '../definitions.ts'
import { isCaseSensitive, referenceTargets } from './extract.ts'
import { parseHierarchy } from './hierarchy.ts'
import { implicitRange } from './implicit-range.ts'
import { interval, type Interval } from './interval.ts'
import { normalise } from './normalise.ts'
import { FhirError } from '../outcome.ts'
import { parseNear } from './parse-near.ts'
import { parseConcept, parseOfType, parseToken, parseValueSet } from './parse-token-value.ts'
import type { Prefix, SearchValue } from './query.ts'
import { isId, parseReference } from '../reference.ts'
import { splitUnescaped, unescapeValue } from './search-escape.ts'

/** What search values are read against. */
export interface SearchContext {
  /** IANA name of the zone of dates without an offset */
  readonly zone: string
  /** our FHIR base URL, without trailing slash */
  readonly base?: string
  /** milliseconds since the epoch; widens `ap` on dates by 10 % of the time between then and the date */
  readonly now?: number
}

/** The parameter that a value is given for. */
export interface Asked {
  /** the resource type searched */
  readonly type: string
  readonly parameter: SearchParameter
  /** as written, a resource type included */
  readonly modifier: string | undefined
}

/**
 * Reads one value of a search parameter, escapes included.
 *
 * @throws FhirError 400, `not-supported` for a prefix that FHIR does not have, `value` for all else
 * @see FHIR R4 § Search, "Search Parameter Types"
 */
export function parseSearchValue(text: string, asked: Asked, context: SearchContext): SearchValue {
  const { parameter, modifier } = asked
  if (text === '') throw invalid(asked, 'a value expected')
  if (text.includes('\0')) throw invalid(asked, 'NUL in a value')
  if (modifier === 'missing') return parseMissing(text, asked)
  if (modifier === 'identifier') return parseToken(text, parameter.code, true)
  switch (parameter.type) {
    case 'token':
      return parseTokenValue(text, asked, context)
    case 'string':
      return parseString(text, asked)
    case 'reference':
      return parseReferenceValue(unescapeValue(text), asked, context)
    case 'date':
      return parseDate(unescapeValue(text), asked, context)
    case 'number':
      return { kind: 'number', ...parseNumber(text, asked) }
    case 'quantity':
      return parseQuantity(text, asked)
    case 'uri':
      return parseUri(unescapeValue(text), asked)
    case 'special':
      if (parameter.code === 'near') return parseNear(text, parameter.code)
      throw FhirError.notSupported(`${parameter.code}: not supported`)
    case 'composite':
      throw new TypeError('a composite has no value of its own')
  }
}

function invalid({ parameter }: Asked, what: string): FhirError {
  return FhirError.invalid(`${parameter.code}: ${what}`, parameter.code)
}

function parseMissing(text: string, asked: Asked): SearchValue {
  if (text !== 'true' && text !== 'false') throw invalid(asked, 'true or false expected')
  return { kind: 'missing', missing: text === 'true' }
}

/** What a modifier makes of a token parameter's value. */
function parseTokenValue(text: string, asked: Asked, { base }: SearchContext): SearchValue {
  const { code } = asked.parameter
  switch (asked.modifier) {
    case 'text':
      return parseString(text, asked)
    case 'of-type':
      return parseOfType(text, code)
    case 'in':
    case 'not-in':
      return parseValueSet(text, code, base)
    case 'above':
    case 'below':
      return parseConcept(text, code, asked.modifier)
    default:
      return parseToken(text, code, isCaseSensitive(asked.type, code))
  }
}

function parseString(text: string, asked: Asked): SearchValue {
  const unescaped = unescapeValue(text)
  if (asked.modifier !== 'exact' && normalise(unescaped) === '') {
    throw invalid(asked, 'a letter or digit expected')
  }
  return { kind: 'string', text: unescaped }
}

/** `id`, `Type/id`, a URL; local ones by type and id, whichever way they were written */
function parseReferenceValue(text: string, asked: Asked, { base }: SearchContext): SearchValue {
  const { type, parameter, modifier } = asked
  if (modifier === 'above' || modifier === 'below') {
    return parseHierarchy(text, type, parameter.code, modifier, base)
  }
  const targets = modifier === undefined ? referenceTargets(type, parameter.code) : [modifier]
  // a bare id is of any type it can be; where that is one only, the index is asked for it
  if (isId(text)) {
    return {
      kind: 'reference',
      type: targets.length === 1 ? targets[0] : undefined,
      id: text,
      url: undefined,
    }
  }
  const parsed = parseReference(text, base)
  if (parsed.kind === 'relative' || (parsed.kind === 'absolute' && parsed.local)) {
    if (parsed.version !== undefined) throw invalid(asked, 'a reference without version expected')
    if (targets.length > 0 && !targets.includes(parsed.type ?? '')) {
      throw invalid(asked, 'a reference to another type than it can have')
    }
    return { kind: 'reference', type: parsed.type, id: parsed.id ?? '', url: undefined }
  }
  // canonicals may be any URI: `urn:…`, `http://example.org/ValueSet/x|2`
  if (modifier !== undefined || !/^[a-z][a-z0-9+.-]*:\S+$/i.test(text)) {
    throw invalid(asked, 'an id, Type/id or URL expected')
  }
  return { kind: 'reference', type: undefined, id: '', url: text }
}

const prefixes: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'])

function takePrefix(text: string, asked: Asked): readonly [prefix: Prefix, rest: string] {
  const [, prefix, rest = ''] = /^([a-z]{2})([-+\d].*)$/.exec(text) ?? []
  if (prefix === undefined) return ['eq', text]
  if (!prefixes.has(prefix)) {
    throw FhirError.notSupported(`${asked.parameter.code}: a prefix that is not supported`)
  }
  return [prefix as Prefix, rest]
}

function parseDate(text: string, asked: Asked, { zone, now }: SearchContext): SearchValue {
  const [prefix, rest] = takePrefix(text, asked)
  const [low, high] = readInterval(rest, asked, zone)
  if (prefix !== 'ap' || now === undefined) return { kind: 'date', prefix, low, high }
  const tenth = Math.round(Math.abs(now - low) / 10)
  return { kind: 'date', prefix, low: low - tenth, high: high + tenth }
}

/** A `+` that was not percent-encoded arrives as a space; before an offset it can be nothing else. */
function readInterval(text: string, asked: Asked, zone: string): Interval {
  try {
    return interval(text.replace(/^(.{16,32}) (\d\d:\d\d)$/, '$1+$2'), zone)
  } catch (error) {
    if (error instanceof FhirError) throw invalid(asked, 'a date, dateTime or instant expected')
    throw error
  }
}

interface PrefixedNumber {
  readonly prefix: Prefix
  readonly number: number
  readonly low: number
  readonly high: number
}

function parseNumber(text: string, asked: Asked): PrefixedNumber {
  const [prefix, rest] = takePrefix(text, asked)
  const range = implicitRange(rest)
  if (!range) throw invalid(asked, 'a number expected')
  if (prefix !== 'ap') return { prefix, ...range }
  const tenth = Math.abs(range.number) / 10
  return { prefix, number: range.number, low: range.number - tenth, high: range.number + tenth }
}

/** `5.4`, `5.4|system|code`, `5.4||unit` */
function parseQuantity(text: string, asked: Asked): SearchValue {
  const [number = '', system, code, ...more] = splitUnescaped(text, '|').map(unescapeValue)
  const complete = (system === undefined) === (code === undefined) && more.length === 0
  if (!complete || (code === '' && system === '')) throw invalid(asked, 'number|system|code expected')
  return {
    kind: 'quantity',
    ...parseNumber(number, asked),
    system: system === '' ? undefined : system,
    code: code === '' ? undefined : code,
  }
}

function parseUri(uri: string, { modifier }: Asked): SearchValue {
  return { kind: 'uri', uri, match: modifier === 'above' || modifier === 'below' ? modifier : 'exact' }
}
