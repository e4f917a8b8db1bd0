import type { SearchParameter } from '../definitions.ts'
import { isSingle } from './extract.ts'
import { parseFilterSyntax, type Filter, type Step } from './filter-syntax.ts'
import { FhirError } from '../outcome.ts'
import { newLinking, parseChain, parseLink, type Leaf, type Linking } from './parse-criterion.ts'
import type { SearchContext } from './parse-search-value.ts'
import { parseValues } from './parse-values.ts'
import type { Criterion } from './query.ts'
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
  const found = operators.get(operator)
  if (!found) throw FhirError.invalid('_filter: an operator expected, as in name co "x"', '_filter')
  // sounds are equal or not
  if (!found.kinds.includes(parameter.code === 'phonetic' ? 'special' : parameter.type)) {
    throw notSupported(parameter.code, 'an operator of _filter that it does not have')
  }
  const ask: Asking['ask'] = (modifier, text = value) =>
    parseValues(type, parameter, modifier, oneValue(text), context)
  return found.read({ type, parameter, value, ask })
}

/** What is compared: `ask` reads the value, or another text, as the parameter with a modifier would. */
interface Asking {
  readonly type: string
  readonly parameter: SearchParameter
  readonly value: string
  readonly ask: (modifier?: string, text?: string) => Criterion
}

type Kind = SearchParameter['type']

interface Operator {
  /** the types of parameter that it has a meaning for */
  readonly kinds: readonly Kind[]
  readonly read: (asking: Asking) => Criterion
}

const ordered: readonly Kind[] = ['date', 'number', 'quantity']
const plain: readonly Kind[] = ['token', 'string', 'reference', 'uri', ...ordered]
const all: readonly Kind[] = [...plain, 'composite', 'special']

/** @see FHIR R4 § Filter Parameter, "Operators" */
const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['eq', { kinds: all, read: equal }],
  ['ne', { kinds: plain, read: unequal }],
  ['co', modified(['string'], 'contains')],
  ['sw', modified(['string'], undefined)],
  ['ew', modified([], undefined)], // there is no index of endings
  ...['gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'].map((prefix) => [prefix, prefixed(prefix)] as const),
  ['pr', { kinds: all, read: present }],
  ['po', { kinds: ['date'], read: overlapping }],
  ['ss', modified(['token'], 'below')],
  ['sb', modified(['token'], 'above')],
  ['in', modified(['token'], 'in')],
  ['ni', modified(['token'], 'not-in')],
  ['re', modified(['reference'], undefined)],
])

function modified(kinds: readonly Kind[], modifier: string | undefined): Operator {
  return { kinds, read: ({ ask }) => ask(modifier) }
}

function prefixed(prefix: string): Operator {
  return { kinds: ordered, read: ({ ask, value }) => ask(undefined, prefix + value) }
}

/** "An item in the set has an equal value." The prefix is written, so that a value cannot bring its own. */
function equal({ parameter: { code, type }, value, ask }: Asking): Criterion {
  if (ordered.includes(type)) return ask(undefined, `eq${value}`)
  return ask(type === 'string' && code !== 'phonetic' ? 'exact' : undefined)
}

/**
 * "An item in the set has an unequal value": of one item at most, that it is there and another. Of several,
 * `not` would ask for more and nothing that we have for as much.
 */
function unequal(asking: Asking): Criterion {
  const { type, parameter, value, ask } = asking
  if (ordered.includes(parameter.type)) return ask(undefined, `ne${value}`)
  if (!isSingle(type, parameter.code)) {
    throw notSupported(parameter.code, 'ne, where there may be several values: write not (… eq …)')
  }
  return { kind: 'all', of: [ask('missing', 'false'), { kind: 'not', of: equal(asking) }] }
}

/** "The set is empty or not (value is false or true)." */
function present({ value, ask }: Asking): Criterion {
  if (value !== 'true' && value !== 'false') {
    throw FhirError.invalid('_filter: pr takes true or false', '_filter')
  }
  return ask('missing', value === 'true' ? 'false' : 'true')
}

/** The periods have a moment in common: what `ap` asks when it adds nothing. */
function overlapping({ value, ask }: Asking): Criterion {
  const criterion = ask(undefined, `eq${value}`)
  if (criterion.kind !== 'value') throw new TypeError('a date is asked by values')
  const values = criterion.values.map((one) =>
    one.kind === 'date' ? { ...one, prefix: 'ap' as const } : one,
  )
  return { ...criterion, values }
}

/** A comma does not part values here. */
function oneValue(text: string): string {
  return text.replace(/\\.|,/gs, (found) => (found === ',' ? '\\,' : found))
}
