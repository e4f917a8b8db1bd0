import { isResourceType } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import type { Query } from '../fhir/search/query.ts'
import { demandNoTerminology } from '../fhir/terminology/query.ts'

/** One `_typeFilter`, read. */
export interface TypeFilter {
  readonly type: string
  /** without what lenient handling left out: readable under strict handling */
  readonly text: string
  readonly query: Query
  readonly ignored: readonly string[]
}

/**
 * Reads `Type?name=value&…`: criteria only, nothing that shapes a search's answer.
 *
 * @throws FhirError 400 naming the parameter
 * @see Bulk Data Access IG § `_typeFilter` Query Parameter
 */
export function parseTypeFilter(
  text: string,
  options: { readonly zone: string; readonly handling: 'strict' | 'lenient' },
): TypeFilter {
  const [type = '', search, ...more] = text.split('?')
  if (!isResourceType(type) || search === undefined || more.length > 0) {
    throw FhirError.invalid('_typeFilter: a search is expected, Type?name=value', '_typeFilter')
  }
  const parameters = [...new URLSearchParams(search)]
  const shaping = parameters.find(([name]) => shapesAnswer.has(name.split(':')[0] ?? ''))
  if (shaping) throw FhirError.notSupported(`_typeFilter: ${shaping[0]} is no criterion`)
  const { query, applied, ignored } = parseQuery(type, parameters, options)
  demandNoTerminology(query) // an export reads no other resources to know what it is about
  const kept = new URLSearchParams(applied.map(([name, value]): [string, string] => [name, value]))
  return { type, text: `${type}?${kept.toString()}`, query, ignored }
}

const shapesAnswer: ReadonlySet<string> = new Set([
  ...['_sort', '_count', '_include', '_revinclude', '_summary', '_total', '_elements'],
  ...['_contained', '_containedType', '_score', '_format', '_pretty'],
])

/** The filters of a type, which are ORed. */
export function filtersFor(type: string, texts: readonly string[], zone: string): Query[] {
  return texts
    .filter((text) => text.startsWith(`${type}?`))
    .map((text) => parseTypeFilter(text, { zone, handling: 'strict' }).query)
}
