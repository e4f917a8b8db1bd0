import { demand, inFull, restrict, type Access } from '../access/access.ts'
import type { Permission } from '../access/scope.ts'
import { isWide, waysOf } from '../access/ways.ts'
import type { Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { isLocal } from '../fhir/search/criteria.ts'
import { matches } from '../fhir/search/matches.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import { matchingAmong } from '../store/candidates.ts'
import { currents } from '../store/resources.ts'
import type { StoredRow } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { withoutLinks } from './linked-criteria.ts'

/** One resource by its internal id. */
export interface Key {
  readonly type: string
  readonly id: string
}

/** `type/internal id` */
export function nameOf({ type, id }: Key): string {
  return `${type}/${id}`
}

/** Whether one of the caller's scopes gives this on all resources of the type, so that none need be judged. */
export function permitsAll(access: Access, type: string, permission: Permission): boolean {
  return waysOf(access, type, permission).some(isWide)
}

/**
 * What is there of some resources and within the caller's scopes: the same condition in SQL as a search has.
 *
 * @returns current rows, in no order; `[]` too where no scope gives this at all
 * @see SMART App Launch 2.2 § Scopes, "finer-grained resource constraints using search parameters"
 */
export async function reached(
  tx: Tx,
  context: Pick<Context, 'access' | 'gate'>,
  permission: Permission,
  keys: readonly Key[],
): Promise<StoredRow[]> {
  const { access, gate } = context
  const whole = keys.filter(({ type }) => permitsAll(access, type, permission))
  const rows = whole.length === 0 ? [] : await currents(tx, whole)
  for (const type of new Set(keys.map((key) => key.type))) {
    if (permitsAll(access, type, permission) || waysOf(access, type, permission).length === 0) continue
    const ids = keys.flatMap((key) => (key.type === type ? [key.id] : []))
    const query = await gate.prepare(tx, restrict(access, plainQuery(type, []), permission))
    rows.push(...(await matchingAmong(tx, query, ids)))
  }
  return rows
}

/**
 * The refusal of what the scopes do not reach: a resource that the caller may neither read nor find is not
 * there for it, whether there is one or not.
 *
 * @returns 404, or 403 where the caller knows it all the same
 */
export async function unreached(tx: Tx, context: Context, key: Key): Promise<FhirError> {
  for (const permission of ['r', 's'] as const) {
    if ((await reached(tx, context, permission, [key])).length > 0) return forbidden(key.type)
  }
  return FhirError.notFound(key.type)
}

/** 403: no scope for this on this resource. */
export function forbidden(type: string): FhirError {
  return FhirError.forbidden(`${type}: no scope for this interaction on this resource`)
}

/** @throws FhirError 403 when a scope does not reach one of these rows, which the caller knows of */
export async function demandReached(
  tx: Tx,
  context: Context,
  permission: Permission,
  keys: readonly Key[],
): Promise<void> {
  const unjudged = keys.filter(({ type }) => !permitsAll(context.access, type, permission))
  const rows = await reached(tx, context, permission, unjudged)
  const within = new Set(rows.map(nameOf))
  const beyond = unjudged.find((key) => !within.has(nameOf(key)))
  if (beyond) throw forbidden(beyond.type)
}

/**
 * Whether a scope lets the caller do this to a resource as it reads: to a former version, of which there is
 * no row to ask, or to one that was just written.
 *
 * @param id internal
 */
export async function permits(
  tx: Tx,
  context: Context,
  permission: Permission,
  { resource, id }: { readonly resource: Resource; readonly id: string },
): Promise<boolean> {
  const ways = waysOf(context.access, resource.resourceType, permission)
  if (ways.length === 0 || ways.some(isWide)) return ways.length > 0
  const patients = await context.gate.compartmentsOf(tx, resource, id)
  for (const { patient, filter } of ways) {
    if (patient !== undefined && !patients.includes(patient)) continue
    // as in SQL, what a scope asks of other resources is asked of all there are
    const full = { ...context, access: inFull(context.access) }
    if (matches(await withoutLinks(tx, full, filter, resource), resource, context)) return true
  }
  return false
}

/**
 * Refuses early what no scope can reach, whatever it is written beside: no later refusal may tell what only
 * who sees other resources may know. What depends on these is asked once all is written.
 *
 * @throws FhirError 403
 */
export async function demandWithin(
  tx: Tx,
  context: Context,
  permission: Permission,
  { resource, id }: { readonly resource: Resource; readonly id: string },
): Promise<void> {
  const type = resource.resourceType
  demand(context.access, type, permission)
  if (permitsAll(context.access, type, permission)) return
  const patients = await context.gate.compartmentsOf(tx, resource, id)
  if (!mayReach(context, permission, resource, patients)) throw forbidden(type)
}

/** Whether a scope reaches a resource as far as the resource itself tells. @param patients whose it is, by key */
export function mayReach(
  { access, ...options }: Pick<Context, 'access' | 'base' | 'zone'>,
  permission: Permission,
  resource: Resource,
  patients: readonly string[],
): boolean {
  return waysOf(access, resource.resourceType, permission).some(
    ({ patient, filter }) =>
      (patient === undefined || patients.includes(patient)) &&
      matches({ ...filter, criteria: filter.criteria.filter(isLocal) }, resource, options),
  )
}
