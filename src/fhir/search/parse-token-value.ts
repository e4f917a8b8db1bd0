import { foldCode } from './normalise.ts'
import { FhirError } from '../outcome.ts'
import type { SearchValue } from './query.ts'
import { parseReference } from '../reference.ts'
import { splitUnescaped, unescapeValue } from './search-escape.ts'

/**
 * Values of token parameters and their modifiers.
 *
 * @param code the parameter's, to name it in a refusal
 * @throws FhirError 400 `value`
 * @see FHIR R4 § Search, "token"
 */

/** `code`, `system|code`, `|code`, `system|` */
export function parseToken(text: string, code: string, caseSensitive: boolean): SearchValue {
  const [first = '', second, ...more] = parts(text)
  if (more.length > 0) throw invalid(code, "more than one '|' in a token")
  const [system, value] = second === undefined ? [undefined, first] : [first, second]
  if (value === '' && !system) throw invalid(code, 'a system or a code expected')
  const form = value === '' ? undefined : caseSensitive ? value : foldCode(value)
  return { kind: 'token', system, code: form }
}

/** `:of-type`: `system|code|value`, of which none may be left out */
export function parseOfType(text: string, code: string): SearchValue {
  const [system, typeCode, value, ...more] = parts(text)
  if (!system || !typeCode || !value || more.length > 0) throw invalid(code, 'system|code|value expected')
  return { kind: 'of-type', system, code: typeCode, value }
}

/** `:above` and `:below`: a code means nothing without the system that has its hierarchy */
export function parseConcept(text: string, code: string, direction: 'above' | 'below'): SearchValue {
  const [system, value, ...more] = parts(text)
  if (!system || !value || more.length > 0) throw invalid(code, 'system|code expected')
  return { kind: 'concept', system, code: value, direction }
}

/** `:in` and `:not-in`: a canonical, with its version or without, or `ValueSet/id` */
export function parseValueSet(text: string, code: string, base: string | undefined): SearchValue {
  const valueSet = unescapeValue(text)
  const reference = parseReference(valueSet, base)
  if (reference.kind === 'relative' || (reference.kind === 'absolute' && reference.local)) {
    if (reference.type !== 'ValueSet' || reference.version !== undefined)
      throw invalid(code, 'a ValueSet expected')
    return { kind: 'value-set', valueSet: `ValueSet/${reference.id ?? ''}` }
  }
  if (!/^[a-z][a-z0-9+.-]*:\S+$/i.test(valueSet)) throw invalid(code, 'a canonical or ValueSet/id expected')
  return { kind: 'value-set', valueSet }
}

function parts(text: string): readonly string[] {
  return splitUnescaped(text, '|').map(unescapeValue)
}

function invalid(code: string, what: string): FhirError {
  return FhirError.invalid(`${code}: ${what}`, code)
}
