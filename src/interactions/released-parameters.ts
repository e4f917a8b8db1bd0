import { searchParameters, type SearchParameter } from '../fhir/definitions.ts'
import { isSupported } from '../fhir/search/extract.ts'
import { isBlind } from '../resources/blind-parameters.ts'

/**
 * The search parameters that a type has on a research base: those over elements that can be released.
 * Words, addresses and identifiers never are, nor what `meta` says of a record's handling.
 */
export function releasedParameters(type: string): SearchParameter[] {
  return [...searchParameters(type).values()].filter((parameter) => isReleased(type, parameter))
}

/** Whether a search on a research base can ask by it. */
export function isReleased(type: string, { code, type: kind, state }: SearchParameter): boolean {
  // no rule says yet whether what it reads can be released
  if (state !== undefined) return false
  if (code.startsWith('_')) return code === '_id'
  if (!isSupported(type, code)) return false
  if (kind === 'token') return !isBlind(type, code)
  return kind === 'date' || kind === 'reference' || kind === 'quantity' || kind === 'number'
}
