import { extractParameter, type ExtractOptions } from './extract.ts'
import type { IndexValue } from './index-value.ts'
import type { Resource } from './json.ts'
import { matchesInterval, matchesNumber } from './match-prefix.ts'
import { normalise } from './normalise.ts'
import type { ChainCriterion, Criterion, HasCriterion, Query, SearchValue, ValueCriterion } from './query.ts'

/** Where chains and `_has` look; each answers with what the caller may see, and no more. */
export interface MatchOptions extends ExtractOptions {
  /** the resource that a local reference leads to */
  readonly resolve?: (type: string, id: string) => Resource | undefined
  /** resources of a type that may refer to the one being matched */
  readonly referring?: (type: string) => Iterable<Resource>
}

/**
 * Whether a resource is in the answer to a search: what the store's SQL must agree with, and what judges
 * a resource that is already at hand. Sort, paging and includes play no part.
 *
 * @throws TypeError for a chain or `_has` without the callback that it needs
 * @see FHIR R4 § Search
 */
export function matches(query: Query, resource: Resource, options: MatchOptions): boolean {
  return (
    resource.resourceType === query.type &&
    query.criteria.every((criterion) => matchesCriterion(criterion, resource, options))
  )
}

function matchesCriterion(criterion: Criterion, resource: Resource, options: MatchOptions): boolean {
  switch (criterion.kind) {
    case 'value':
      return matchesValues(criterion, resource, options)
    case 'chain':
      return matchesChain(criterion, resource, options)
    case 'has':
      return matchesHas(criterion, resource, options)
  }
}

function matchesValues(criterion: ValueCriterion, resource: Resource, options: MatchOptions): boolean {
  const { parameter, modifier, values } = criterion
  const code = modifier === 'identifier' ? `${parameter.code}:identifier` : parameter.code
  // one extraction gives both `subject` and `subject:identifier`
  const found = extractParameter(resource, parameter.code, options).filter(
    (index) => index.parameter === code,
  )
  if (modifier === 'missing') {
    return values.some((value) => value.kind === 'missing' && value.missing === (found.length === 0))
  }
  const any = found.some((index) => values.some((value) => matchesValue(value, index, modifier)))
  // "including resources that have no value": `:not` is the complement
  return modifier === 'not' ? !any : any
}

function matchesValue(value: SearchValue, index: IndexValue, modifier: ValueCriterion['modifier']): boolean {
  switch (value.kind) {
    case 'token':
      return index.kind === 'token' && matchesToken(value, index)
    case 'string':
      return index.kind === 'string' && matchesString(value.text, index.text, modifier)
    case 'reference':
      return index.kind === 'reference' && matchesReference(value, index)
    case 'date':
      return index.kind === 'date' && matchesInterval(value, index)
    case 'number':
      return index.kind === 'number' && matchesNumber(value, index)
    case 'quantity':
      return index.kind === 'quantity' && matchesUnit(value, index) && matchesNumber(value, index)
    case 'uri':
      return index.kind === 'uri' && matchesUri(value, index.uri)
    case 'missing':
      return false
  }
}

type Value<Kind> = SearchValue & { readonly kind: Kind }
type Index<Kind> = IndexValue & { readonly kind: Kind }

/** Systems exactly; codes as the index has them. A token of which nothing is known matches nothing. */
function matchesToken({ system, code }: Value<'token'>, index: Index<'token'>): boolean {
  if (code !== undefined && index.code !== code) return false
  if (system === '') return index.system === undefined
  return system === undefined || index.system === system
}

/** "Equals or starts with", without case and accents, unless a modifier says otherwise. */
function matchesString(text: string, index: string, modifier: ValueCriterion['modifier']): boolean {
  if (modifier === 'exact') return index === text
  const [wanted, found] = [normalise(text), normalise(index)]
  return modifier === 'contains' ? found.includes(wanted) : found.startsWith(wanted)
}

function matchesReference({ type, id, url }: Value<'reference'>, index: Index<'reference'>): boolean {
  if (url !== undefined) return index.url === url
  return index.id === id && (type === undefined || index.type === type)
}

/** With a system: system and code exactly. Without: "the code or the unit". */
function matchesUnit({ system, code }: Value<'quantity'>, index: Index<'quantity'>): boolean {
  if (system !== undefined) return index.system === system && (code === undefined || index.code === code)
  return code === undefined || index.code === code || index.unit === code
}

function matchesUri({ uri, match }: Value<'uri'>, index: string): boolean {
  if (match === 'below') return isBelow(index, uri)
  return match === 'above' ? isBelow(uri, index) : index === uri
}

/** `http://example.org/fhir/ValueSet` is below `http://example.org/fhir`, by whole segments. */
function isBelow(uri: string, above: string): boolean {
  return uri === above || uri.startsWith(above.endsWith('/') ? above : `${above}/`)
}

function matchesChain(
  { parameter, target }: ChainCriterion,
  resource: Resource,
  options: MatchOptions,
): boolean {
  const { resolve } = options
  if (!resolve) throw new TypeError('a chain cannot be judged without what it leads to')
  return extractParameter(resource, parameter.code, options).some((index) => {
    if (index.kind !== 'reference' || index.type !== target.type || index.id === undefined) return false
    const found = resolve(index.type, index.id)
    return found !== undefined && matches(target, found, options)
  })
}

function matchesHas({ parameter, source }: HasCriterion, resource: Resource, options: MatchOptions): boolean {
  const { referring } = options
  if (!referring) throw new TypeError('_has cannot be judged without what refers here')
  for (const candidate of referring(source.type)) {
    if (refersTo(candidate, parameter.code, resource, options) && matches(source, candidate, options))
      return true
  }
  return false
}

function refersTo(source: Resource, code: string, target: Resource, options: MatchOptions): boolean {
  return extractParameter(source, code, options).some(
    (index) => index.kind === 'reference' && index.type === target.resourceType && index.id === target['id'],
  )
}
