import { isLocal } from '../fhir/search/criteria.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import type { Query } from '../fhir/search/query.ts'
import type { Access } from './access.ts'
import { scopesFor, type Permission, type Scope } from './scope.ts'

/**
 * One way to resources of a type, as one scope opens it: they are in a patient's compartment, where it says
 * one, and meet all of its search parameters. Ways are alternatives: each is held against a resource alone,
 * so that the patient of one scope never goes with the parameters of another.
 *
 * @see SMART App Launch 2.2 § Scopes for requesting FHIR Resources
 */
export interface Way {
  /** key of the patient; undefined: whosever they are, nobody's too */
  readonly patient: string | undefined
  /** without criteria: all resources of the type */
  readonly filter: Query
}

/** The way to all resources of a type. */
export function everything(type: string): Way {
  return { patient: undefined, filter: plainQuery(type, []) }
}

/** Whether a way leads to all resources of its type. */
export function isWide({ patient, filter }: Way): boolean {
  return patient === undefined && filter.criteria.length === 0
}

/**
 * All ways that the caller's scopes open, but those that a wider one includes: beside a wide one there is no
 * other. Scopes of one letter alone: what lets somebody read opens no way to a search.
 *
 * @returns `[]`: the caller may do this to nothing of the type
 */
export function waysOf(access: Access, type: string, permission: Permission): readonly Way[] {
  const ways = scopesFor(access, type, permission).flatMap((scope) => openedBy(access, type, scope))
  const wide = ways.find(isWide)
  if (wide) return [wide]
  const whole = ways.find(({ filter }) => filter.criteria.length === 0)
  return whole ? [whole, ...ways.filter(({ patient }) => patient === undefined)] : ways
}

function openedBy(access: Access, type: string, { context, filters }: Scope): Way[] {
  const patient = access.kind === 'care' && context === 'patient' ? access.patient : undefined
  // without its patient such a scope would be one on everybody
  if (context === 'patient' && patient === undefined) return []
  const own = filters.length === 0 ? [plainQuery(type, [])] : filters
  // on a research base a filter is held against the one resource that is released
  const usable = access.kind === 'care' ? own : own.filter(({ criteria }) => criteria.every(isLocal))
  return usable.map((filter) => ({ patient, filter }))
}
