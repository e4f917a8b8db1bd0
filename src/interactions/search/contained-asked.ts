import type { SearchParameter } from '../../fhir/definitions.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { isLocal } from '../../fhir/search/criteria.ts'
import type { Query } from '../../fhir/search/query.ts'
import type { Parameter } from '../request.ts'

/** Whether resources inside others are searched, and what is shown of a match. */
export interface Contained {
  /** `both`: beside those that stand alone */
  readonly which: 'true' | 'both'
  readonly shown: 'container' | 'contained'
}

/** What rows tell of the resources inside them: their types. */
export const containedType: SearchParameter = {
  url: 'http://hl7.org/fhir/search#contained',
  code: '_contained',
  base: [],
  type: 'token',
  expression: undefined,
  target: [],
  component: [],
}

/** Parameters of a search that say where to look, not what for. */
export function isContained([name]: Parameter): boolean {
  return name === '_contained' || name === '_containedType'
}

/**
 * Reads `_contained` and `_containedType`.
 *
 * @returns undefined when only resources that stand alone are searched
 * @throws FhirError 400 `value`
 * @see FHIR R4 § Search, "_contained" and "_containedType"
 */
export function readContained(parameters: readonly Parameter[]): Contained | undefined {
  const which = one(parameters, '_contained', ['false', 'true', 'both'])
  const shown = one(parameters, '_containedType', ['container', 'contained'])
  return which === 'false' ? undefined : { which, shown }
}

/** The first is meant when nothing is said. */
function one<const T extends readonly string[]>(
  parameters: readonly Parameter[],
  name: string,
  values: T,
): T[number] {
  const [given, ...more] = parameters.filter(([key]) => key === name).map(([, value]) => value)
  const value = values.find((known) => known === (given ?? values[0]))
  if (value === undefined || more.length > 0) {
    throw FhirError.invalid(`${name}: one of ${values.join(', ')} expected`, name)
  }
  return value
}

/**
 * What is inside another resource is judged where it stands: nothing refers to it from outside, and it has
 * no place in an order of resources.
 *
 * @throws FhirError 400 `not-supported`
 */
export function demandJudgeableInside(query: Query): void {
  if (query.sort.length > 0 || query.elements !== undefined) {
    throw FhirError.notSupported('_contained: not together with _sort or _elements')
  }
  if (query.include.length + query.revinclude.length > 0) {
    throw FhirError.notSupported('_contained: not together with _include or _revinclude')
  }
  if (!query.criteria.every(isLocal)) throw FhirError.notSupported('_contained: no chains and no _has')
}
