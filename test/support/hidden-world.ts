import type { Resource } from '../../src/fhir/json.ts'

const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const category = (code: string) => [{ coding: [{ code }] }]
const quantity = (value: number) => ({
  value,
  unit: 'mmol/L',
  system: 'http://unitsofmeasure.org',
  code: 'mmol/L',
})
const alice = { reference: 'Patient/alice' }
const bob = { reference: 'Patient/bob' }

function observation(id: string, value: number, day: number, more: object): Resource {
  return {
    ...{ resourceType: 'Observation', id, status: 'final', code: loinc('2951-2') },
    ...{ effectiveDateTime: `2024-03-0${day}T08:00:00Z`, valueQuantity: quantity(value) },
    performer: [{ reference: 'Practitioner/shared' }],
    ...more,
  }
}

/** Alice, whose record the tokens are for, and what it refers to. */
export const visible = [
  { resourceType: 'Practitioner', id: 'shared', name: [{ family: 'Shared' }] },
  { resourceType: 'Location', id: 'ward', status: 'active', name: 'Ward' },
  {
    ...{ resourceType: 'Patient', id: 'alice', gender: 'female', birthDate: '1980-01-01' },
    name: [{ family: 'Visible', given: ['Alice'] }],
    link: [{ other: bob, type: 'seealso' }],
  },
  {
    ...{ resourceType: 'Encounter', id: 'meet', status: 'finished', subject: alice },
    class: { code: 'IMP' },
    location: [{ location: { reference: 'Location/ward' } }],
  },
  observation('seen-1', 140, 1, { subject: alice, category: category('laboratory') }),
  observation('seen-2', 150, 2, {
    ...{ subject: alice, category: category('laboratory'), encounter: { reference: 'Encounter/meet' } },
    // leads to what is not there yet
    derivedFrom: [{ reference: 'Observation/hidden-o' }],
  }),
  {
    ...{ resourceType: 'Condition', id: 'seen-c', subject: alice, code: { coding: [{ code: 'seen-code' }] } },
    category: category('problem-list-item'),
  },
] as unknown as readonly Resource[]

/** Bob, who is linked to Alice, and all that is his: nothing of it is within the scopes of any token. */
export const hidden = [
  {
    ...{ resourceType: 'Patient', id: 'bob', gender: 'male', birthDate: '1970-05-05' },
    identifier: [{ system: 'urn:ipp', value: '77' }],
    name: [{ family: 'Hidden', given: ['Bob'] }],
    link: [{ other: alice, type: 'seealso' }],
  },
  observation('hidden-o', 250, 9, {
    ...{ subject: bob, category: category('vital-signs'), encounter: { reference: 'Encounter/hidden-e' } },
    note: [{ text: 'secret' }],
    code: { ...loinc('2951-2'), text: 'secret' },
  }),
  {
    ...{
      resourceType: 'Condition',
      id: 'hidden-c',
      subject: bob,
      code: { coding: [{ code: 'hidden-code' }] },
    },
    category: category('encounter-diagnosis'),
    contained: [{ resourceType: 'Observation', id: 'in', status: 'final', code: loinc('2951-2') }],
    stage: [{ assessment: [{ reference: '#in' }] }],
  },
  {
    ...{ resourceType: 'Encounter', id: 'hidden-e', status: 'finished', subject: bob },
    class: { code: 'EMER' },
    partOf: { reference: 'Encounter/meet' },
    location: [{ location: { reference: 'Location/ward' } }],
  },
  {
    ...{ resourceType: 'List', id: 'hidden-list', status: 'current', mode: 'working', subject: bob },
    entry: [{ item: { reference: 'Observation/seen-1' } }],
  },
  {
    ...{ resourceType: 'Provenance', id: 'hidden-p', recorded: '2024-03-09T08:00:00Z' },
    target: [{ reference: 'Observation/seen-1' }],
    agent: [{ who: { reference: 'Practitioner/shared' } }],
  },
] as unknown as readonly Resource[]

/** Tokens in every form of scope; with each, Alice is the patient in launch context. */
export const tokens = {
  'of one patient': 'patient/*.cruds',
  granular: [
    'system/Observation.cruds?category=laboratory system/Condition.cruds?category=problem-list-item',
    'system/Patient.cruds?gender=female system/Encounter.rs?subject:Patient.gender=female',
  ].join(' '),
  'of one patient, and wider by parameters': [
    'patient/Observation.rus user/Observation.s?category=laboratory user/Patient.rs?gender=female',
    'patient/Condition.cud patient/Encounter.rs',
  ].join(' '),
} as const
