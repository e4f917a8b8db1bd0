import type { SearchParameter } from './definitions.ts'

/** A search, taken apart and checked against the definitions; nothing of it is text any more. */
export interface Query {
  readonly type: string
  /** ANDed */
  readonly criteria: readonly Criterion[]
  readonly sort: readonly { readonly parameter: SearchParameter; readonly descending: boolean }[]
  /** page size; undefined: the server's default */
  readonly count: number | undefined
  readonly include: readonly Include[]
  readonly revinclude: readonly Include[]
  readonly total: 'none' | 'estimate' | 'accurate' | undefined
  readonly elements: readonly string[] | undefined
  readonly summary: 'true' | 'text' | 'data' | 'count' | 'false' | undefined
}

export type Criterion = ValueCriterion | ChainCriterion | HasCriterion

/** `code=a,b`, `name:exact=x`, `date=ge2020`: values are ORed. */
export interface ValueCriterion {
  readonly kind: 'value'
  readonly parameter: SearchParameter
  readonly modifier: 'missing' | 'not' | 'exact' | 'contains' | 'identifier' | undefined
  readonly values: readonly SearchValue[]
}

/** `subject:Patient.gender=male`: `target` is searched, the reference must lead to a match. */
export interface ChainCriterion {
  readonly kind: 'chain'
  readonly parameter: SearchParameter
  readonly target: Query
}

/** `_has:Condition:patient:code=x`: a resource of `source.type` refers here by `parameter` and matches. */
export interface HasCriterion {
  readonly kind: 'has'
  readonly parameter: SearchParameter
  readonly source: Query
}

export type Prefix = 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb' | 'ap'

export type SearchValue =
  /**
   * undefined system: any; `''`: the coding must have none. undefined code: any of the system. The code is
   * in the form of the index: lower case, but for identifiers, ids and URIs, which are told apart by case.
   */
  | { readonly kind: 'token'; readonly system: string | undefined; readonly code: string | undefined }
  | { readonly kind: 'string'; readonly text: string }
  /** `type` is undefined for a bare id; `url` is set for absolute ones that are not of this base */
  | {
      readonly kind: 'reference'
      readonly type: string | undefined
      readonly id: string
      readonly url: string | undefined
    }
  /** [low, high) in ms since the epoch, UTC */
  | { readonly kind: 'date'; readonly prefix: Prefix; readonly low: number; readonly high: number }
  /**
   * [low, high): the implicit range of the digits given, for eq and ne; ±10 % for ap; `number` itself for
   * the others
   */
  | {
      readonly kind: 'number'
      readonly prefix: Prefix
      readonly number: number
      readonly low: number
      readonly high: number
    }
  | {
      readonly kind: 'quantity'
      readonly prefix: Prefix
      readonly number: number
      readonly low: number
      readonly high: number
      readonly system: string | undefined
      readonly code: string | undefined
    }
  | { readonly kind: 'uri'; readonly uri: string; readonly match: 'exact' | 'above' | 'below' }
  | { readonly kind: 'missing'; readonly missing: boolean }

export interface Include {
  /** the type that holds the reference */
  readonly source: string
  readonly parameter: SearchParameter
  readonly target: string | undefined
}
