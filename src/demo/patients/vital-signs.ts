import type { JsonObject, Resource } from '../../fhir/json.ts'
import { dateTime, type Minute } from './calendar.ts'
import { stateAt } from './laboratory.ts'
import { clamp, type State } from './physiology.ts'
import { encounterReference, subject, type PatientRecord, type VisitRecord } from './record.ts'
import { coding, concept, hl7Coding, quantity, systems } from './resource.ts'

/** Vital signs at the beginning of a visit: blood pressure as one Observation with two components. */
export function vitalSigns(record: PatientRecord, visitRecord: VisitRecord): Resource[] {
  const { from, constitution } = record
  const { visit } = visitRecord
  const state = stateAt(record, visit, visit.start, 0)
  const child = state.age < 18 ? state.age / 18 : 1
  const fever = visit.illness?.fever ?? false
  const tense = state.diseases.has('I10') ? 12 : 0
  const height = constitution.height * (0.29 + 0.71 * child ** 0.72)
  const weight = (constitution.bodyMassIndex * (0.66 + 0.34 * child) * height * height) / 10_000
  const systolic = clamp(from.normal(98 + child * 18 + state.age * 0.22 + tense, 11), 65, 225)
  const common = { record, visitRecord, takenAt: visit.start + 4 }
  const single = (loinc: string, name: string, text: string, value: JsonObject): Resource => ({
    ...vitalSign(common, loinc, name, text),
    valueQuantity: value,
  })
  const pulse = quantity(
    clamp(from.normal(115 - child * 41 + (fever ? 18 : 0), 10), 40, 190),
    0,
    '/min',
    '/min',
  )
  return [
    bloodPressure(common, systolic, systolic * from.normal(0.6, 0.04)),
    single('8867-4', 'Heart rate', 'Fréquence cardiaque', pulse),
    single(
      '8310-5',
      'Body temperature',
      'Température',
      quantity(from.normal(fever ? 38.6 : 36.8, 0.35), 1, '°C', 'Cel'),
    ),
    single(
      '59408-5',
      'Oxygen saturation in Arterial blood by Pulse oximetry',
      'SpO2',
      saturation(record, state),
    ),
    single('29463-7', 'Body weight', 'Poids', quantity(weight, 1, 'kg', 'kg')),
    single('8302-2', 'Body height', 'Taille', quantity(height, 0, 'cm', 'cm')),
  ]
}

interface VitalSign {
  readonly record: PatientRecord
  readonly visitRecord: VisitRecord
  readonly takenAt: Minute
}

function vitalSign(
  { record, visitRecord, takenAt }: VitalSign,
  loinc: string,
  name: string,
  text: string,
): Resource {
  return {
    resourceType: 'Observation',
    id: record.nextId('obs'),
    status: 'final',
    category: [concept(hl7Coding('observation-category', 'vital-signs', 'Vital Signs'))],
    code: concept(coding(systems.loinc, loinc, name), text),
    subject: subject(record.person),
    encounter: encounterReference(visitRecord),
    effectiveDateTime: dateTime(takenAt),
  }
}

function bloodPressure(common: VitalSign, systolic: number, diastolic: number): Resource {
  const component = (loinc: string, name: string, value: number): JsonObject => ({
    code: concept(coding(systems.loinc, loinc, name)),
    valueQuantity: quantity(value, 0, 'mmHg', 'mm[Hg]'),
  })
  return {
    ...vitalSign(common, '85354-9', 'Blood pressure panel with all children optional', 'Pression artérielle'),
    component: [
      component('8480-6', 'Systolic blood pressure', systolic),
      component('8462-4', 'Diastolic blood pressure', diastolic),
    ],
  }
}

function saturation({ from }: PatientRecord, { diseases }: State): JsonObject {
  const low =
    (diseases.has('J44.9') ? 4 : 0) + (diseases.has('J18.9') ? 4 : 0) + (diseases.has('J21.9') ? 5 : 0)
  return quantity(clamp(from.normal(98 - low, 1), 82, 100), 0, '%', '%')
}
