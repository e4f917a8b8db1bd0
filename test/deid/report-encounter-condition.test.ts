import type { Json } from '../../src/fhir/json.ts'
import { about, become, hemoglobin, local, masked, typed } from './readable.ts'

describe('DiagnosticReport, Encounter, Condition, and what is ordered (C2)', () => {
  it.each<[string, string, Json, Json | undefined]>([
    ['DiagnosticReport', 'effectiveDateTime', '2024-03-01', '2024-03-11'],
    ['DiagnosticReport', 'issued', '2024-03-01T08:30:00Z', undefined],
    ['DiagnosticReport', 'result', [{ reference: 'Observation/2' }], [{ reference: 'Observation/p:2' }]],
    [
      'DiagnosticReport',
      'imagingStudy',
      [{ reference: 'ImagingStudy/2' }],
      [{ reference: 'ImagingStudy/p:2' }],
    ],
    ['DiagnosticReport', 'conclusion', 'Dupont', undefined],
    ['DiagnosticReport', 'conclusionCode', [typed], [{ coding: [hemoglobin] }]],
    ['DiagnosticReport', 'presentedForm', [{ data: 'AAAA', title: 'Dupont.pdf' }], undefined],
    ['DiagnosticReport', 'media', [{ comment: 'Dupont', link: { reference: 'Media/1' } }], undefined],
    ['DiagnosticReport', 'resultsInterpreter', [{ reference: 'Practitioner/1' }], undefined],

    ['Encounter', 'class', { system: 'urn:x', code: 'x' }, masked],
    ['Encounter', 'period', { start: '2024-03-01T08:30:00Z' }, { start: '2024-03-11T08:30:00Z' }],
    ['Encounter', 'length', { value: 3, unit: 'jours' }, { value: 3, unit: 'jours' }],
    [
      'Encounter',
      'diagnosis',
      [
        { condition: { reference: 'Condition/2' }, rank: 1, use: typed },
        { condition: { reference: 'Condition/out' }, rank: 2 },
      ],
      [{ condition: { reference: 'Condition/p:2' }, use: { coding: [hemoglobin] }, rank: 1 }],
    ],
    [
      'Encounter',
      'hospitalization',
      {
        admitSource: typed,
        dischargeDisposition: typed,
        specialCourtesy: [typed],
        dietPreference: [typed],
        preAdmissionIdentifier: { value: '1' },
        origin: { reference: 'Location/1' },
      },
      { admitSource: { coding: [hemoglobin] }, dischargeDisposition: { coding: [hemoglobin] } },
    ],
    ['Encounter', 'identifier', [{ value: '1' }], undefined],
    ['Encounter', 'participant', [{ individual: { reference: 'Practitioner/1' } }], undefined],
    ['Encounter', 'location', [{ location: { reference: 'Location/1' } }], undefined],
    ['Encounter', 'serviceProvider', { reference: 'Organization/1' }, undefined],
    ['Encounter', 'account', [{ reference: 'Account/1' }], undefined],
    ['Encounter', 'appointment', [{ reference: 'Appointment/1' }], undefined],
    ['Encounter', 'reasonCode', [{ text: 'Dupont' }, typed], [{ coding: [hemoglobin] }]],

    [
      'Condition',
      'verificationStatus',
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'refuted' }] },
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'refuted' }] },
    ],
    [
      'Condition',
      'clinicalStatus',
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'dupont' }] },
      undefined,
    ],
    ['Condition', 'code', local, undefined],
    ['Condition', 'onsetDateTime', '2024', '2024'],
    [
      'Condition',
      'onsetAge',
      { value: 97, system: 'http://unitsofmeasure.org', code: 'a', unit: 'ans' },
      { value: 90, unit: 'ans', system: 'http://unitsofmeasure.org', code: 'a' },
    ],
    ['Condition', 'onsetAge', { value: 97, unit: 'Dupont' }, undefined],
    ['Condition', 'abatementPeriod', { end: '2024-03-01' }, { end: '2024-03-11' }],
    ['Condition', 'recordedDate', '2024-03-01', '2024-03-11'],
    ['Condition', 'onsetString', 'Dupont', undefined],
    ['Condition', 'abatementString', 'Dupont', undefined],
    ['Condition', 'asserter', about, undefined],
    ['Condition', 'recorder', about, undefined],
    [
      'Condition',
      'evidence',
      [{ code: [typed], detail: [{ reference: 'Observation/2', display: 'x' }] }],
      [{ code: [{ coding: [hemoglobin] }], detail: [{ reference: 'Observation/p:2' }] }],
    ],

    ['MedicationRequest', 'doNotPerform', true, true],
    ['MedicationRequest', 'requester', { reference: 'Practitioner/1' }, undefined],
    ['MedicationRequest', 'groupIdentifier', { value: '1' }, undefined],
    [
      'MedicationRequest',
      'dosageInstruction',
      [
        {
          text: 'Dupont',
          patientInstruction: 'x',
          sequence: 1,
          doseAndRate: [{ doseQuantity: { value: 2, unit: 'mg' } }],
        },
      ],
      [{ sequence: 1, doseAndRate: [{ doseQuantity: { value: 2, unit: 'mg' } }] }],
    ],
    ['MedicationRequest', 'medicationCodeableConcept', local, { coding: [masked] }],
    ['Specimen', 'accessionIdentifier', { value: '1' }, undefined],
    [
      'Specimen',
      'collection',
      { collector: { reference: 'Practitioner/1' }, collectedDateTime: '2024-03-01' },
      { collectedDateTime: '2024-03-11' },
    ],
    ['ServiceRequest', 'requisition', { value: '1' }, undefined],
    ['ServiceRequest', 'patientInstruction', 'Dupont', undefined],
    ['ServiceRequest', 'authoredOn', '2024-03-01', '2024-03-11'],
  ])('%s.%s', (type, element, value, expected) => {
    expect(become(type, element, value)).toEqual(expected)
  })
})
