import type { Query } from '../fhir/search/query.ts'
import { FhirError } from '../fhir/outcome.ts'
import { scopesFor, type Permission, type Scope } from './scope.ts'
import { everything, isWide, waysOf, type Way } from './ways.ts'

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
  /** keys of the only patients whose compartment may be seen; undefined: all */
  readonly patients: readonly string[] | undefined
  /** one of these must lead to a resource beside the caller's own criteria; `[]`: no further limit */
  readonly anyOf: readonly Way[]
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
  const ways = waysOf(access, query.type, permission)
  if (ways.length === 0) throw FhirError.forbidden(`${query.type}: no scope for this interaction`)
  // the one place where the brand is made
  return { ...query, access, ...limitsOf(ways) } as unknown as AllowedQuery
}

/** A patient that all ways share is told apart: the rows of one patient are found at once. */
function limitsOf(ways: readonly Way[]): Pick<AllowedQuery, 'patients' | 'anyOf'> {
  const [{ patient } = { patient: undefined }] = ways
  const isShared = ways.every((way) => way.patient === patient)
  const further = isShared ? ways.map((way) => ({ ...way, patient: undefined })) : ways
  return {
    patients: isShared && patient !== undefined ? [patient] : undefined,
    anyOf: further.some(isWide) ? [] : further,
  }
}

/** Narrows a query further: any of `filters` must hold beside what holds already; `[]`: no further limit. */
export function narrowTo(query: AllowedQuery, filters: readonly Query[]): AllowedQuery {
  if (filters.length === 0) return query
  const ways: readonly Way[] = query.anyOf.length === 0 ? [everything(query.type)] : query.anyOf
  const anyOf = ways.flatMap(({ patient, filter }) =>
    filters.map((one) => ({ patient, filter: { ...one, criteria: [...filter.criteria, ...one.criteria] } })),
  )
  return { ...query, anyOf }
}

/** @throws FhirError 403 when no scope lets the caller do this to resources of the type */
export function demand(access: Access, type: string, permission: Permission): void {
  if (scopesFor(access, type, permission).length === 0) {
    throw FhirError.forbidden(`${type}: no scope for this interaction`)
  }
}

/** The same caller without limits by scopes: what a permit releases, and what a scope asks, is not theirs to limit. */
export function inFull<One extends Access>(access: One): One {
  const scopes: readonly Scope[] = [
    { context: 'system', type: '*', permissions: new Set(['r', 's']), filters: [] },
  ]
  return { ...access, scopes }
}
