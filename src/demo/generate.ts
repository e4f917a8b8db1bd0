import type { Resource } from '../fhir/json.ts'
import { analytes, type AnalyteName } from './patients/analytes.ts'
import { parseDay, type Day } from './patients/calendar.ts'
import { drawCourse, type Visit } from './patients/course.ts'
import { diseaseCondition, encounterResource, illnessCondition } from './patients/encounter.ts'
import { hospital as hospitalOf, hospitalResources, type Hospital } from './patients/hospital.ts'
import { studies } from './patients/imaging.ts'
import { samples } from './patients/laboratory.ts'
import { patientResource } from './patients/patient.ts'
import { drawPerson, type Person } from './patients/person.ts'
import { clamp, type Constitution } from './patients/physiology.ts'
import { random, type Random } from './patients/random.ts'
import { idCounter, idOf, type PatientRecord } from './patients/record.ts'
import { imagingReport, laboratoryReport, pathologyReport } from './patients/reports.ts'
import { vitalSigns } from './patients/vital-signs.ts'

/** No event is later: a fixed day, so that the same seed gives the same people next year. */
const defaultLastDay = '2025-09-30'

/**
 * Synthetic French patients of a university hospital that does not exist. Nobody in them lives.
 *
 * Yields one array of resources at a time and keeps nothing: first what all share (Organizations,
 * Locations, Practitioners), then one array a patient, with the Patient first and every reference
 * pointing back at what came before. Patient `n` depends on the seed and on `n` alone.
 *
 * @param options.seed any 32-bit whole number
 * @param options.patients how many, 0 for the hospital alone
 * @param options.lastDay `YYYY-MM-DD`, the day the record ends
 */
export function* generatePatients(options: {
  readonly seed: number
  readonly patients: number
  readonly lastDay?: string
}): Generator<Resource[], void, undefined> {
  const lastDay = parseDay(options.lastDay ?? defaultLastDay)
  const hospital = hospitalOf(options.seed)
  yield hospitalResources(hospital)
  for (let number = 1; number <= options.patients; number++) {
    yield onePatient(random(options.seed, number), hospital, number, lastDay)
  }
}

function onePatient(from: Random, hospital: Hospital, number: number, lastDay: Day): Resource[] {
  const person = drawPerson(from, hospital, number, lastDay)
  const course = drawCourse(from, hospital, person, lastDay)
  const constitution = drawConstitution(from, person)
  const record = { from, hospital, person, course, constitution, nextId: idCounter(person) }
  const conditions = course.diagnoses.map((diagnosis) => diseaseCondition(record, diagnosis))
  const conditionIds = new Map(
    course.diagnoses.map(({ disease }, index) => [disease.code, idOf(conditions[index] ?? missing())]),
  )
  return [
    patientResource(record),
    ...conditions,
    ...course.visits.flatMap((visit) => visitResources(record, visit, conditionIds)),
  ]
}

function visitResources(
  record: PatientRecord,
  visit: Visit,
  conditionIds: ReadonlyMap<string, string>,
): Resource[] {
  const encounter = encounterResource(record, visit, conditionIds)
  const encounterId = idOf(encounter)
  const visitRecord = { visit, encounterId }
  // an illness is written down once, where it ends: in the stay if there was one
  const moved = visit.kind === 'emergency' && record.course.visits.some((other) => follows(visit, other))
  const condition = moved ? undefined : illnessCondition(record, visit, encounterId)
  const made = studies(record, visitRecord)
  const pathology = pathologyReport(record, visitRecord)
  return [
    encounter,
    ...(condition === undefined ? [] : [condition]),
    ...vitalSigns(record, visitRecord),
    ...samples(record, visitRecord).flatMap((sample) => [
      ...sample.observations,
      laboratoryReport(record, visitRecord, sample),
    ]),
    ...made.flatMap((study) => [study.resource, imagingReport(record, visitRecord, study)]),
    ...(pathology === undefined ? [] : [pathology]),
  ]
}

/** Is `stay` the admission from this emergency visit? */
function follows(emergency: Visit, stay: Visit): boolean {
  const wait = stay.start - emergency.end
  return stay.kind === 'stay' && stay.illness === emergency.illness && wait >= 0 && wait < 120
}

function drawConstitution(from: Random, { gender }: Person): Constitution {
  const names = Object.keys(analytes) as AnalyteName[]
  return {
    gender,
    levels: Object.fromEntries(names.map((name) => [name, from.normal(0, 1)])) as Record<AnalyteName, number>,
    height: from.normal(gender === 'male' ? 176 : 163, 6.5),
    bodyMassIndex: clamp(from.normal(25.4, 4), 16.5, 46),
  }
}

function missing(): never {
  throw new TypeError('a diagnosis without its Condition')
}
