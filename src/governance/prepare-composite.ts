import type { SearchParameter } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { CompositeCriterion, Criterion, SearchValue } from '../fhir/search/query.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import { compositePlan } from '../resources/composites.ts'
import type { PreparedFoci } from '../store/prepared-query.ts'
import { token, tokenText } from '../store/token.ts'
import { byKey } from './patient-ids.ts'
import { demandFew, inOccurringUnits } from './prepare-units.ts'

/** Criteria that say the same as a composite one, on rows that do not have one of these tokens. */
export interface PlainCriteria {
  readonly kind: 'plain'
  readonly criterion: Criterion
  readonly unless: readonly bigint[]
}

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
): PreparedFoci | PlainCriteria {
  const { parameter, values } = criterion
  const plan = compositePlan(type, parameter)
  const missing = values.flat().flatMap((value) => (value.kind === 'missing' ? [value.missing] : []))
  if (missing.includes(true)) {
    const found = { ...criterion, values: [[present]] }
    return plain(missing.includes(false) ? { kind: 'all', of: [] } : { kind: 'not', of: found })
  }
  switch (plan?.kind) {
    case 'parts':
      return plain({ kind: 'any', of: plan.of.map((part) => ({ ...criterion, parameter: part })) })
    case 'root': {
      const asked = missing.length > 0 ? [plan.components.map(() => present)] : values
      const either: Criterion = { kind: 'any', of: asked.map((value) => together(plan.components, value)) }
      return plain(either, [token(tokenText.lacking(parameter.code))])
    }
    case 'foci': {
      const { components } = plan
      if (components.some(({ code }) => isBlind(type, code))) throw notSupported(parameter)
      const widened = (value: SearchValue, at: number) =>
        (components[at] ? byKey(type, components[at], value, keys) : [value]).flatMap((one) =>
          inOccurringUnits(one, units),
        )
      const asked = missing.length > 0 ? [] : values.flatMap((value) => product(value.map(widened)))
      demandFew(parameter, asked.length, values.length)
      return { kind: 'foci', parameter, components, values: asked, present: missing.length > 0 }
    }
    case undefined:
      throw notSupported(parameter)
  }
}

function plain(criterion: Criterion, unless: readonly bigint[] = []): PlainCriteria {
  return { kind: 'plain', criterion, unless }
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
