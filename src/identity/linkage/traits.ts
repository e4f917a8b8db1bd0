import { isObject, type Json, type JsonObject } from '../../fhir/json.ts'
import { normalise } from '../../fhir/search/normalise.ts'
import { insSystems, isMatricule } from './ins.ts'
import { wordsOf } from './names.ts'

/** What persons are compared by. Empty lists and `undefined` stand for what is not known. */
export interface Traits {
  /** matricules whose key is right, `system|matricule` */
  readonly ins: readonly string[]
  /** birth names and names in use, each as words */
  readonly families: readonly (readonly string[])[]
  /** given names in order, as written */
  readonly givens: readonly string[]
  readonly birthDate: string | undefined
  readonly sex: 'female' | 'male' | undefined
  /** phone numbers by their last nine digits, mail addresses in lower case */
  readonly telecom: readonly string[]
  /** postal code and lines in normal form */
  readonly addresses: readonly string[]
  readonly birthPlace: string | undefined
}

/** Takes from a Patient what persons are compared by; elements of a wrong shape are left out. */
export function traitsOf(patient: JsonObject): Traits {
  const names = objects(patient['name'])
  const families = names.flatMap((name) => wordLists(name['family']))
  const { gender } = patient
  return {
    ins: objects(patient['identifier']).flatMap(insOf),
    families: [...new Map(families.map((words) => [words.join(' '), words])).values()],
    givens: names.map((name) => texts(name['given'])).find((given) => given.length > 0) ?? [],
    birthDate: text(patient['birthDate']),
    sex: gender === 'female' || gender === 'male' ? gender : undefined,
    telecom: objects(patient['telecom']).flatMap(telecomOf),
    addresses: objects(patient['address']).flatMap(addressOf),
    birthPlace: objects(patient['extension']).flatMap(birthPlaceOf)[0],
  }
}

const birthPlaceUrl = 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace'

function birthPlaceOf({ url, valueAddress }: JsonObject): string[] {
  if (url !== birthPlaceUrl || !isObject(valueAddress)) return []
  const city = normalise(text(valueAddress['city']) ?? '')
  return city === '' ? [] : [city]
}

function insOf(identifier: JsonObject): string[] {
  const system = text(identifier['system']) ?? ''
  const matricule = (text(identifier['value']) ?? '').replace(/\s/g, '').toUpperCase()
  return insSystems.has(system) && isMatricule(matricule) ? [`${system}|${matricule}`] : []
}

function telecomOf({ system, value }: JsonObject): string[] {
  if (typeof value !== 'string') return []
  if (system === 'email') return [value.trim().toLowerCase()]
  const digits = value.replace(/\D/g, '')
  return digits.length >= 9 ? [digits.slice(-9)] : []
}

function addressOf(address: JsonObject): string[] {
  const lines = normalise(texts(address['line']).join(' '))
  const code = text(address['postalCode'])
  return lines === '' || code === undefined ? [] : [`${code} ${lines}`]
}

function wordLists(family: Json | undefined): (readonly string[])[] {
  const words = wordsOf(text(family) ?? '')
  return words.length > 0 ? [words] : []
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
