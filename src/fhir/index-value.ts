/**
 * What one search parameter finds in one resource: the common coin of extraction, store and matching.
 *
 * A token's code is in the form it is compared in: lower case, but for identifiers, ids and URIs. A token
 * or reference of which nothing is defined says that the element is there (`:missing`), and no more.
 * The identifier of a Reference goes under `subject:identifier`, as tokens.
 */
export type IndexValue =
  | {
      readonly kind: 'token'
      readonly parameter: string
      readonly system: string | undefined
      readonly code: string | undefined
    }
  /** a string leaf as it stands; normalised where it is compared */
  | { readonly kind: 'string'; readonly parameter: string; readonly text: string }
  /** `type`/`id` for local ones (relative, or absolute under our base), else `url` */
  | {
      readonly kind: 'reference'
      readonly parameter: string
      readonly type: string | undefined
      readonly id: string | undefined
      readonly url: string | undefined
    }
  /** [low, high) in ms since the epoch, UTC, whole numbers; an open end is ±Infinity */
  | { readonly kind: 'date'; readonly parameter: string; readonly low: number; readonly high: number }
  /** an exact value has low = high; the open end of a range, or of `<5`, is ±Infinity */
  | { readonly kind: 'number'; readonly parameter: string; readonly low: number; readonly high: number }
  | {
      readonly kind: 'quantity'
      readonly parameter: string
      readonly low: number
      readonly high: number
      readonly system: string | undefined
      readonly code: string | undefined
      readonly unit: string | undefined
    }
  | { readonly kind: 'uri'; readonly parameter: string; readonly uri: string }
