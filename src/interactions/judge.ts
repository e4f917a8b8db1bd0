import type { Access } from '../access/access.ts'
import { scopesFor, type Permission, type Scope } from '../access/scope.ts'
import type { Resource } from '../fhir/json.ts'
import { matches } from '../fhir/search/matches.ts'
import { FhirError } from '../fhir/outcome.ts'
import { isLocal } from '../fhir/search/criteria.ts'
import type { Query } from '../fhir/search/query.ts'
import type { Context } from './context.ts'

/** One resource before the scopes: whose compartment it is in, and how to read it if a scope asks. */
export interface Judged {
  readonly type: string
  /** key of the patient in whose compartment it is */
  readonly patient: string
  /** called only when a scope looks at elements */
  resource(): Resource
}

/**
 * Whether a scope lets the caller do this to this very resource. A search asks the same in SQL
 * (`restrict`); reads, writes and histories ask here.
 *
 * @see SMART App Launch 2.2 § Scopes, "finer-grained resource constraints using search parameters"
 */
export function permits(context: Context, permission: Permission, judged: Judged): boolean {
  const scopes = scopesFor(context.access, judged.type, permission)
  return scopes.some((scope) => reaches(context, scope, judged))
}

/** @throws FhirError 403 when no scope does */
export function demandOn(context: Context, permission: Permission, judged: Judged): void {
  if (!permits(context, permission, judged)) {
    throw FhirError.forbidden(`${judged.type}: no scope for this interaction on this resource`)
  }
}

/** Whether one of the caller's scopes gives this on all resources of the type, so that none need be judged. */
export function permitsAll(access: Access, type: string, permission: Permission): boolean {
  return scopesFor(access, type, permission).some(
    (scope) => scope.context !== 'patient' && scope.filters.length === 0,
  )
}

function reaches(context: Context, scope: Scope, judged: Judged): boolean {
  const { access } = context
  if (scope.context === 'patient' && (access.kind !== 'care' || access.patient !== judged.patient))
    return false
  if (scope.filters.length === 0) return true
  return scope.filters.some((filter) => areLocal(filter) && matches(filter, judged.resource(), context))
}

/** A chain or `_has` looks beyond the resource; in a scope it holds for searches only, else it fits nothing. */
function areLocal(query: Query): boolean {
  return query.criteria.every(isLocal)
}
