import { isResourceType } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { leavesOf, type Leaf } from '../fhir/search/criteria.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import type { Query } from '../fhir/search/query.ts'
import { demandNoTerminology } from '../fhir/terminology/query.ts'
import { compositePlan } from '../resources/composites.ts'
import type { Access } from './access.ts'

/** The letters of SMART v2: create, read, update, delete, search. */
export type Permission = 'c' | 'r' | 'u' | 'd' | 's'

/** One clinical scope, `system/Observation.rs?category=laboratory`, taken apart. */
export interface Scope {
  readonly context: 'patient' | 'user' | 'system'
  /** a resource type or `*` */
  readonly type: string
  readonly permissions: ReadonlySet<Permission>
  /** the scope's search parameters as queries; `[]` when it has none */
  readonly filters: readonly Query[]
  /** the same as they were written, form-encoded and sorted, for print; absent when it has none */
  readonly parameters?: string
}

/** The scopes that give this permission on this type. */
export function scopesFor(access: Access, type: string, permission: Permission): readonly Scope[] {
  return access.scopes.filter(
    (scope) => (scope.type === '*' || scope.type === type) && scope.permissions.has(permission),
  )
}

/**
 * Reads the clinical scopes of a scope string. v1 words are understood as SMART v2 says: `read` is
 * `rs`, `write` is `cud`, `*` is `cruds`. What is no clinical scope (`launch`, `openid`, an unknown
 * context, type or letter, letters out of order, a search parameter we do not have) is left out: a
 * scope that is not understood gives nothing.
 *
 * @param zone IANA zone in which dates without an offset are read, in search parameters
 * @see SMART App Launch 2.2 § Scopes for requesting FHIR Resources
 */
export function parseScopes(text: string, zone: string): readonly Scope[] {
  return text.split(' ').flatMap((token) => parseScope(token, zone) ?? [])
}

/** One scope of {@link parseScopes}; undefined when it is not understood. */
export function parseScope(token: string, zone: string): Scope | undefined {
  const [, context, type, letters, parameters] = clinicalScope.exec(token) ?? []
  if (!isContext(context) || type === undefined || letters === undefined) return undefined
  if (type !== '*' && !isResourceType(type)) return undefined
  const permissions = parsePermissions(letters)
  if (permissions.size === 0) return undefined
  if (parameters === undefined) return { context, type, permissions, filters: [] }
  // v1 has no search parameters, and `*` has no type to look them up in
  if (type === '*' || v1.has(letters)) return undefined
  return filtered({ context, type, permissions, filters: [] }, parameters, zone)
}

const clinicalScope = /^([a-z]+)\/([A-Za-z]+|\*)\.([a-z]+|\*)(?:\?(.+))?$/
const order: readonly Permission[] = ['c', 'r', 'u', 'd', 's']
const v1: ReadonlyMap<string, string> = new Map([
  ['read', 'rs'],
  ['write', 'cud'],
  ['*', 'cruds'],
])

function isContext(text: string | undefined): text is Scope['context'] {
  return text === 'patient' || text === 'user' || text === 'system'
}

function parsePermissions(letters: string): ReadonlySet<Permission> {
  const v2 = v1.get(letters) ?? letters
  return new Set(/^c?r?u?d?s?$/.test(v2) ? order.filter((letter) => v2.includes(letter)) : [])
}

function filtered(scope: Scope, parameters: string, zone: string): Scope | undefined {
  const pairs = [...new URLSearchParams(parameters)]
  try {
    const { query } = parseQuery(scope.type, pairs, { zone, handling: 'strict' })
    demandNoTerminology(query)
    if (!leavesOf(query).every(isLasting)) return undefined
    if (query.criteria.length !== pairs.length) return undefined // `_sort`, `_count`: no limits on what is seen
    return { ...scope, filters: [query], parameters: canonicalParameters(pairs) }
  } catch (error) {
    if (error instanceof FhirError) return undefined
    throw error
  }
}

/** Whether a criterion finds the same at any time, and rows can be asked for it: `ap` on dates widens with their age. */
function isLasting({ type, criterion }: Leaf): boolean {
  if (criterion.kind === 'composite' && compositePlan(type, criterion.parameter) === undefined) return false
  return criterion.values.flat().every((value) => value.kind !== 'date' || value.prefix !== 'ap')
}

function canonicalParameters(pairs: readonly (readonly [string, string])[]): string {
  const texts = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return [...new Set(texts)].sort().join('&')
}

/** Form encoding, but for what SMART's own examples leave readable. No blank remains: it parts scopes. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%(?:3A|2F|7C|2C)/g, decodeURIComponent)
}

/** The scope string of some scopes: v2, sorted, none that another one includes. */
export function printScopes(scopes: readonly Scope[]): string {
  return canonical(scopes).map(printScope).join(' ')
}

/** @throws TypeError when it has filters and no text for them: printed without, it would be wider */
export function printScope(scope: Scope): string {
  if (scope.filters.length > 0 && scope.parameters === undefined) throw new TypeError('a filter without text')
  const letters = order.filter((letter) => scope.permissions.has(letter)).join('')
  return `${scope.context}/${scope.type}.${letters}${scope.parameters === undefined ? '' : `?${scope.parameters}`}`
}

/**
 * What of `requested` lies within `allowed`: the intersection, in the canonical form. Never wider
 * than either: letters are intersected, `*` gives way to a type, filters of both must hold.
 */
export function narrow(requested: readonly Scope[], allowed: readonly Scope[]): readonly Scope[] {
  return canonical(requested.flatMap((one) => allowed.flatMap((other) => intersect(one, other) ?? [])))
}

function intersect(one: Scope, other: Scope): Scope | undefined {
  if (one.context !== other.context) return undefined
  const type = one.type === '*' ? other.type : one.type
  if (other.type !== '*' && other.type !== type) return undefined
  const permissions = new Set([...one.permissions].filter((letter) => other.permissions.has(letter)))
  return permissions.size === 0
    ? undefined
    : { context: one.context, type, permissions, ...bothFilters(one, other) }
}

type Filters = Pick<Scope, 'filters' | 'parameters'>

function bothFilters(one: Scope, other: Scope): Filters {
  if (one.filters.length === 0) return filtersOf(other)
  if (other.filters.length === 0 || one.parameters === other.parameters) return filtersOf(one)
  const filters = one.filters.flatMap((left) =>
    other.filters.map((right) => ({ ...left, criteria: [...left.criteria, ...right.criteria] })),
  )
  if (one.parameters === undefined || other.parameters === undefined) return { filters }
  const pairs = [...new URLSearchParams(one.parameters), ...new URLSearchParams(other.parameters)]
  return { filters, parameters: canonicalParameters(pairs) }
}

function filtersOf({ filters, parameters }: Scope): Filters {
  return parameters === undefined ? { filters } : { filters, parameters }
}

/** Merges scopes that differ in letters only, drops those that another includes, sorts by text. */
function canonical(scopes: readonly Scope[]): readonly Scope[] {
  const merged = new Map<string, Scope>()
  for (const scope of scopes) {
    const key = printScope({ ...scope, permissions: new Set() })
    const permissions = new Set([...(merged.get(key)?.permissions ?? []), ...scope.permissions])
    merged.set(key, { ...scope, permissions })
  }
  const all = [...merged.values()]
  return all
    .filter((scope) => !all.some((other) => other !== scope && includes(other, scope)))
    .sort((left, right) => (printScope(left) < printScope(right) ? -1 : 1))
}

function includes(wide: Scope, scope: Scope): boolean {
  return (
    wide.context === scope.context &&
    (wide.type === '*' || wide.type === scope.type) &&
    (wide.filters.length === 0 || wide.parameters === scope.parameters) &&
    [...scope.permissions].every((letter) => wide.permissions.has(letter))
  )
}
