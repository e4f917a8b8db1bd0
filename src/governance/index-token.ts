import type { IndexValue } from '../fhir/search/index-value.ts'
import { isUcum, ucumSystem } from '../fhir/search/ucum.ts'
import { tokenText } from '../store/token.ts'

type Index<Kind> = IndexValue & { readonly kind: Kind }

/** The key of a patient that is being written. @throws TypeError when the gate did not claim one */
export function keyOf(id: string, patientKeys: ReadonlyMap<string, string>): string {
  const key = patientKeys.get(id)
  if (key === undefined) throw new TypeError('a patient without a key')
  return key
}

/** The forms in which a coding can be asked for: by code, by system and code, by system. */
export function codingTexts(parameter: string, { system, code }: Omit<Index<'token'>, 'kind'>): string[] {
  return [
    ...(code === undefined
      ? []
      : [tokenText.coding(parameter, undefined, code), tokenText.coding(parameter, system ?? '', code)]),
    ...(system ? [tokenText.coding(parameter, system, undefined)] : []),
  ]
}

/** Patients by key; `[]` for a Reference without a literal reference, which leads nowhere. */
export function referenceTexts(
  parameter: string,
  { type, id, url }: Index<'reference'>,
  patientKeys: ReadonlyMap<string, string>,
): string[] {
  if (url !== undefined) return [tokenText.url(parameter, url)]
  if (type === undefined || id === undefined) return []
  return [tokenText.reference(parameter, type, type === 'Patient' ? keyOf(id, patientKeys) : id)]
}

/**
 * A unit that is noted among those that occur: a search for its system alone asks for each of these. What is
 * no unit could be anything, and is not.
 */
export function isNotedUnit({
  system,
  code,
}: {
  readonly system: string | undefined
  readonly code: string | undefined
}): boolean {
  return system === ucumSystem && code !== undefined && isUcum(code)
}

/** The forms in which the unit of a quantity can be asked for: "the code or the unit", or system and code. */
export function unitTexts({ system, code, unit }: Index<'quantity'>): string[] {
  return [
    ...(code === undefined ? [] : [tokenText.unit(undefined, code)]),
    ...(code === undefined || system === undefined ? [] : [tokenText.unit(system, code)]),
    ...(unit === undefined || unit === code ? [] : [tokenText.unit(undefined, unit)]),
    ...(system === undefined || isNotedUnit({ system, code }) ? [] : [tokenText.unit(system, undefined)]),
  ]
}
