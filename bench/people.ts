import type { Resource } from '../src/fhir/json.ts'
import { isoDate, parseDay } from '../src/demo/patients/calendar.ts'
import { hospital as hospitalOf } from '../src/demo/patients/hospital.ts'
import { drawPerson, type Person } from '../src/demo/patients/person.ts'
import { random } from '../src/demo/patients/random.ts'

const seed = 7

/** Synthetic Patients, an Observation with a comment after each. */
export function people(count: number): Resource[] {
  const hospital = hospitalOf(seed)
  const lastDay = parseDay('2025-09-30')
  return Array.from({ length: count }, (_, at) =>
    drawPerson(random(seed, at + 1), hospital, at + 1, lastDay),
  ).flatMap((person) => [patient(person), weight(person)])
}

function patient(person: Person): Resource {
  const { number, family, given, gender, birth, mobile, street, town, ipp } = person
  return {
    ...{ resourceType: 'Patient', id: `p${number}`, gender, birthDate: isoDate(birth) },
    identifier: [{ system: 'urn:ipp', value: ipp }],
    name: [{ use: 'official', family, given: [...given] }],
    ...(mobile === undefined ? {} : { telecom: [{ system: 'phone', value: mobile }] }),
    address: [{ line: [street], city: town.name, country: 'FR' }],
  }
}

function weight({ number }: Person): Resource {
  return {
    ...{ resourceType: 'Observation', id: `o${number}`, status: 'final', effectiveDateTime: '2025-01-01' },
    code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }], text: 'Poids' },
    subject: { reference: `Patient/p${number}` },
    valueQuantity: { value: 50 + (number % 40), unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    note: [{ text: `Pesée avec les chaussures, dit la personne ${number}.` }],
  }
}
