const org = (n: number) => ({ reference: `Organization/org-${n}` })
const people = [
  {
    resourceType: 'Patient',
    id: 'anne',
    name: [{ family: 'Évrard', given: ['Anne'] }],
    gender: 'female',
    birthDate: '1962-03-04',
    managingOrganization: org(1),
  },
  { resourceType: 'Patient', id: 'yann', name: [{ family: 'Kerouac' }], birthDate: '1944' },
  { resourceType: 'Patient', id: 'zoe', name: [{ family: 'Abgrall' }], gender: 'female' },
  { resourceType: 'Patient', id: 'none' },
  { resourceType: 'Person', id: 'older', birthDate: '1950' },
  { resourceType: 'Person', id: 'born-later', birthDate: '1990-05-06' },
  { resourceType: 'Practitioner', id: 'doc', name: [{ family: 'Morvan' }] },
]
/** Anne, of whom most records are. */
export const subject = { reference: 'Patient/anne' }
const code = (text: string) => ({ coding: [{ system: 'http://loinc.org', code: text }] })
const records = [
  {
    resourceType: 'Encounter',
    id: 'stay',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject,
    serviceProvider: org(2),
  },
  {
    resourceType: 'Observation',
    id: 'b-sodium',
    status: 'final',
    code: code('2951-2'),
    subject,
    encounter: { reference: 'Encounter/stay' },
    performer: [{ reference: 'Practitioner/doc' }, { reference: '#inside' }],
    contained: [{ resourceType: 'Practitioner', id: 'inside', name: [{ family: 'Inner' }], gender: 'male' }],
    effectiveDateTime: '2024-01-02',
    note: [{ text: 'a note' }],
  },
  {
    resourceType: 'Observation',
    id: 'a-glucose',
    status: 'final',
    code: code('2345-7'),
    subject: { reference: 'Patient/yann' },
    performer: [{ reference: 'Patient/anne' }],
    effectiveDateTime: '2024-01-01',
    derivedFrom: [{ reference: 'Observation/b-sodium/_history/1' }],
  },
  { resourceType: 'Observation', id: 'c-undated', status: 'final', code: { text: 'x' }, subject },
  {
    resourceType: 'Condition',
    id: 'flu',
    subject,
    encounter: { reference: 'Encounter/stay' },
    recordedDate: '2024-01-03',
  },
]
/** Each is part of the next one; the last is part of the first. */
const organizations = [...Array(9).keys()].map((n) => ({
  resourceType: 'Organization',
  id: `org-${n + 1}`,
  name: `Organization ${n + 1}`,
  partOf: org(((n + 1) % 9) + 1),
}))
const url = 'http://hospital.example/Questionnaire/sleep'
const forms = [
  { resourceType: 'Questionnaire', id: 'q1', url, version: '1', status: 'active' },
  { resourceType: 'Questionnaire', id: 'q2', url, version: '2', status: 'active' },
  {
    resourceType: 'QuestionnaireResponse',
    id: 'r1',
    status: 'completed',
    questionnaire: `${url}|1`,
    subject,
  },
  { resourceType: 'QuestionnaireResponse', id: 'r0', status: 'completed', questionnaire: url },
]

/**
 * Some resources that refer to each other: patients, a stay with its findings, organizations in a circle, a
 * questionnaire in two versions. Their ids say what is special about each.
 */
export const smallHospital = [...people, ...records, ...organizations, ...forms]
