import type { JsonObject, Resource } from '../../fhir/json.ts'
import { dateTime, isoDate, longDate } from './calendar.ts'
import { doctorReference, hospitalReference } from './hospital.ts'
import { fullName, type Person, type Relative } from './person.ts'
import { patientId, type PatientRecord } from './record.ts'
import { concept, hl7Coding, identifier, systems } from './resource.ts'

/** The Patient resource: INS-NIR and IPP, name of birth and in use, address, telecom, who to call. */
export function patientResource({ person, course }: PatientRecord): Resource {
  return {
    resourceType: 'Patient',
    id: patientId(person),
    text: narrative(person),
    extension: [birthPlace(person)],
    identifier: [
      { ...identifier('NI', systems.ins, person.nir), use: 'official' },
      { ...identifier('MR', systems.ipp, person.ipp), use: 'usual', assigner: hospitalReference() },
    ],
    active: true,
    name: names(person),
    ...(telecom(person).length === 0 ? {} : { telecom: telecom(person) }),
    gender: person.gender,
    birthDate: isoDate(person.birth),
    ...(course.death === undefined ? {} : { deceasedDateTime: dateTime(course.death) }),
    address: [address(person)],
    maritalStatus: concept(
      person.married ? hl7Coding('v3-MaritalStatus', 'M') : hl7Coding('v3-NullFlavor', 'UNK'),
    ),
    contact: [contact(person.relative)],
    generalPractitioner: [doctorReference(person.familyDoctor)],
    managingOrganization: hospitalReference(),
  }
}

function names(person: Person): JsonObject[] {
  const given = [...person.given]
  if (person.family === person.birthFamily) return [{ use: 'official', family: person.family, given }]
  return [
    { use: 'usual', family: person.family, given: given.slice(0, 1) },
    { use: 'maiden', family: person.birthFamily, given },
  ]
}

function telecom({ mobile, home, email }: Person): JsonObject[] {
  return [
    ...(mobile === undefined ? [] : [{ system: 'phone', value: mobile, use: 'mobile' }]),
    ...(home === undefined ? [] : [{ system: 'phone', value: home, use: 'home' }]),
    ...(email === undefined ? [] : [{ system: 'email', value: email, use: 'home' }]),
  ]
}

function address({ street, town }: Person): JsonObject {
  return {
    use: 'home',
    type: 'both',
    line: [street],
    city: town.name,
    postalCode: town.postalCode,
    country: 'FR',
  }
}

function birthPlace({ birthPlace }: Person): JsonObject {
  const abroad = birthPlace.postalCode === ''
  return {
    url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
    valueAddress: abroad ? { country: birthPlace.name } : { city: birthPlace.name, country: 'FR' },
  }
}

function contact(relative: Relative): JsonObject {
  return {
    relationship: [
      {
        coding: [hl7Coding('v2-0131', 'C', 'Emergency Contact'), hl7Coding('v3-RoleCode', relative.kinship)],
      },
    ],
    name: { use: 'usual', family: relative.family, given: [relative.given] },
    telecom: [{ system: 'phone', value: relative.phone }],
    gender: relative.gender,
  }
}

/** What an EHR writes for people to read; it names the patient, as it does in real feeds. */
function narrative(person: Person): JsonObject {
  const born = person.gender === 'female' ? 'née' : 'né'
  const text = `${fullName(person)}, ${born} le ${longDate(person.birth)}, IPP ${person.ipp}`
  return { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${text}</p></div>` }
}
