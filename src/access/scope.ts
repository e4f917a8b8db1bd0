import type { Query } from '../fhir/query.ts'
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
}

/** The scopes that give this permission on this type. */
export function scopesFor(access: Access, type: string, permission: Permission): readonly Scope[] {
  return access.scopes.filter(
    (scope) => (scope.type === '*' || scope.type === type) && scope.permissions.has(permission),
  )
}
