import { isResourceType } from '../../fhir/definitions.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { parseQuery, type ParsedQuery, type ParseOptions } from '../../fhir/search/parse-query.ts'
import type { Query } from '../../fhir/search/query.ts'
import type { Parameter } from '../request.ts'

/** A search over some types, taken apart: for each type a query of its own. */
export interface ParsedTypes extends Pick<ParsedQuery, 'applied' | 'ignored'> {
  readonly queries: readonly Query[]
}

/**
 * Reads a search over several types. Criteria and sort keys must be there on all of them. An
 * include, or a name in `_elements`, must make sense for one.
 *
 * @param types at least one
 * @throws FhirError 400 as `parseQuery`
 * @see FHIR R4 § RESTful API, "search": "Search Across all resource types"
 */
export function parseTypes(
  types: readonly string[],
  parameters: readonly Parameter[],
  options: ParseOptions,
): ParsedTypes {
  const [only, ...others] = types
  if (only !== undefined && others.length === 0) {
    const { query, ...parsed } = parseQuery(only, parameters, options)
    return { ...parsed, queries: [query] }
  }
  const shapes = parameters.filter(isShape).flatMap(byName)
  for (const shape of shapes) demandFitting(types, shape, options)
  const common = parameters.filter((parameter) => !isShape(parameter))
  const ignored = new Set(types.flatMap((type) => parseQuery(type, common, options).ignored))
  // what one type does not have would narrow the others alone
  const applied = common.filter(([name]) => !ignored.has(name))
  const asksElements = shapes.some(([name]) => name === '_elements')
  const queries = types.map((type) => {
    const own = shapes.filter((shape) => fits(type, shape, options))
    const { query } = parseQuery(type, [...applied, ...own], options)
    return asksElements ? { ...query, elements: query.elements ?? [] } : query
  })
  const asked = parameters.filter((one) => isShape(one) || !ignored.has(one[0]))
  return { queries, applied: asked, ignored: [...ignored] }
}

/**
 * The types that `_type` names.
 *
 * @returns undefined when it is not there
 * @throws FhirError 400 `value`
 */
export function typesNamed(parameters: readonly Parameter[]): readonly string[] | undefined {
  const [given, ...more] = parameters.filter(([name]) => name === '_type')
  if (given === undefined) return undefined
  if (more.length > 0) throw FhirError.invalid('_type: given twice', '_type')
  const types = given[1].split(',')
  if (!types.every(isResourceType)) throw FhirError.invalid('_type: resource types expected', '_type')
  return [...new Set(types)].sort()
}

/** Parameters that are about one of the types. */
function isShape([name]: Parameter): boolean {
  return /^_(?:rev)?include(?::|$)|^_elements$/.test(name)
}

/** `_elements=a,b` may name an element of one type and one of another. */
function byName(parameter: Parameter): Parameter[] {
  const [name, value] = parameter
  return name === '_elements' ? value.split(',').map((element) => [name, element] as const) : [parameter]
}

function fits(type: string, shape: Parameter, options: ParseOptions): boolean {
  return refusal(type, shape, options) === undefined
}

function demandFitting(types: readonly string[], shape: Parameter, options: ParseOptions): void {
  const refusals = types.map((type) => refusal(type, shape, options))
  const [first] = refusals
  if (first !== undefined && refusals.every((one) => one !== undefined)) throw first
}

function refusal(type: string, shape: Parameter, options: ParseOptions): FhirError | undefined {
  try {
    parseQuery(type, [shape], { ...options, handling: 'strict' })
    return undefined
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
}
