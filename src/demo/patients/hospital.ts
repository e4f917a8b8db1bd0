import type { JsonObject, Resource } from '../../fhir/json.ts'
import { rpps, phone } from './identifiers.ts'
import { familyName, givenNames } from './names.ts'
import { random, type Random } from './random.ts'
import { concept, hl7Coding, identifier, padded, reference, systems } from './resource.ts'

/** The hospital's name in letters and in `managingOrganization`; it does not exist. */
export const hospitalName = 'CHU de Brocéliande'

export function hospitalReference(): JsonObject {
  return reference('Organization', 'org-chu', hospitalName)
}

/** A clinical service with those who work there. */
export interface Service {
  readonly code: string
  readonly name: string
  readonly phone: string
  readonly doctors: readonly Doctor[]
}

export interface Doctor {
  readonly id: string
  /** as letters sign: `Dr Anne-Marie LE GOFF` */
  readonly name: string
  readonly family: string
  readonly given: string
  readonly prefix: 'Dr' | 'Pr'
  readonly female: boolean
  readonly rpps: string
  readonly phone: string
}

/** The synthetic hospital: its services by code, and the family doctors of the region. */
export interface Hospital {
  readonly services: ReadonlyMap<ServiceCode, Service>
  readonly familyDoctors: readonly Doctor[]
}

const serviceNames = {
  urg: 'Urgences adultes',
  ped: 'Pédiatrie et urgences pédiatriques',
  card: 'Cardiologie',
  endo: 'Endocrinologie, diabétologie, nutrition',
  neph: 'Néphrologie',
  pneu: 'Pneumologie',
  neur: 'Neurologie',
  chir: 'Chirurgie viscérale',
  orth: 'Chirurgie orthopédique et traumatologique',
  uro: 'Urologie',
  gyn: 'Gynécologie-obstétrique',
  geri: 'Médecine gériatrique',
  onco: 'Oncologie médicale',
  gast: 'Hépato-gastro-entérologie',
  mint: 'Médecine interne et polyvalente',
  psy: 'Psychiatrie de liaison',
  radio: 'Imagerie médicale',
  bio: 'Laboratoires de biologie médicale',
  anap: 'Anatomie et cytologie pathologiques',
} as const
export type ServiceCode = keyof typeof serviceNames

const doctorsPerService = 4
const familyDoctorCount = 30

/** The same hospital for the same seed. Draws come from stream 0; patients have the others. */
export function hospital(seed: number): Hospital {
  const from = random(seed, 0)
  let number = 0
  const doctors = (count: number): Doctor[] => Array.from({ length: count }, () => doctor(from, ++number))
  const services = Object.entries(serviceNames).map(([code, name]): [ServiceCode, Service] => [
    code as ServiceCode,
    { code, name, phone: phone(from, 'hospital'), doctors: doctors(doctorsPerService) },
  ])
  return { services: new Map(services), familyDoctors: doctors(familyDoctorCount) }
}

function doctor(from: Random, number: number): Doctor {
  const female = from.chance(0.5)
  const family = familyName(from)
  const given = givenNames(from, female ? 'female' : 'male', from.integer(1958, 1992))[0] ?? ''
  const prefix = from.chance(0.15) ? 'Pr' : 'Dr'
  return {
    id: `prat-${padded(number, 4)}`,
    name: `${prefix} ${given} ${family.toUpperCase()}`,
    family,
    given,
    prefix,
    female,
    rpps: rpps(number),
    phone: phone(from, 'hospital'),
  }
}

/** What all patients refer to: Organizations, a Location for each service, Practitioners. */
export function hospitalResources(hospital: Hospital): Resource[] {
  const services = [...hospital.services.values()]
  const staff = [...services.flatMap((service) => service.doctors), ...hospital.familyDoctors]
  return [
    organization(),
    ...services.map(serviceOrganization),
    ...services.map(location),
    ...staff.map(practitioner),
  ]
}

function organization(): Resource {
  return {
    resourceType: 'Organization',
    id: 'org-chu',
    identifier: [identifier('FI', systems.finess, '359999999')],
    active: true,
    type: [concept(hl7Coding('organization-type', 'prov', 'Healthcare Provider'))],
    name: hospitalName,
    telecom: [{ system: 'phone', value: '02 61 91 00 00', use: 'work' }],
    address: [
      {
        use: 'work',
        line: ['1 allée du Val sans Retour'],
        city: 'Rennes',
        postalCode: '35000',
        country: 'FR',
      },
    ],
  }
}

function serviceOrganization(service: Service): Resource {
  return {
    resourceType: 'Organization',
    id: `org-${service.code}`,
    identifier: [{ system: systems.service, value: service.code.toUpperCase() }],
    active: true,
    type: [concept(hl7Coding('organization-type', 'dept', 'Hospital Department'))],
    name: service.name,
    telecom: [{ system: 'phone', value: service.phone, use: 'work' }],
    partOf: hospitalReference(),
  }
}

function location(service: Service): Resource {
  return {
    resourceType: 'Location',
    id: `loc-${service.code}`,
    status: 'active',
    name: `Unité ${service.name}`,
    mode: 'instance',
    physicalType: concept(hl7Coding('location-physical-type', 'wa', 'Ward')),
    managingOrganization: serviceReference(service),
  }
}

function practitioner(doctor: Doctor): Resource {
  return {
    resourceType: 'Practitioner',
    id: doctor.id,
    identifier: [identifier('PRN', systems.rpps, doctor.rpps)],
    active: true,
    name: [{ use: 'official', family: doctor.family, given: [doctor.given], prefix: [doctor.prefix] }],
    telecom: [{ system: 'phone', value: doctor.phone, use: 'work' }],
    gender: doctor.female ? 'female' : 'male',
  }
}

export function serviceReference(service: Service): JsonObject {
  return reference('Organization', `org-${service.code}`, service.name)
}

export function locationReference(service: Service): JsonObject {
  return reference('Location', `loc-${service.code}`, `Unité ${service.name}`)
}

export function doctorReference(doctor: Doctor): JsonObject {
  return reference('Practitioner', doctor.id, doctor.name)
}

/** @throws TypeError when the hospital has no such service */
export function serviceOf(hospital: Hospital, code: ServiceCode): Service {
  const service = hospital.services.get(code)
  if (!service) throw new TypeError(`no such service: ${code}`)
  return service
}
