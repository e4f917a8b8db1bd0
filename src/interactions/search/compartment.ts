import { compartmentParameters, resourceTypes, searchParameters } from '../../fhir/definitions.ts'
import { canLeadTo, isSupported } from '../../fhir/search/extract.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { searchParameter } from '../../fhir/search/parse-criterion.ts'
import type { Criterion } from '../../fhir/search/query.ts'
import { valueCriterion } from '../released.ts'
import type { Route } from '../route.ts'

export type Compartment = NonNullable<Route['compartment']>

/**
 * The types whose resources can be in a compartment, its own among them.
 *
 * @throws FhirError 404 when the type makes no compartment
 */
export function compartmentTypes(type: string): readonly string[] {
  const types = resourceTypes.filter((member) => compartmentParameters(type, member).length > 0)
  if (types.length === 0) throw FhirError.notFound('compartment')
  return [...new Set([...types, type])].sort()
}

/**
 * What holds of the resources of a type that are in a compartment: one of the parameters that its definition
 * names leads to the compartment's resource, or it is that resource.
 *
 * @throws FhirError 400 `not-supported` for a type that the compartment does not have
 * @see FHIR R4 § CompartmentDefinition
 */
export function inCompartment({ type: compartment, id }: Compartment, type: string): Criterion {
  if (!compartmentTypes(compartment).includes(type)) {
    throw FhirError.notSupported(`${type}: not a type of the ${compartment} compartment`)
  }
  const value = { kind: 'reference', type: compartment, id, url: undefined } as const
  const of = compartmentParameters(compartment, type)
    .filter((code) => searchParameters(type).get(code)?.type === 'reference' && isSupported(type, code))
    .filter((code) => canLeadTo(type, code, compartment))
    .map((code) => valueCriterion(searchParameter(type, code), [value]))
  if (type === compartment) {
    const itself = { kind: 'token', system: undefined, code: id } as const
    of.push(valueCriterion(searchParameter(type, '_id'), [itself]))
  }
  return { kind: 'any', of }
}
