import type { JsonObject, Resource } from '../../fhir/json.ts'
import { dateTime, dayOf, isoDate, type Minute } from './calendar.ts'
import type { Diagnosis, Visit } from './course.ts'
import { doctorReference, locationReference, serviceReference } from './hospital.ts'
import { subject, type PatientRecord } from './record.ts'
import { coding, concept, hl7Coding, identifier, padded, quantity, reference, systems } from './resource.ts'

const kinds = {
  consultation: {
    class: () => hl7Coding('v3-ActCode', 'AMB', 'ambulatory'),
    type: () => coding(systems.visitType, 'CS', 'Consultation externe'),
    priority: () => hl7Coding('v3-ActPriority', 'R', 'routine'),
  },
  emergency: {
    class: () => hl7Coding('v3-ActCode', 'EMER', 'emergency'),
    type: () => coding(systems.visitType, 'URG', 'Passage aux urgences'),
    priority: () => hl7Coding('v3-ActPriority', 'EM', 'emergency'),
  },
  stay: {
    class: () => hl7Coding('v3-ActCode', 'IMP', 'inpatient encounter'),
    type: () => coding(systems.visitType, 'HC', 'Hospitalisation complète'),
    priority: () => hl7Coding('v3-ActPriority', 'UR', 'urgent'),
  },
}

/** The Encounter of a visit; the disease that is followed up is its diagnosis. */
export function encounterResource(
  record: PatientRecord,
  visit: Visit,
  conditionIds: ReadonlyMap<string, string>,
): Resource {
  const kind = kinds[visit.kind]
  const id = record.nextId('enc')
  const conditionId = conditionIds.get(visit.disease?.code ?? '')
  return {
    resourceType: 'Encounter',
    id,
    identifier: [identifier('VN', systems.visit, visitNumber(record, visit))],
    status: 'finished',
    class: kind.class(),
    type: [concept(kind.type())],
    serviceType: { text: visit.service.name },
    priority: concept(kind.priority()),
    subject: subject(record.person),
    participant: [
      {
        type: [concept(hl7Coding('v3-ParticipationType', 'ATND', 'attender'))],
        individual: doctorReference(visit.doctor),
      },
    ],
    period: { start: dateTime(visit.start), end: dateTime(visit.end) },
    length: length(visit.start, visit.end),
    reasonCode: [{ text: visit.reason }],
    ...(conditionId === undefined ? {} : { diagnosis: [diagnosis(conditionId)] }),
    ...(visit.kind === 'consultation'
      ? {}
      : { hospitalization: { dischargeDisposition: discharge(record, visit) } }),
    location: [{ location: locationReference(visit.service) }],
    serviceProvider: serviceReference(visit.service),
  }
}

/** Two digits of the year, then a running number. */
function visitNumber({ from }: PatientRecord, visit: Visit): string {
  return isoDate(dayOf(visit.start)).slice(2, 4) + padded(from.integer(0, 9_999_999), 7)
}

function length(start: Minute, end: Minute): JsonObject {
  const minutes = end - start
  return minutes < 2880
    ? quantity(minutes, 0, 'min', 'min')
    : quantity(Math.round(minutes / 1440), 0, 'j', 'd')
}

function diagnosis(conditionId: string): JsonObject {
  return {
    condition: reference('Condition', conditionId),
    use: concept(hl7Coding('diagnosis-role', 'CC', 'Chief complaint')),
    rank: 1,
  }
}

function discharge({ course }: PatientRecord, visit: Visit): JsonObject {
  if (visit.dies) return concept(hl7Coding('discharge-disposition', 'exp', 'Expired'), 'Décès')
  const stays = course.visits.some(
    (other) => other.kind === 'stay' && other.illness === visit.illness && other !== visit,
  )
  if (visit.kind === 'emergency' && stays) {
    return concept(
      hl7Coding('discharge-disposition', 'other-hcf', 'Other healthcare facility'),
      'Mutation interne',
    )
  }
  return concept(hl7Coding('discharge-disposition', 'home', 'Home'), 'Retour à domicile')
}

/** A lasting disease, found before or between the visits. */
export function diseaseCondition(record: PatientRecord, { disease, onset }: Diagnosis): Resource {
  return {
    ...condition(record, disease.code, disease.display, 'problem-list-item'),
    clinicalStatus: concept(hl7Coding('condition-clinical', 'active')),
    onsetDateTime: onsetPrecision(record, isoDate(onset)),
    recordedDate: isoDate(onset),
    asserter: doctorReference(record.person.familyDoctor),
  }
}

/** The illness of one visit. */
export function illnessCondition(
  record: PatientRecord,
  visit: Visit,
  encounterId: string,
): Resource | undefined {
  const { illness } = visit
  if (illness === undefined) return undefined
  const told = record.from.chance(0.2)
  return {
    ...condition(record, illness.code, illness.display, 'encounter-diagnosis'),
    clinicalStatus: concept(hl7Coding('condition-clinical', visit.dies ? 'active' : 'resolved')),
    encounter: reference('Encounter', encounterId),
    onsetDateTime: isoDate(dayOf(visit.start)),
    ...(visit.dies ? {} : { abatementDateTime: isoDate(dayOf(visit.end) + 5) }),
    recordedDate: dateTime(visit.start + 60),
    asserter: doctorReference(visit.doctor),
    ...(told ? { note: [{ text: toldBy(record, visit) }] } : {}),
  }
}

function condition(record: PatientRecord, code: string, display: string, category: string): Resource {
  return {
    resourceType: 'Condition',
    id: record.nextId('cond'),
    verificationStatus: concept(hl7Coding('condition-ver-status', 'confirmed')),
    category: [concept(hl7Coding('condition-category', category))],
    code: concept(coding(systems.icd10, code, display), display),
    subject: subject(record.person),
  }
}

/** Patients know the year, sometimes the month, seldom the day. */
function onsetPrecision({ from }: PatientRecord, date: string): string {
  return date.slice(
    0,
    from.weighted([4, 7, 10], (length) => ({ 4: 3, 7: 4, 10: 3 })[length] ?? 0),
  )
}

function toldBy({ person }: PatientRecord, visit: Visit): string {
  const { given, family, phone } = person.relative
  return `Histoire rapportée par ${given} ${family.toUpperCase()} (${phone}). Vu par ${visit.doctor.name}.`
}
