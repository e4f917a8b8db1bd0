import type { Json, JsonObject } from '../../src/fhir/json.ts'
import { permit, release } from './support.ts'

/** Ids come out as `p:<id>` and UIDs as `2.25.9`, so that a row can be read; the offset is 10 days. */
export const context = permit(1, {
  pseudonym: (_type, id) => `p:${id}`,
  uid: () => '2.25.9',
  shiftDays: 10,
  isReleased: (_type, id) => !id.startsWith('out'),
  display: (_system, code) => (code === '718-7' ? 'Hemoglobin' : undefined),
  codeSystems: new Set([
    'http://loinc.org',
    'http://snomed.info/sct',
    'http://dicom.nema.org/resources/ontology/DCM',
  ]),
})

export const loinc = { system: 'http://loinc.org', code: '718-7' }
export const hemoglobin = { ...loinc, display: 'Hemoglobin' }
export const typed = {
  coding: [{ ...loinc, version: 'Dupont', display: 'Hb de Dupont', userSelected: true }],
  text: 'Hb de Dupont',
}
export const local = { coding: [{ system: 'https://chu.example/codes', code: 'DUPONT' }], text: 'Dupont' }
export const masked = {
  system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason',
  code: 'masked',
  display: 'Masked',
}
export const ct = { system: 'http://dicom.nema.org/resources/ontology/DCM', code: 'CT' }
export const about = { reference: 'Patient/1' }
export const pseudonymised = { reference: 'Patient/p:1' }

export const smallest: Record<string, JsonObject> = {
  Patient: {},
  Observation: { status: 'final', code: typed },
  ImagingStudy: { status: 'available', subject: about },
  DiagnosticReport: { status: 'final', code: typed },
  Encounter: { status: 'finished', class: { system: 'http://loinc.org', code: '718-7' } },
  Condition: { subject: about },
  MedicationRequest: { status: 'active', intent: 'order', medicationCodeableConcept: typed, subject: about },
  Specimen: {},
  ServiceRequest: { status: 'active', intent: 'order', subject: about },
}

/** What becomes of one element of an otherwise minimal resource. */
export function become(type: string, element: string, value: Json): Json | undefined {
  const resource = { resourceType: type, id: '1', ...smallest[type], [element]: value }
  return release(resource, context)[element]
}
