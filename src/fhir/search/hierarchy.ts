import { searchParameters, type SearchParameter } from '../definitions.ts'
import { leavesOf } from './criteria.ts'
import { referenceTargets } from './extract.ts'
import { FhirError } from '../outcome.ts'
import type { Criterion, Query, SearchValue } from './query.ts'
import { isId, parseReference } from '../reference.ts'

/**
 * Hierarchies of resources: rooms of a ward, departments of a hospital, visits within a stay.
 *
 * @see FHIR R4 § Search, "Searching Hierarchies"
 */
export type Hierarchy = SearchValue & { readonly kind: 'hierarchy' }

/**
 * The parameter by which resources of a type are part of others of the same type: `Location:partof`.
 *
 * @returns undefined when they form no hierarchy
 */
export function partParameter(type: string): SearchParameter | undefined {
  return [...searchParameters(type).values()].find(
    ({ code, type: kind, expression }) =>
      kind === 'reference' &&
      (expression ?? '').split('|').some((path) => path.trim() === `${type}.partOf`) &&
      referenceTargets(type, code).includes(type),
  )
}

/** The types that a reference parameter can lead to and that form a hierarchy. */
export function hierarchicalTargets(type: string, code: string): readonly string[] {
  return referenceTargets(type, code).filter((target) => partParameter(target) !== undefined)
}

/**
 * Reads the value of `location:below=Location/42`. A bare id is taken where only one type forms a hierarchy.
 *
 * @throws FhirError 400 `value`
 */
export function parseHierarchy(
  text: string,
  type: string,
  code: string,
  direction: 'above' | 'below',
  base: string | undefined,
): SearchValue {
  const targets = hierarchicalTargets(type, code)
  const [only, ...others] = targets
  if (isId(text) && only !== undefined && others.length === 0) {
    return { kind: 'hierarchy', type: only, id: text, direction }
  }
  const parsed = parseReference(text, base)
  const isLocal = parsed.kind === 'relative' || (parsed.kind === 'absolute' && parsed.local)
  if (
    !isLocal ||
    parsed.id === undefined ||
    parsed.version !== undefined ||
    !targets.includes(parsed.type ?? '')
  ) {
    throw FhirError.invalid(`${code}: a reference to ${targets.join(' or ')} expected`, code)
  }
  return { kind: 'hierarchy', type: parsed.type ?? '', id: parsed.id, direction }
}

/** All that a query asks by hierarchy, nested searches included; mostly `[]`. */
export function hierarchiesIn(query: Query): readonly Hierarchy[] {
  // a component takes no modifier
  return leavesOf(query).flatMap(({ criterion }) =>
    criterion.kind === 'value' ? criterion.values.filter((value) => value.kind === 'hierarchy') : [],
  )
}

/** A query with references where it asked by hierarchy. */
export function withReferences(query: Query, idsOf: (value: Hierarchy) => readonly string[]): Query {
  return replaced(query, (value) =>
    idsOf(value).map((id) => ({ kind: 'reference', type: value.type, id, url: undefined })),
  )
}

type Replace = (value: Hierarchy) => readonly SearchValue[]

function replaced(query: Query, replace: Replace): Query {
  return { ...query, criteria: query.criteria.map((one) => replacedIn(one, replace)) }
}

function replacedIn(criterion: Criterion, replace: Replace): Criterion {
  switch (criterion.kind) {
    case 'value': {
      const values = criterion.values.flatMap((value) =>
        value.kind === 'hierarchy' ? replace(value) : [value],
      )
      return { ...criterion, values }
    }
    case 'composite': // a component takes no modifier
      return criterion
    case 'chain':
      return { ...criterion, target: replaced(criterion.target, replace) }
    case 'has':
      return { ...criterion, source: replaced(criterion.source, replace) }
    case 'any':
    case 'all':
      return { ...criterion, of: criterion.of.map((one) => replacedIn(one, replace)) }
    case 'not':
      return { ...criterion, of: replacedIn(criterion.of, replace) }
  }
}
