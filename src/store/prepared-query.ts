import type { SearchParameter } from '../fhir/definitions.ts'
import type {
  ChainCriterion,
  HasCriterion,
  Query,
  SearchValue,
  ValueCriterion,
} from '../fhir/search/query.ts'

declare const prepared: unique symbol

/**
 * A query ready for SQL, made by the gate alone: the caller's rights are on it, patients are named by
 * key, and criteria over sealed elements have become keyed hashes.
 */
export interface PreparedQuery extends Omit<Query, 'criteria'> {
  readonly [prepared]: true
  readonly criteria: readonly PreparedCriterion[]
  /** keys of the only patients whose rows may be found; undefined: no such limit */
  readonly patients: readonly string[] | undefined
  /** only the frozen cohort of this permit */
  readonly permit: string | undefined
  /** true: no patient who opposes research */
  readonly unopposed?: true
  /** any of these must hold too (granular scopes, a permit's type filters); `[]`: no such limit */
  readonly anyOf: readonly (readonly PreparedCriterion[])[]
}

export type PreparedCriterion =
  | ValueCriterion
  | PreparedChain
  | PreparedHas
  | PreparedFoci
  | BlindCriterion
  /** rows with one of these tokens */
  | { readonly kind: 'tokens'; readonly tokens: readonly bigint[] }
  /** rows with one of these internal ids */
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  /** rows in the compartment of one of these patients, by key */
  | { readonly kind: 'compartment'; readonly patients: readonly string[] }
  /** `any` of none is never, `all` of none is always */
  | { readonly kind: 'any' | 'all'; readonly of: readonly PreparedCriterion[] }
  | { readonly kind: 'not'; readonly of: PreparedCriterion }

export interface PreparedChain extends Omit<ChainCriterion, 'target'> {
  readonly target: PreparedTarget
}

export interface PreparedHas extends Omit<HasCriterion, 'source'> {
  readonly source: PreparedTarget
}

/** The other end of a chain: rows of a type that meet criteria, under the caller's rights on that type. */
export interface PreparedTarget {
  readonly type: string
  readonly criteria: readonly PreparedCriterion[]
  readonly patients: readonly string[] | undefined
  readonly permit: string | undefined
  readonly unopposed?: true
  readonly anyOf: readonly (readonly PreparedCriterion[])[]
}

/** A composite: one of the row's foci meets all components of a value. */
export interface PreparedFoci {
  readonly kind: 'foci'
  readonly parameter: SearchParameter
  readonly components: readonly SearchParameter[]
  /** ORed */
  readonly values: readonly (readonly SearchValue[])[]
  /** only whether there is a focus is asked */
  readonly present: boolean
}

/** Over a sealed element: any of the lists, all of whose tokens are in the row's blind index. */
export interface BlindCriterion {
  readonly kind: 'blind'
  readonly parameter: string
  readonly anyOf: readonly (readonly bigint[])[]
  readonly negate: boolean
  /**
   * what is known beforehand: `few` rows have it, as a number; or few are left to look into, `each` by itself
   */
  readonly look?: 'few' | 'each'
}

/** The same rows without those of patients who oppose research, as the statement itself sees them. */
export function withoutOpposed(query: PreparedQuery): PreparedQuery {
  return { ...query, unopposed: true }
}

/** The gate's way to set the mark; nobody else's. */
export function markPrepared(query: Omit<PreparedQuery, typeof prepared>): PreparedQuery {
  return query as unknown as PreparedQuery
}
