import type { SearchParameter } from './definitions.ts'
import { isSingle } from './extract.ts'
import { parseFilterSyntax, type Filter, type Step } from './filter-syntax.ts'
import { FhirError } from './outcome.ts'
import { newLinking, parseChain, parseLink, type Leaf, type Linking } from './parse-criterion.ts'
import type { SearchContext } from './parse-search-value.ts'
import { parseValues } from './parse-values.ts'
import type { Criterion, ValueCriterion } from './query.ts'
import { notSupported } from './search-refusal.ts'

/**
 * Reads `_filter`: comparisons of search parameters, joined by `and`, `or`, `not` and parentheses, over
 * chains, `_has` and references with a filter in brackets.
 *
 * Values are written as in search parameters, `system|code` and `number|system|code`, but a comma is part
 * of the value.
 *
 * @throws FhirError 400: `value` for what is no filter; `not-supported` for `ew`, for an operator that the
 *   type of parameter does not have, and for `ne` where several values leave it open what that means
 * @see FHIR R4 § Filter Parameter
 */
export function parseFilter(type: string, text: string, context: SearchContext): Criterion {
  const linking = newLinking(() => {
    throw new TypeError('a path ends in a comparison')
  })
  return criterionOf(type, parseFilterSyntax(text), context, linking)
}

function criterionOf(type: string, filter: Filter, context: SearchContext, linking: Linking): Criterion {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const of = filter.of.map((one) => criterionOf(type, one, context, linking))
      return { kind: filter.kind === 'and' ? 'all' : 'any', of }
    }
    case 'not':
      return { kind: 'not', of: criterionOf(type, filter.of, context, linking) }
    case 'compare':
      return follow(type, filter.path, filter, context, linking)
  }
}

type Comparison = Filter & { readonly kind: 'compare' }

/** Goes on from step to step: what a bracket says and what comes after it must hold of the same resource. */
function follow(
  type: string,
  [step, ...rest]: readonly Step[],
  comparison: Comparison,
  context: SearchContext,
  linking: Linking,
): Criterion {
  if (!step) throw new TypeError('a path has a step')
  const [next] = rest
  const leaf: Leaf = (end, parameter, modifier, at) => {
    if (!next) {
      if (step.filter || modifier !== undefined)
        throw notSupported(parameter.code, 'an operator stands for a modifier')
      return compare(end, parameter, comparison, context)
    }
    return parseChain(end, parameter, modifier, next.key, at, (target, further) => {
      const beyond = follow(target, rest, comparison, context, further)
      if (!step.filter) return beyond
      return { kind: 'all', of: [criterionOf(target, step.filter, context, further), beyond] }
    })
  }
  return parseLink(type, step.key, { ...linking, leaf })
}

function compare(
  type: string,
  parameter: SearchParameter,
  { operator, value }: Comparison,
  context: SearchContext,
): Criterion {
  const ask = (modifier: string | undefined, text = value) =>
    parseValues(type, parameter, modifier, oneValue(text), context)
  const kinds = operators.get(operator)
  if (!kinds) throw FhirError.invalid('_filter: an operator expected, as in name co "x"', '_filter')
  if (!kinds.includes(parameter.type))
    throw notSupported(parameter.code, 'an operator of _filter that it does not have')
  switch (operator) {
    case 'eq':
      return ask(parameter.type === 'string' && parameter.code !== 'phonetic' ? 'exact' : undefined)
    case 'ne':
      return isOrdered(parameter) ? ask(undefined, `ne${value}`) : unequal(type, parameter, ask)
    case 'co':
      return ask('contains')
    case 'sw':
    case 're':
      return ask(undefined)
    case 'po':
      return overlapping(ask(undefined))
    case 'pr':
      if (value !== 'true' && value !== 'false')
        throw FhirError.invalid('_filter: pr takes true or false', '_filter')
      return ask('missing', value === 'true' ? 'false' : 'true')
    case 'ss':
      return ask('below')
    case 'sb':
      return ask('above')
    case 'in':
      return ask('in')
    case 'ni':
      return ask('not-in')
    default:
      return ask(undefined, operator + value)
  }
}

type Kind = SearchParameter['type']
const all = [
  'token',
  'string',
  'reference',
  'uri',
  'date',
  'number',
  'quantity',
  'composite',
  'special',
] as const
const ordered = ['date', 'number', 'quantity'] as const

/** The types of parameter that an operator has a meaning for; `ew` has none that an index could answer. */
const operators: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ['eq', all],
  ['ne', ['token', 'string', 'reference', 'uri', ...ordered]],
  ['co', ['string']],
  ['sw', ['string']],
  ['ew', []],
  ['gt', ordered],
  ['lt', ordered],
  ['ge', ordered],
  ['le', ordered],
  ['ap', ordered],
  ['sa', ordered],
  ['eb', ordered],
  ['pr', all],
  ['po', ['date']],
  ['ss', ['token']],
  ['sb', ['token']],
  ['in', ['token']],
  ['ni', ['token']],
  ['re', ['reference']],
])

function isOrdered({ type }: SearchParameter): boolean {
  return type === 'date' || type === 'number' || type === 'quantity'
}

/**
 * "An item in the set has an unequal value": of one item at most, that it is there and another. Of several,
 * `not` would ask for more and nothing that we have for as much.
 */
function unequal(
  type: string,
  parameter: SearchParameter,
  ask: (modifier: string | undefined, text?: string) => Criterion,
): Criterion {
  if (!isSingle(type, parameter.code))
    throw notSupported(parameter.code, 'ne, where there may be several values: write not (… eq …)')
  const equal = ask(parameter.type === 'string' ? 'exact' : undefined)
  return { kind: 'all', of: [ask('missing', 'false'), { kind: 'not', of: equal }] }
}

/** The periods have a moment in common: what `ap` asks when it adds nothing. */
function overlapping(criterion: Criterion): Criterion {
  if (criterion.kind !== 'value') return criterion
  const values = criterion.values.map((value) =>
    value.kind === 'date' ? { ...value, prefix: 'ap' as const } : value,
  )
  return { ...criterion, values } satisfies ValueCriterion
}

/** A comma does not part values here. */
function oneValue(text: string): string {
  return text.replace(/\\.|,/gs, (found) => (found === ',' ? '\\,' : found))
}
