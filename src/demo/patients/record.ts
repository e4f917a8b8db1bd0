import type { JsonObject, Resource } from '../../fhir/json.ts'
import type { Course, Visit } from './course.ts'
import type { Hospital } from './hospital.ts'
import { fullName, type Person } from './person.ts'
import type { Constitution } from './physiology.ts'
import type { Random } from './random.ts'
import { padded, reference } from './resource.ts'

/** All that is needed to write one patient's resources. */
export interface PatientRecord {
  readonly from: Random
  readonly hospital: Hospital
  readonly person: Person
  readonly constitution: Constitution
  readonly course: Course
  /** the next id with this prefix: `obs-000001-0001`, `obs-000001-0002`, … */
  nextId(prefix: string): string
}

/** A visit with the Encounter that tells of it. */
export interface VisitRecord {
  readonly visit: Visit
  readonly encounterId: string
}

/** `encounter` of what was done in the visit. A new object each time: callers may change what they get. */
export function encounterReference({ encounterId }: VisitRecord): JsonObject {
  return reference('Encounter', encounterId)
}

export function patientId(person: Pick<Person, 'number'>): string {
  return `pat-${padded(person.number, 6)}`
}

/** `subject` of everything that is about the patient. */
export function subject(person: Person): JsonObject {
  return reference('Patient', patientId(person), fullName(person))
}

/** Counts ids within one patient, by prefix. */
export function idCounter(person: Pick<Person, 'number'>): (prefix: string) => string {
  const counts = new Map<string, number>()
  return (prefix) => {
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    return `${prefix}-${padded(person.number, 6)}-${padded(count, 3)}`
  }
}

/** The id that a resource made here has. */
export function idOf(resource: Resource): string {
  const { id } = resource
  if (typeof id !== 'string') throw new TypeError('a resource of ours without an id')
  return id
}
