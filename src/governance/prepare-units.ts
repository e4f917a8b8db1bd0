import type { SearchParameter } from '../fhir/definitions.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { leavesOf } from '../fhir/search/criteria.ts'
import type { Query, SearchValue } from '../fhir/search/query.ts'
import { inUnit, ucumSystem } from '../fhir/search/ucum.ts'

/** Whether a query asks for quantities in UCUM units anywhere, nested searches included. */
export function asksInUnits(query: Query): boolean {
  return leavesOf(query).some(({ criterion }) => criterion.values.flat().some(isUcum))
}

type Quantity = SearchValue & { readonly kind: 'quantity' }

function isUcum(value: SearchValue): value is Quantity {
  return value.kind === 'quantity' && value.system === ucumSystem
}

/**
 * A quantity in a UCUM unit, asked for in each unit that occurs and measures the same, its numbers converted;
 * one in any UCUM unit, in each that occurs. No canonical value is kept of what is written: it would double
 * every quantity at rest.
 *
 * @param units UCUM codes that occur
 */
export function inOccurringUnits(value: SearchValue, units: readonly string[]): SearchValue[] {
  if (!isUcum(value)) return [value]
  const { code } = value
  if (code === undefined) return [value, ...units.map((unit) => ({ ...value, code: unit }))]
  const others = units.filter((unit) => unit !== code)
  return [
    value,
    ...others.flatMap((unit) => {
      const converted = inUnit(value, code, unit)
      return converted ? [{ ...converted, code: unit }] : []
    }),
  ]
}

/** More values in more units than this are not asked for at once. */
const maxWidened = 1_000

/** @throws FhirError 400 `too-costly` when the units that occur make too many of what is asked */
export function demandFew({ code }: SearchParameter, widened: number, asked: number): void {
  if (widened > maxWidened && widened > asked) {
    throw new FhirError(400, [issue('too-costly', `${code}: fewer values, or values without units`, code)])
  }
}
