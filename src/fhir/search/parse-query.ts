import { searchParameters, typeDefinition } from '../definitions.ts'
import { FhirError, issue } from '../outcome.ts'
import { parseCriterion, plainQuery, searchParameter } from './parse-criterion.ts'
import { parseFilter } from './parse-filter.ts'
import { parseInclude, parseRevinclude } from './parse-include.ts'
import { parseList } from './parse-list.ts'
import type { SearchContext } from './parse-search-value.ts'
import { demandAffordable } from './query-cost.ts'
import type { Criterion, Query } from './query.ts'
import { notSupported } from './search-refusal.ts'

export interface ParseOptions extends SearchContext {
  /** `Prefer: handling=`: lenient leaves out what we do not have and says so; strict refuses it */
  readonly handling: 'strict' | 'lenient'
}

export interface ParsedQuery {
  readonly query: Query
  /** the parameters that took effect, as given: they make the `self` link */
  readonly applied: readonly Parameter[]
  /** names of those that did not, under lenient handling */
  readonly ignored: readonly string[]
}

type Parameter = readonly [key: string, value: string]
type Draft = { -readonly [member in keyof Query]: Query[member] }

const maxParameters = 100
const maxCount = 1000

/**
 * Takes a search apart and checks it against the definitions.
 *
 * @param type the resource type searched
 * @param parameters in their order, percent-decoded; `_format` and `_pretty` are let through, for `rest`
 * @throws FhirError 400: `not-supported` for a parameter, modifier, prefix or sort key that we do not have
 *   (lenient handling ignores these), `value` for a bad value, `too-costly` beyond 100 parameters, and what
 *   they may ask for in all. The message names the parameter, never the value.
 * @see FHIR R4 § Search, "Handling Errors"
 */
export function parseQuery(
  type: string,
  parameters: readonly Parameter[],
  options: ParseOptions,
): ParsedQuery {
  if (parameters.length > maxParameters) {
    throw new FhirError(400, [issue('too-costly', `more than ${maxParameters} search parameters`)])
  }
  const draft: Draft = plainQuery(type, [])
  const applied: Parameter[] = []
  const ignored: string[] = []
  for (const [key, value] of parameters) {
    try {
      apply(draft, key, value, options)
      applied.push([key, value])
    } catch (error) {
      if (options.handling === 'strict' || !isNotSupported(error)) throw error
      ignored.push(key)
    }
  }
  demandAffordable(draft)
  // "If `_count` has the value 0, this shall be treated the same as `_summary=count`."
  if (draft.count === 0) draft.summary = 'count'
  return { query: draft, applied, ignored }
}

function isNotSupported(error: unknown): boolean {
  return error instanceof FhirError && error.issues[0]?.code === 'not-supported'
}

function apply(draft: Draft, key: string, value: string, context: SearchContext): void {
  const [name, modifier] = key.split(':')
  const control = controls.get(name ?? '')
  if (!control) {
    draft.criteria = [...draft.criteria, readCriterion(draft.type, key, value, context)]
    return
  }
  control(draft, value, modifier)
}

function readCriterion(type: string, key: string, value: string, context: SearchContext): Criterion {
  if (key === '_filter') return parseFilter(type, value, context)
  return key === '_list' ? parseList(value) : parseCriterion(type, key, value, context)
}

/** What shapes the answer and is no criterion. @see FHIR R4 § Search, "Managing Returned Resources" */
const controls: ReadonlyMap<string, Control> = new Map([
  ['_count', plain('_count', applyCount)],
  ['_sort', plain('_sort', applySort)],
  ['_include', applyInclude],
  ['_revinclude', applyRevinclude],
  ['_total', plain('_total', applyTotal)],
  ['_elements', plain('_elements', applyElements)],
  ['_summary', plain('_summary', applySummary)],
  ['_contained', plain('_contained', applyContained)],
  ['_format', plain('_format', () => undefined)],
  ['_pretty', plain('_pretty', () => undefined)],
])

type Control = (draft: Draft, value: string, modifier: string | undefined) => void

/** A control that has no modifiers. */
function plain(name: string, control: (draft: Draft, value: string) => void): Control {
  return (draft, value, modifier) => {
    if (modifier !== undefined) throw notSupported(name, 'a modifier that is not supported')
    control(draft, value)
  }
}

function invalid(name: string, what: string): FhirError {
  return FhirError.invalid(`${name}: ${what}`, name)
}

function applyCount(draft: Draft, value: string): void {
  if (draft.count !== undefined) throw invalid('_count', 'given twice')
  if (!/^\d{1,9}$/.test(value)) throw invalid('_count', 'a whole number expected')
  draft.count = Math.min(Number(value), maxCount)
}

function applySort(draft: Draft, value: string): void {
  const keys = value.split(',').map((key) => {
    const code = key.replace(/^-/, '')
    if (code === '') throw invalid('_sort', 'a search parameter expected')
    if (!searchParameters(draft.type).has(code)) throw notSupported('_sort', 'a key that is not known')
    return { parameter: searchParameter(draft.type, code), descending: key.startsWith('-') }
  })
  draft.sort = [...draft.sort, ...keys]
}

const totals = ['none', 'estimate', 'accurate'] as const

function applyTotal(draft: Draft, value: string): void {
  if (draft.total !== undefined) throw invalid('_total', 'given twice')
  draft.total = totals.find((total) => total === value)
  if (draft.total === undefined) throw invalid('_total', 'none, estimate or accurate expected')
}

const summaries = ['true', 'text', 'data', 'count', 'false'] as const

function applySummary(draft: Draft, value: string): void {
  const summary = summaries.find((one) => one === value)
  if (summary === undefined) throw invalid('_summary', 'true, text, data, count or false expected')
  if (draft.summary !== undefined && draft.summary !== summary) throw invalid('_summary', 'given twice')
  draft.summary = summary
}

/** "By default, search results only include resources that are not contained." */
function applyContained(_draft: Draft, value: string): void {
  if (value !== 'false' && value !== 'true' && value !== 'both') {
    throw invalid('_contained', 'true, both or false expected')
  }
  if (value !== 'false') throw notSupported('_contained', 'contained resources are not searched')
}

/** Root elements, by their name in the definitions: `value`, not `valueQuantity`. */
function applyElements(draft: Draft, value: string): void {
  const properties = [...typeDefinition(draft.type).properties.values()]
  const known = new Set(properties.map(({ name, choice }) => choice ?? name))
  const elements = value.split(',')
  if (!elements.every((element) => known.has(element))) {
    throw invalid('_elements', `names of root elements of ${draft.type} expected`)
  }
  draft.elements = [...new Set([...(draft.elements ?? []), ...elements])]
}

function applyInclude(draft: Draft, value: string, modifier: string | undefined): void {
  draft.include = [...draft.include, parseInclude(draft.type, value, modifier)]
}

function applyRevinclude(draft: Draft, value: string, modifier: string | undefined): void {
  draft.revinclude = [...draft.revinclude, parseRevinclude(draft.type, value, modifier)]
}
