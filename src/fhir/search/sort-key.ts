import type { SearchParameter } from '../definitions.ts'
import { extractParameter, type ExtractOptions } from './extract.ts'
import type { IndexValue } from './index-value.ts'
import type { Resource } from '../json.ts'
import { normalise } from './normalise.ts'

/** What a resource is put in order by: numbers and times as numbers, all else as text. */
export type SortValue = number | string

/**
 * The value of one sort key in a resource. Of several it is the least one, or the greatest when the order
 * is descending; of an interval its beginning.
 *
 * @returns undefined when the resource has no such value: it comes last in either direction
 * @see FHIR R4 § Search, "_sort"
 */
export function sortKey(
  resource: Resource,
  { code }: SearchParameter,
  descending: boolean,
  options: ExtractOptions,
): SortValue | undefined {
  const found = extractParameter(resource, code, options)
    .filter((index) => index.parameter === code)
    .flatMap((index) => sortValue(index) ?? [])
  return found.reduce<SortValue | undefined>((first, value) => {
    const isFirst = first === undefined || (descending ? value > first : value < first)
    return isFirst ? value : first
  }, undefined)
}

/** Whether a parameter's values have an order: a composite is of several kinds, a position is a point. */
export function hasOrder({ type }: SearchParameter): boolean {
  return type !== 'composite' && type !== 'special'
}

function sortValue(index: IndexValue): SortValue | undefined {
  switch (index.kind) {
    case 'date':
    case 'number':
    case 'quantity':
      return index.low
    case 'string':
      return normalise(index.text) || undefined
    case 'token': // by code, as a reader looks for it; codes of one text by their systems
      return index.code === undefined ? undefined : `${index.code} ${index.system ?? ''}`
    case 'reference':
      return index.url ?? (index.id === undefined ? undefined : `${index.type}/${index.id}`)
    case 'uri':
      return index.uri
    case 'of-type':
    case 'composite':
    case 'position':
      return undefined
  }
}

/**
 * Compares the keys of two resources, key by key.
 *
 * @param descending of each key
 * @returns as `Array.sort` takes it; 0 when all keys are the same
 */
export function compareKeys(
  left: readonly (SortValue | null)[],
  right: readonly (SortValue | null)[],
  descending: readonly boolean[],
): number {
  for (const [index, isDescending] of descending.entries()) {
    const [a, b] = [left[index] ?? null, right[index] ?? null]
    if (a === b) continue
    if (a === null) return 1
    if (b === null) return -1
    return a < b === isDescending ? 1 : -1
  }
  return 0
}
