import type { SearchParameter } from '../definitions.ts'

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

export type Criterion =
  | ValueCriterion
  | CompositeCriterion
  | ChainCriterion
  | HasCriterion
  | AnyCriterion
  | AllCriterion
  | NotCriterion

/** `code=a,b`, `name:exact=x`, `date=ge2020`: values are ORed. */
export interface ValueCriterion {
  readonly kind: 'value'
  readonly parameter: SearchParameter
  /**
   * `text` makes a token parameter one of strings. `above`, `below`, `in`, `not-in` and `of-type` leave no
   * modifier: their values say it (`not-in` is `not`).
   */
  readonly modifier: 'missing' | 'not' | 'exact' | 'contains' | 'identifier' | 'text' | undefined
  readonly values: readonly SearchValue[]
}

/**
 * `component-code-value-quantity=8480-6$gt140`: one part of the resource meets all components of a value.
 * With `missing` the values are `missing` ones, each alone in its list.
 */
export interface CompositeCriterion {
  readonly kind: 'composite'
  readonly parameter: SearchParameter
  readonly modifier: 'missing' | undefined
  /** in the order of the components; values are ORed */
  readonly values: readonly (readonly SearchValue[])[]
}

/** One of them holds: `or` of `_filter`, a compartment's parameters. `[]`: never. */
export interface AnyCriterion {
  readonly kind: 'any'
  readonly of: readonly Criterion[]
}

/** All of them hold. `[]`: always. */
export interface AllCriterion {
  readonly kind: 'all'
  readonly of: readonly Criterion[]
}

/** `not` of `_filter`: what `of` does not find, also for want of a value. */
export interface NotCriterion {
  readonly kind: 'not'
  readonly of: Criterion
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
  /** `:of-type`: the coding of Identifier.type, and the identifier's value; both are asked for exactly */
  | { readonly kind: 'of-type'; readonly system: string; readonly code: string; readonly value: string }
  /** `:in` and `:not-in`: a token of this ValueSet; replaced by its tokens before any row is asked */
  | { readonly kind: 'value-set'; readonly valueSet: string }
  /** `:above` and `:below` on tokens, by the hierarchy of the CodeSystem; replaced in the same way */
  | {
      readonly kind: 'concept'
      readonly system: string
      readonly code: string
      readonly direction: 'above' | 'below'
    }
  /**
   * `:above` and `:below` on references: this resource, and those that it is part of, or that are part of
   * it; replaced by references before any row is asked
   */
  | {
      readonly kind: 'hierarchy'
      readonly type: string
      readonly id: string
      readonly direction: 'above' | 'below'
    }
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
  /** `Location.near`: no further than `metres` from the point, along a great circle of the WGS84 mean sphere */
  | {
      readonly kind: 'near'
      readonly latitude: number
      readonly longitude: number
      readonly metres: number
    }
  | { readonly kind: 'missing'; readonly missing: boolean }

export interface Include {
  /** the type that holds the reference; `*`: any */
  readonly source: string
  /** `*`: all references of the source */
  readonly parameter: SearchParameter | '*'
  readonly target: string | undefined
  /** followed from what was included too, not from the matches alone */
  readonly iterate: boolean
}
