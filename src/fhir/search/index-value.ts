/**
 * What one search parameter finds in one resource: the common coin of extraction, store and matching.
 *
 * A token's code is in the form it is compared in: lower case, but for identifiers, ids and URIs. A token
 * or reference of which nothing is defined says that the element is there (`:missing`), and no more.
 * The identifier of a Reference goes under `subject:identifier`, as tokens; the words beside a code or a
 * reference under `code:text`, as strings; the type of an Identifier under `identifier:of-type`.
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
  /** one coding of an Identifier's type, and the identifier's value; all as they stand */
  | {
      readonly kind: 'of-type'
      readonly parameter: string
      readonly system: string | undefined
      readonly code: string
      readonly value: string
    }
  /**
   * One focus of a composite parameter, such as one `Observation.component`: what each component finds in
   * it, in their order, under their own names. A focus in which one of them finds nothing has no value.
   */
  | {
      readonly kind: 'composite'
      readonly parameter: string
      readonly components: readonly (readonly IndexValue[])[]
      /** the focus is the resource itself: its components are the resource's own parameters */
      readonly root: boolean
    }
  /** degrees, WGS84: latitude in [-90, 90], longitude in [-180, 180] */
  | {
      readonly kind: 'position'
      readonly parameter: string
      readonly latitude: number
      readonly longitude: number
    }
