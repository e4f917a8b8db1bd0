import { extractParameter, type ExtractOptions } from './extract.ts'
import type { Resource } from '../json.ts'
import { matchesValue } from './match-value.ts'
import type {
  ChainCriterion,
  CompositeCriterion,
  Criterion,
  HasCriterion,
  Query,
  SearchValue,
  ValueCriterion,
} from './query.ts'

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
 * @throws FhirError 400 `not-supported` for a value set or a hierarchy that nobody replaced by what is in it
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
    case 'composite':
      return matchesComposite(criterion, resource, options)
    case 'chain':
      return matchesChain(criterion, resource, options)
    case 'has':
      return matchesHas(criterion, resource, options)
    case 'any':
      return criterion.of.some((one) => matchesCriterion(one, resource, options))
    case 'all':
      return criterion.of.every((one) => matchesCriterion(one, resource, options))
    case 'not':
      return !matchesCriterion(criterion.of, resource, options)
  }
}

/**
 * The name that extraction files the values under which a criterion asks for: `subject:identifier`,
 * `code:text`, `identifier:of-type`, and the parameter's own code else.
 */
export function indexedName({ parameter, modifier, values }: ValueCriterion): string {
  if (modifier === 'identifier' || modifier === 'text') return `${parameter.code}:${modifier}`
  return values[0]?.kind === 'of-type' ? `${parameter.code}:of-type` : parameter.code
}

function matchesValues(criterion: ValueCriterion, resource: Resource, options: MatchOptions): boolean {
  const { parameter, modifier, values } = criterion
  const name = indexedName(criterion)
  // one extraction gives both `subject` and `subject:identifier`
  const found = extractParameter(resource, parameter.code, options).filter(
    (index) => index.parameter === name,
  )
  if (modifier === 'missing') return isMissing(values, found.length === 0)
  const any = found.some((index) => values.some((value) => matchesValue(value, index, modifier)))
  // "including resources that have no value": `:not` is the complement
  return modifier === 'not' ? !any : any
}

function isMissing(values: readonly SearchValue[], missing: boolean): boolean {
  return values.some((value) => value.kind === 'missing' && value.missing === missing)
}

/** All components of a value within one focus: a systolic code beside a diastolic number is no match. */
function matchesComposite(
  { parameter, modifier, values }: CompositeCriterion,
  resource: Resource,
  options: MatchOptions,
): boolean {
  const foci = extractParameter(resource, parameter.code, options)
  if (modifier === 'missing') return isMissing(values.flat(), foci.length === 0)
  return foci.some(
    (focus) =>
      focus.kind === 'composite' &&
      values.some((asked) =>
        asked.every((value, at) =>
          focus.components[at]?.some((index) => matchesValue(value, index, undefined)),
        ),
      ),
  )
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
