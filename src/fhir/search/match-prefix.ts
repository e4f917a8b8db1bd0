import type { Prefix } from './query.ts'

interface Range {
  readonly low: number
  readonly high: number
}

/**
 * The prefixes on dates: both sides are intervals [low, high) and may be open.
 *
 * @see FHIR R4 § Search, "Prefixes": the words quoted are those of its table
 */
export function matchesInterval(search: Range & { readonly prefix: Prefix }, target: Range): boolean {
  // "the range of the search value fully contains the range of the target value"
  const contains = search.low <= target.low && target.high <= search.high
  switch (search.prefix) {
    case 'eq':
      return contains
    case 'ne':
      return !contains
    // "the range above the search value intersects (i.e. overlaps) with the range of the target value"
    case 'gt':
      return target.high > search.high
    case 'lt':
      return target.low < search.low
    case 'ge':
      return target.high > search.high || contains
    case 'le':
      return target.low < search.low || contains
    // "does not overlap …, and the range above the search value contains the range of the target value"
    case 'sa':
      return target.low >= search.high
    case 'eb':
      return target.high <= search.low
    case 'ap':
      return target.low < search.high && search.low < target.high
  }
}

/**
 * The prefixes on numbers and quantities. `eq` and `ne` go by the implicit range [low, high) of the
 * digits given; all others but `ap` take the number for exact. The target is a closed range, mostly one
 * point.
 */
export function matchesNumber(
  search: Range & { readonly prefix: Prefix; readonly number: number },
  target: Range,
): boolean {
  const { number } = search
  switch (search.prefix) {
    case 'eq':
      return search.low <= target.low && target.high < search.high
    case 'ne':
      return !(search.low <= target.low && target.high < search.high)
    case 'gt':
      return target.high > number
    case 'lt':
      return target.low < number
    case 'ge':
      return target.high >= number
    case 'le':
      return target.low <= number
    case 'sa':
      return target.low > number
    case 'eb':
      return target.high < number
    case 'ap':
      return target.low <= search.high && search.low <= target.high
  }
}
