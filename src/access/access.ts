import type { Query } from '../fhir/search/query.ts'
import { FhirError } from '../fhir/outcome.ts'
import { scopesFor, type Permission, type Scope } from './scope.ts'

/**
 * Who asks, through which door, and how far they may see. Made once per request by `auth`, passed by
 * value through every layer; nothing in it comes from the request's body.
 */
export type Access = CareAccess | ResearchAccess

/** Who is named in the AuditEvent. No secrets, no patient data. */
export interface Caller {
  readonly clientId: string
  /** the person, when one is behind the client */
  readonly userId: string | undefined
  /** identifies the token in the trail without being it */
  readonly tokenId: string
  readonly ip: string | undefined
  /** v3-ActReason, where it is not the ordinary one: the glass was broken */
  readonly purpose?: 'BTG'
}

/** The care base `/fhir`: identified records under SMART scopes. */
export interface CareAccess {
  readonly kind: 'care'
  readonly caller: Caller
  readonly scopes: readonly Scope[]
  /** key of the patient in launch context, for `patient/` scopes */
  readonly patient: string | undefined
  /** grants beside scopes: `bulk-identified`, `delete-multiple` */
  readonly grants: ReadonlySet<string>
}

/** The research base of one permit: read-only, pseudonymised. */
export interface ResearchAccess {
  readonly kind: 'research'
  readonly caller: Caller
  readonly scopes: readonly Scope[]
  readonly permit: Permit
}

/** What a permit allows, as the gate and the store need it. Loaded from `governance`, never from a token. */
export interface Permit {
  /** the segment in `/research/{permit}/fhir` */
  readonly id: string
  readonly data: readonly DataDefinition[]
  readonly freeText: boolean
  /** the release's own "now": ages are capped against its year */
  readonly grantedAt: Date
  readonly expiresAt: Date
}

/** One approved resource type with its filters. */
export interface DataDefinition {
  readonly type: string
  /** each a search on that type over the true record; any of them lets a resource in; `[]`: all */
  readonly typeFilters: readonly Query[]
  /** root elements that may leave, beyond the mandatory ones; undefined: all the rules allow */
  readonly elements: readonly string[] | undefined
}

declare const allowed: unique symbol
/** A query that the caller's rights were put on. The store takes nothing else. */
export type AllowedQuery = Query & {
  readonly [allowed]: true
  readonly access: Access
  /** granular scopes: any of these queries must match beside the caller's own; `[]`: no further limit */
  readonly anyOf: readonly Query[]
  /** keys of the only patients whose compartment may be seen; undefined: all */
  readonly patients: readonly string[] | undefined
}

/**
 * Puts the caller's rights on a query.
 *
 * @throws FhirError 403 when no scope lets the caller search this type, or the permit does not name it
 */
export function restrict(access: Access, query: Query, permission: Permission = 's'): AllowedQuery {
  if (access.kind === 'research' && !access.permit.data.some((data) => data.type === query.type)) {
    throw FhirError.forbidden(`${query.type}: not part of this permit`)
  }
  const scopes = scopesFor(access, query.type, permission)
  const beyond = scopes.filter(({ context }) => context !== 'patient')
  const patient = access.kind === 'care' ? access.patient : undefined
  // scopes that reach beyond one patient stand alone beside `patient/` ones: never wider than either
  const judged = beyond.length > 0 ? beyond : patient === undefined ? [] : scopes
  if (judged.length === 0) throw FhirError.forbidden(`${query.type}: no scope for this interaction`)
  const isWide = judged.some(({ filters }) => filters.length === 0)
  return {
    ...query,
    access,
    anyOf: isWide ? [] : judged.flatMap(({ filters }) => filters),
    patients: beyond.length > 0 || patient === undefined ? undefined : [patient],
  } as unknown as AllowedQuery // the one place where the brand is made
}

/** Narrows a query further: any of `filters` must hold beside what holds already; `[]`: no further limit. */
export function narrowTo(query: AllowedQuery, filters: readonly Query[]): AllowedQuery {
  if (filters.length === 0) return query
  const both = (left: Query, right: Query): Query => ({
    ...right,
    criteria: [...left.criteria, ...right.criteria],
  })
  const anyOf = query.anyOf.flatMap((scope) => filters.map((filter) => both(scope, filter)))
  return { ...query, anyOf: query.anyOf.length === 0 ? filters : anyOf }
}

/** @throws FhirError 403 when no scope lets the caller do this to resources of the type */
export function demand(access: Access, type: string, permission: Permission): void {
  if (scopesFor(access, type, permission).length === 0) {
    throw FhirError.forbidden(`${type}: no scope for this interaction`)
  }
}
