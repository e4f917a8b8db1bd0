import { isResourceType, searchParameters, type SearchParameter } from './definitions.ts'
import { isSupported, referenceTargets } from './extract.ts'
import { FhirError, issue } from './outcome.ts'
import { parseSearchValue, type SearchContext } from './parse-search-value.ts'
import type { ChainCriterion, Criterion, HasCriterion, Query, ValueCriterion } from './query.ts'
import { splitUnescaped } from './search-escape.ts'

const maxValues = 500
const maxChainDepth = 6

/**
 * Reads one search criterion: `code=a,b`, `name:exact=x`, `subject:Patient.gender=male`,
 * `_has:Condition:patient:code=x`, nested in any way.
 *
 * @param type the resource type searched
 * @param key the parameter's name with its modifier or chain
 * @throws FhirError 400: `not-supported` for a parameter, modifier or prefix that we do not have,
 *   `value` for one that cannot be read, `too-costly` beyond 500 values or 6 links
 * @see FHIR R4 § Search, "Modifiers", "Chained parameters", "Reverse Chaining"
 */
export function parseCriterion(type: string, key: string, value: string, context: SearchContext): Criterion {
  return parseLink(type, key, value, context, 0)
}

/** A search for resources of a type that match all criteria; no order, no paging, nothing included. */
export function plainQuery(type: string, criteria: readonly Criterion[]): Query {
  return {
    type,
    criteria,
    sort: [],
    count: undefined,
    include: [],
    revinclude: [],
    total: undefined,
    elements: undefined,
    summary: undefined,
  }
}

/**
 * The search parameter of a type.
 *
 * @throws FhirError 400 `not-supported` when there is none, or nothing is extracted for it
 */
export function searchParameter(type: string, code: string): SearchParameter {
  const parameter = searchParameters(type).get(code)
  if (!parameter || !isSupported(type, code)) throw notSupported(code, 'not a search parameter here')
  return parameter
}

/** Names the parameter when it looks like one: what a caller made up may hold anything. */
export function notSupported(key: string, what: string): FhirError {
  return FhirError.notSupported(/^[\w.:-]{1,64}$/.test(key) ? `${key}: ${what}` : `a parameter: ${what}`)
}

function parseLink(
  type: string,
  key: string,
  value: string,
  context: SearchContext,
  depth: number,
): Criterion {
  if (depth > maxChainDepth) throw tooCostly(`a chain of more than ${maxChainDepth} links`)
  if (key.startsWith('_has:')) return parseHas(type, key, value, context, depth)
  const [, code = '', modifier, rest] = /^([\w-]+)(?::([\w-]+))?(?:\.(.+))?$/.exec(key) ?? []
  const parameter = searchParameter(type, code)
  if (rest !== undefined) {
    const targetType = chainTarget(type, parameter, modifier, rest)
    const criterion = parseLink(targetType, rest, value, context, depth + 1)
    return { kind: 'chain', parameter, target: plainQuery(targetType, [criterion]) } satisfies ChainCriterion
  }
  return parseValues(type, parameter, modifier, value, context)
}

/** `_has:Observation:patient:code` */
function parseHas(
  type: string,
  key: string,
  value: string,
  context: SearchContext,
  depth: number,
): HasCriterion {
  const [, sourceType = '', code = '', rest = ''] = /^_has:(\w+):([\w-]+):(.+)$/.exec(key) ?? []
  if (!isResourceType(sourceType))
    throw FhirError.invalid('_has: _has:Type:reference:parameter expected', '_has')
  const parameter = searchParameter(sourceType, code)
  if (parameter.type !== 'reference' || !canLeadTo(sourceType, code, type)) {
    throw FhirError.invalid(`_has: ${code} does not refer to ${type}`, '_has')
  }
  const criterion = parseLink(sourceType, rest, value, context, depth + 1)
  return { kind: 'has', parameter, source: plainQuery(sourceType, [criterion]) }
}

/** Whether a reference parameter of a type can lead to resources of another. */
export function canLeadTo(type: string, code: string, target: string): boolean {
  const targets = referenceTargets(type, code)
  return targets.length === 0 || targets.includes(target)
}

/** The type a chain goes on in: the one named, or the only one that has the next parameter. */
function chainTarget(
  type: string,
  { code, type: kind }: SearchParameter,
  modifier: string | undefined,
  rest: string,
): string {
  if (kind !== 'reference') throw notSupported(code, 'only references can be chained')
  if (modifier !== undefined) {
    if (!isResourceType(modifier) || !canLeadTo(type, code, modifier)) {
      throw notSupported(code, 'a type that it cannot refer to')
    }
    return modifier
  }
  const next = /^_has:/.test(rest) ? undefined : /^[\w-]+/.exec(rest)?.[0]
  const candidates = referenceTargets(type, code).filter(
    (target) => next === undefined || isSupported(target, next),
  )
  const [only, ...others] = candidates
  if (only === undefined) throw notSupported(code, 'the parameter chained to it is not known')
  if (others.length > 0) throw FhirError.invalid(`${code}: say which type, as in ${code}:${only}.…`, code)
  return only
}

/** Modifiers by type of parameter, beside `missing`, which all have. */
const modifiers: Readonly<Record<string, readonly string[]>> = {
  token: ['not'],
  string: ['exact', 'contains'],
  reference: ['identifier'],
  uri: ['above', 'below'],
}

function parseValues(
  type: string,
  parameter: SearchParameter,
  modifier: string | undefined,
  text: string,
  context: SearchContext,
): ValueCriterion {
  demandModifier(type, parameter, modifier)
  const parts = splitUnescaped(text, ',')
  if (parts.length > maxValues) throw tooCostly(`${parameter.code}: more than ${maxValues} values`)
  const asked = { type, parameter, modifier }
  const values = parts.map((part) => parseSearchValue(part, asked, context))
  return { kind: 'value', parameter, modifier: criterionModifier(modifier), values }
}

function demandModifier(
  type: string,
  { code, type: kind }: SearchParameter,
  modifier: string | undefined,
): void {
  if (modifier === undefined || modifier === 'missing' || modifiers[kind]?.includes(modifier)) return
  if (kind === 'reference' && isResourceType(modifier) && canLeadTo(type, code, modifier)) return
  throw notSupported(code, 'a modifier that is not supported')
}

/** A type goes into the values, `above` and `below` too; the others say how to compare. */
function criterionModifier(modifier: string | undefined): ValueCriterion['modifier'] {
  switch (modifier) {
    case 'missing':
    case 'not':
    case 'exact':
    case 'contains':
    case 'identifier':
      return modifier
    default:
      return undefined
  }
}

function tooCostly(diagnostics: string): FhirError {
  return new FhirError(400, [issue('too-costly', diagnostics)])
}
