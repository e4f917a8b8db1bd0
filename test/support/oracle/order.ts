import { searchParameters, type SearchParameter } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'
import { find, type Found } from './found.ts'
import { spanOf } from './judge-date.ts'
import { extentOf, type Extent } from './judge-number.ts'
import { targetsOf } from './judge-reference.ts'
import { isReadable } from './readable.ts'
import { plain, stringsOf, tokensOf, urisOf } from './judge-text.ts'

/**
 * The order that `_sort` asks for: by each key in turn, what has none last, then by id.
 *
 * @param sort `-date,code`
 * @see FHIR R4 § Search, "_sort"
 */
export function byKeys(sort: string, base: string): (a: Resource, b: Resource) => number {
  const keys = sort
    .split(',')
    .map((key) => ({ code: key.replace(/^-/, ''), isDescending: key.startsWith('-') }))
  return (a, b) => {
    for (const { code, isDescending } of keys) {
      const [left, right] = [a, b].map((one) => keyOf(one, code, isDescending, base))
      if (left === right) continue
      if (left === undefined) return 1
      if (right === undefined) return -1
      return left < right === isDescending ? 1 : -1
    }
    return String(a['id']) < String(b['id']) ? -1 : 1
  }
}

/** The least of several when ascending, the greatest when descending. */
function keyOf(
  resource: Resource,
  code: string,
  isDescending: boolean,
  base: string,
): number | string | undefined {
  const parameter = searchParameters(resource.resourceType).get(code)
  if (!parameter) throw new TypeError(`${resource.resourceType} has no ${code}`)
  const keys = find(resource, code)
    .filter((found) => isReadable(parameter, found))
    .flatMap((found) => keysOf(found, parameter, base))
  return keys.sort((a, b) => (a < b === isDescending ? 1 : -1))[0]
}

/** Of an interval its beginning; a code before its system. */
function keysOf(found: Found, { type, code }: SearchParameter, base: string): readonly (number | string)[] {
  switch (type) {
    case 'date':
      return [spanOf(found)].flatMap((span) => span?.from ?? [])
    case 'number':
    case 'quantity':
      return [extentOf(found)].flatMap((extent) => (extent ? beginningOf(extent) : []))
    case 'string':
      return stringsOf(found).map(plain)
    case 'token':
      return tokensOf(found).flatMap((token) =>
        token.code === undefined
          ? []
          : `${token.caseSensitive ? token.code : token.code.toLowerCase()} ${token.system ?? ''}`,
      )
    case 'reference':
      return targetsOf(found, code, base).map((one) => ('url' in one ? one.url : `${one.type}/${one.id}`))
    case 'uri':
      return urisOf(found)
    default:
      throw new TypeError(`${type} has no order`)
  }
}

/** `>5` begins just above 5. */
function beginningOf({ from, without }: Extent): number {
  if (from === undefined) return -Infinity
  return without === 'from' ? Number(from) + Math.max(1, Math.abs(Number(from)) * 1e-15) : Number(from)
}
