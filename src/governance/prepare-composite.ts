import type { SearchParameter } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { CompositeCriterion, Criterion, SearchValue } from '../fhir/query.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import { compositePlan } from '../resources/composites.ts'
import type { PreparedFoci } from '../store/prepared-query.ts'
import { byKey } from './patient-ids.ts'
import { inOccurringUnits } from './prepare-units.ts'

/**
 * A composite criterion as criteria on plain parameters, where the resource itself is its focus; on other
 * composites, where these look at its places; else as one on the rows of its foci.
 *
 * @throws FhirError 400 `not-supported` for one whose foci have no rows
 */
export function preparedComposite(
  type: string,
  criterion: CompositeCriterion,
  { keys, units }: { readonly keys: ReadonlyMap<string, string>; readonly units: readonly string[] },
): PreparedFoci | Exclude<Criterion, CompositeCriterion> {
  const { parameter, values } = criterion
  const plan = compositePlan(type, parameter)
  const missing = values.flat().flatMap((value) => (value.kind === 'missing' ? [value.missing] : []))
  if (missing.includes(true) && missing.includes(false)) return { kind: 'all', of: [] }
  if (missing.includes(true)) {
    const present = { ...criterion, values: [[{ kind: 'missing' as const, missing: false }]] }
    return { kind: 'not', of: present }
  }
  switch (plan?.kind) {
    case 'parts':
      return { kind: 'any', of: plan.of.map((part) => ({ ...criterion, parameter: part })) }
    case 'root': {
      const asked = missing.length > 0 ? [plan.components.map(() => present)] : values
      return { kind: 'any', of: asked.map((value) => together(plan.components, value)) }
    }
    case 'foci': {
      const { components } = plan
      if (components.some(({ code }) => isBlind(type, code))) throw notSupported(parameter)
      const widened = (value: SearchValue, at: number) =>
        (components[at] ? byKey(type, components[at], value, keys) : [value]).flatMap((one) =>
          inOccurringUnits(one, units),
        )
      const asked = missing.length > 0 ? [] : values.flatMap((value) => product(value.map(widened)))
      return { kind: 'foci', parameter, components, values: asked, present: missing.length > 0 }
    }
    case undefined:
      throw notSupported(parameter)
  }
}

const present: SearchValue = { kind: 'missing', missing: false }

function notSupported({ code }: SearchParameter): FhirError {
  return FhirError.notSupported(`${code}: a composite parameter that is not supported`)
}

function together(components: readonly SearchParameter[], values: readonly SearchValue[]): Criterion {
  return {
    kind: 'all',
    of: components.map((parameter, at) => {
      const value = values[at]
      if (value === undefined)
        throw FhirError.invalid(`${parameter.code}: a value for each component expected`)
      const modifier = value.kind === 'missing' ? 'missing' : undefined
      return { kind: 'value', parameter, modifier, values: [value] }
    }),
  }
}

/** Every way to take one of each. */
function product<Item>(lists: readonly (readonly Item[])[]): Item[][] {
  return lists.reduce<Item[][]>((all, list) => all.flatMap((one) => list.map((item) => [...one, item])), [[]])
}
