import { isResourceType, resourceTypes, searchParameters, type SearchParameter } from '../definitions.ts'
import { canLeadTo, dataTypes, isSupported, referenceTargets } from './extract.ts'
import { FhirError } from '../outcome.ts'
import type { SearchContext } from './parse-search-value.ts'
import { parseValues } from './parse-values.ts'
import type { Criterion, HasCriterion, Query } from './query.ts'
import { notSupported, tooCostly } from './search-refusal.ts'

const maxChainDepth = 6
/** Searches that the chains of one criterion may stand for, where their types are left open. */
const maxBranches = 64

/**
 * Reads one search criterion: `code=a,b`, `name:exact=x`, `subject:Patient.gender=male`,
 * `_has:Condition:patient:code=x`, nested in any way.
 *
 * @param type the resource type searched
 * @param key the parameter's name with its modifier or chain
 * @throws FhirError 400: `not-supported` for a parameter, modifier or prefix that we do not have,
 *   `value` for one that cannot be read, `too-costly` beyond 500 values, 6 links or 64 searches in one
 * @see FHIR R4 § Search, "Modifiers", "Chained parameters", "Reverse Chaining"
 */
export function parseCriterion(type: string, key: string, value: string, context: SearchContext): Criterion {
  return parseLink(
    type,
    key,
    newLinking((target, parameter, modifier) => parseValues(target, parameter, modifier, value, context)),
  )
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
  // half an index would give half an answer
  if (parameter.state === 'building') throw FhirError.later(503, `${code}: its index is being built`, 30)
  return parameter
}

/** Where the links of a criterion lead, and how far they have come. */
export interface Linking {
  /** reads what is asked of the parameter at the end, there */
  readonly leaf: Leaf
  readonly depth: number
  /** shared by all links of one criterion */
  readonly budget: { branches: number }
}

export type Leaf = (
  type: string,
  parameter: SearchParameter,
  modifier: string | undefined,
  at: Linking,
) => Criterion

export function newLinking(leaf: Leaf): Linking {
  return { leaf, depth: 0, budget: { branches: maxBranches } }
}

/**
 * Follows the links of a key to the parameter at its end: `code`, `subject:Patient.gender`, `_has:…`.
 *
 * @throws FhirError 400
 */
export function parseLink(type: string, key: string, linking: Linking): Criterion {
  if (linking.depth > maxChainDepth) throw tooCostly(`a chain of more than ${maxChainDepth} links`)
  if (linking.budget.branches-- <= 0) {
    throw tooCostly('a chain over too many types: say which, as in subject:Patient.…')
  }
  if (key.startsWith('_has:')) return parseHas(type, key, linking)
  const [, code = '', modifier, rest] = /^([\w-]+)(?::([\w-]+))?(?:\.(.+))?$/.exec(key) ?? []
  const parameter = searchParameter(type, code)
  if (rest === undefined) return linking.leaf(type, parameter, modifier, linking)
  return parseChain(type, parameter, modifier, rest, linking, (target, next) => parseLink(target, rest, next))
}

/** `_has:Observation:patient:code` */
function parseHas(type: string, key: string, linking: Linking): HasCriterion {
  const [, source = '', code = '', rest = ''] = /^_has:(\w+):([\w-]+):(.+)$/.exec(key) ?? []
  if (!isResourceType(source)) throw FhirError.invalid('_has: _has:Type:reference:parameter expected', '_has')
  const parameter = searchParameter(source, code)
  if (parameter.type !== 'reference' || !canLeadTo(source, code, type)) {
    throw FhirError.invalid(`_has: ${code} does not refer to ${type}`, '_has')
  }
  demandLiteral(source, code)
  const criterion = parseLink(source, rest, { ...linking, depth: linking.depth + 1 })
  return { kind: 'has', parameter, source: plainQuery(source, [criterion]) }
}

/**
 * One chain for each type that a reference may lead to and that the rest can be asked of.
 *
 * @param modifier the type, when it was named
 * @param rest begins with the next parameter: types that do not have it are left out
 * @param read what is asked of a target of this type
 */
export function parseChain(
  type: string,
  parameter: SearchParameter,
  modifier: string | undefined,
  rest: string,
  linking: Linking,
  read: (target: string, next: Linking) => Criterion,
): Criterion {
  const { code } = parameter
  if (parameter.type !== 'reference') throw notSupported(code, 'only references can be chained')
  demandLiteral(type, code)
  const next = { ...linking, depth: linking.depth + 1 }
  const chain = (target: string): Criterion => {
    return { kind: 'chain', parameter, target: plainQuery(target, [read(target, next)]) }
  }
  if (modifier !== undefined) {
    if (!isResourceType(modifier) || !canLeadTo(type, code, modifier)) {
      throw notSupported(code, 'a type that it cannot refer to')
    }
    return chain(modifier)
  }
  const [only, ...others] = chainTargets(type, code, rest)
  if (only === undefined) throw notSupported(code, 'the parameter chained to it is not known')
  return others.length === 0 ? chain(only) : { kind: 'any', of: allReadable([only, ...others], chain) }
}

/** Types a chain can go on in: those that have the next parameter. */
function chainTargets(type: string, code: string, rest: string): readonly string[] {
  const next = rest.startsWith('_has:') ? undefined : /^[\w-]+/.exec(rest)?.[0]
  const targets = referenceTargets(type, code)
  const candidates = targets.length === 0 ? resourceTypes : targets
  return candidates.filter((target) => next === undefined || isSupported(target, next))
}

/** A parameter of one name may be of another kind on another type: those that cannot be asked so are left out. */
function allReadable(targets: readonly string[], read: (target: string) => Criterion): readonly Criterion[] {
  const found: Criterion[] = []
  let refusal: unknown
  for (const target of targets) {
    try {
      found.push(read(target))
    } catch (error) {
      if (!isUnreadable(error)) throw error
      refusal ??= error
    }
  }
  if (found.length === 0) throw refusal
  return found
}

/** Not what costs too much, nor what is not ready yet: these would leave a part of the answer out. */
function isUnreadable(error: unknown): boolean {
  return error instanceof FhirError && error.status === 400 && error.issues[0]?.code !== 'too-costly'
}

/** A canonical names a `url`, which many resources may have; chains go by type and id. */
function demandLiteral(type: string, code: string): void {
  if (dataTypes(type, code).every((one) => one === 'canonical' || one === 'uri')) {
    throw notSupported(code, 'canonical references cannot be chained')
  }
}
