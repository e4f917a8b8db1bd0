import { FhirError, issue } from './outcome.ts'
import { Decimal, isObject, maxDepth, type Json, type JsonObject } from './json.ts'

/** What copies may still cost: a patch that copies what it has copied would grow without end. */
export interface CopyBudget {
  values: number
}

/** Values that the copies of one patch may hold together; a resource of 50 MB has about as many. */
const maxCopiedValues = 2_000_000

export function copyBudget(): CopyBudget {
  return { values: maxCopiedValues }
}

/**
 * A copy that shares nothing with the value, decimals kept as they are.
 *
 * @param depth how deep in the document the copy will stand: what is stored must be readable again
 * @throws FhirError 422 when it would be deeper than documents may be, or the budget is spent
 */
export function copyJson(value: Json, budget: CopyBudget, depth = 0): Json {
  if (--budget.values < 0) throw tooMuch('the copies of this patch are too many')
  if (typeof value !== 'object' || value === null || value instanceof Decimal) return value
  if (depth >= maxDepth) throw tooMuch(`deeper than ${maxDepth} levels`)
  if (Array.isArray(value)) return value.map((item) => copyJson(item, budget, depth + 1))
  const copy: JsonObject = {}
  for (const name of Object.keys(value)) copy[name] = copyJson(value[name] as Json, budget, depth + 1)
  return copy
}

/** A copy in which decimals are numbers: for comparing by value, and for libraries that know JSON alone. */
export function plainJson(value: Json): Json {
  if (value instanceof Decimal) return Number(value)
  if (Array.isArray(value)) return value.map(plainJson)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plainJson(member)]))
}

function tooMuch(diagnostics: string): FhirError {
  return FhirError.unprocessable([issue('too-costly', diagnostics)])
}
