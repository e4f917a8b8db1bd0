import { FhirError } from '../outcome.ts'
import type { SearchValue } from './query.ts'
import { splitUnescaped, unescapeValue } from './search-escape.ts'
import { convert } from './ucum.ts'

/** What is near when nobody says: the way to another hospital. "The server can use its own discretion." */
const defaultMetres = 50_000
/** As people write them; all others are UCUM's. */
const plainUnits: Readonly<Record<string, string>> = {
  mi: '[mi_i]',
  mile: '[mi_i]',
  miles: '[mi_i]',
  kms: 'km',
}

/**
 * `48.11|-1.68`, `48.11|-1.68|5`, `48.11|-1.68|5|km`: degrees, and a distance, in kilometres unless it
 * says otherwise.
 *
 * @throws FhirError 400 `value`
 * @see FHIR R4 § Location, "near"
 */
export function parseNear(text: string, code: string): SearchValue {
  const [latitude, longitude, distance = '', unit = '', ...more] = splitUnescaped(text, '|').map(
    unescapeValue,
  )
  const [lat, lon] = [degrees(latitude, 90), degrees(longitude, 180)]
  if (lat === undefined || lon === undefined || more.length > 0) {
    throw FhirError.invalid(`${code}: latitude|longitude|distance|units expected`, code)
  }
  return { kind: 'near', latitude: lat, longitude: lon, metres: metres(distance, unit, code) }
}

const decimal = /^[+-]?\d{1,9}(\.\d{1,20})?$/

function degrees(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !decimal.test(text)) return undefined
  return Math.abs(Number(text)) <= most ? Number(text) : undefined
}

function metres(distance: string, unit: string, code: string): number {
  if (distance === '') return defaultMetres
  const given = unit === '' ? 'km' : unit
  const ucum = Object.hasOwn(plainUnits, given) ? (plainUnits[given] ?? given) : given
  const found = decimal.test(distance) ? convert(Number(distance), ucum, 'm') : undefined
  if (found === undefined || found < 0)
    throw FhirError.invalid(`${code}: a distance in km or a UCUM unit expected`, code)
  return found
}
