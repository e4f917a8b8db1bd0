/** What one search parameter finds in one resource: the common coin of extraction, store and matching. */
export type IndexValue =
  | { readonly kind: 'token'; readonly parameter: string; readonly system: string | undefined; readonly code: string | undefined }
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
  /** [low, high) in ms since the epoch, UTC; an open end is ±Infinity */
  | { readonly kind: 'date'; readonly parameter: string; readonly low: number; readonly high: number }
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
