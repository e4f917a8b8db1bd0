import { isId } from '../reference.ts'
import { FhirError } from '../outcome.ts'
import { plainQuery, searchParameter } from './parse-criterion.ts'
import type { Criterion, SearchValue } from './query.ts'
import { notSupported } from './search-refusal.ts'

/**
 * Reads `_list=42`: resources that an entry of this List refers to. It is the `_has` of `List:item`, so
 * that a caller who may not see the List finds nothing by it.
 *
 * @throws FhirError 400: `not-supported` for functional lists, `$current-problems`
 * @see FHIR R4 § Search, "Searching by list"
 */
export function parseList(value: string): Criterion {
  const values = value.split(',').map((list): SearchValue => {
    if (list.startsWith('$')) throw notSupported('_list', 'functional lists are not supported')
    const id = list.replace(/^List\//, '')
    if (!isId(id)) throw FhirError.invalid('_list: the id of a List expected', '_list')
    return { kind: 'token', system: undefined, code: id }
  })
  const parameter = searchParameter('List', '_id')
  const source = plainQuery('List', [{ kind: 'value', parameter, modifier: undefined, values }])
  return { kind: 'has', parameter: searchParameter('List', 'item'), source }
}
