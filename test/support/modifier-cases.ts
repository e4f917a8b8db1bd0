import { about, type MatchChapter } from './match-cases.ts'

const ucum = 'http://unitsofmeasure.org'

const pressure = {
  resourceType: 'Observation',
  code: {
    coding: [{ system: 'http://loinc.org', code: '85354-9', display: 'Blood pressure' }],
    text: 'Tension artérielle',
  },
  category: [{ text: 'Signes vitaux' }],
  component: [
    {
      code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
      valueQuantity: { value: 140, system: ucum, code: 'mm[Hg]', unit: 'mmHg' },
    },
    {
      code: { coding: [{ system: 'http://loinc.org', code: '8462-4' }] },
      valueQuantity: { value: 80, system: ucum, code: 'mm[Hg]' },
    },
  ],
}

const typed = {
  resourceType: 'Patient',
  identifier: [
    {
      value: 'A1',
      type: {
        coding: [
          { system: 'urn:t', code: 'MR' },
          { system: 'urn:u', code: 'PI' },
        ],
        text: 'IPP',
      },
    },
    { value: 'B2', type: { coding: [{ system: 'urn:t', code: 'SS' }] } },
    { value: 'C3' },
  ],
}

const creatinine = (code: string, value = 88, system = ucum) => ({
  resourceType: 'Observation',
  valueQuantity: { value, system, code, unit: 'as printed' },
})

const rennes = { resourceType: 'Location', position: { latitude: 48.1113, longitude: -1.68 } }
const fiji = { resourceType: 'Location', position: { latitude: -17, longitude: 179.99 } }

const named = {
  resourceType: 'Patient',
  name: [{ family: 'Dupont', given: ['Anne-Marie', 'Catherine'] }],
}

const patient = {
  resourceType: 'Patient',
  id: '1',
  name: [{ family: 'Le Goff' }],
  gender: 'female',
  identifier: [{ value: 'A', type: { coding: [{ system: 't', code: 'MR' }] } }],
  managingOrganization: { reference: 'Organization/o' },
}
const group = { resourceType: 'Group', id: '1', identifier: [{ value: 'G' }] }
const organization = { resourceType: 'Organization', id: 'o', name: 'CHU' }
const subject = (reference?: string) => ({
  resourceType: 'Observation',
  ...(reference === undefined ? {} : { subject: { reference } }),
})

/** What modifiers and composites find, by section of FHIR R4 § Search. */
export const modifierChapters: readonly MatchChapter[] = [
  {
    title: 'composite',
    cases: about(pressure, [
      ['component-code-value-quantity=8480-6$140', true],
      ['component-code-value-quantity=8480-6$gt139', true],
      ['component-code-value-quantity=8480-6$80', false],
      ['component-code-value-quantity=8462-4$gt100', false],
      ['component-code-value-quantity=8462-4$gt100,8480-6$gt100', true],
      [`component-code-value-quantity=http://loinc.org|8480-6$140|${ucum}|mm[Hg]`, true],
      [`component-code-value-quantity=8480-6$gt18|${ucum}|kPa`, true],
      [`component-code-value-quantity=8480-6$gt19|${ucum}|kPa`, false],
      ['component-code-value-quantity=85354-9$140', false],
      ['component-code-value-quantity=8480-6$140&component-code-value-quantity=8462-4$80', true],
      ['combo-code-value-quantity=8480-6$140', true],
      ['combo-code-value-quantity=85354-9$140', false],
      ['code-value-quantity=85354-9$140', false],
      ['component-code-value-quantity:missing=false', true],
      ['code-value-quantity:missing=true', true],
      ['code-value-quantity:missing=false', false],
    ]),
  },
  {
    title: 'modifier :text',
    cases: about(pressure, [
      ['code:text=blood', true],
      ['code:text=tension ARTERIELLE', true],
      ['code:text=pressure', false],
      ['code:text=85354-9', false],
      ['category:text=signes', true],
      ['category:text=blood,signes', true],
      ['category=signes', false],
    ]),
  },
  {
    title: 'modifier :of-type',
    cases: about(typed, [
      ['identifier:of-type=urn:t|MR|A1', true],
      ['identifier:of-type=urn:u|PI|A1', true],
      ['identifier:of-type=urn:t|PI|A1', false],
      ['identifier:of-type=urn:t|SS|A1', false],
      ['identifier:of-type=urn:t|MR|a1', false],
      ['identifier:of-type=urn:t|mr|A1', false],
      ['identifier:of-type=urn:t|SS|A1,urn:t|SS|B2', true],
      ['identifier:text=ipp', true],
      ['identifier=A1', true],
      ['identifier:missing=false', true],
    ]),
  },
  {
    title: 'quantity, in another UCUM unit',
    cases: [
      [`Observation?value-quantity=88|${ucum}|umol/L`, creatinine('umol/L'), true],
      [`Observation?value-quantity=0.088|${ucum}|mmol/L`, creatinine('umol/L'), true],
      [`Observation?value-quantity=0.09|${ucum}|mmol/L`, creatinine('umol/L'), true],
      [`Observation?value-quantity=0.080|${ucum}|mmol/L`, creatinine('umol/L'), false],
      [`Observation?value-quantity=gt0.087|${ucum}|mmol/L`, creatinine('umol/L'), true],
      [`Observation?value-quantity=gt0.088|${ucum}|mmol/L`, creatinine('umol/L'), false],
      [`Observation?value-quantity=ge0.088|${ucum}|mmol/L`, creatinine('umol/L'), true],
      [`Observation?value-quantity=88|${ucum}|mg/L`, creatinine('umol/L'), false],
      [
        `Observation?value-quantity=88|${ucum}|umol/L`,
        creatinine('umol/L', 88, 'http://other.example'),
        false,
      ],
      [
        `Observation?value-quantity=0.088|http://other.example|mmol/L`,
        creatinine('umol/L', 88, 'http://other.example'),
        false,
      ],
      [`Observation?value-quantity=0.088||mmol/L`, creatinine('umol/L'), false],
      [`Observation?value-quantity=37|${ucum}|Cel`, creatinine('[degF]', 98.6), true],
      [`Observation?value-quantity=gt37|${ucum}|Cel`, creatinine('K', 311), true],
      [`Observation?value-quantity=lt37|${ucum}|Cel`, creatinine('K', 311), false],
      [`Observation?value-quantity=5|${ucum}|nonsense`, creatinine('nonsense', 5), true],
      [`Observation?value-quantity=5|${ucum}|nonsense`, creatinine('mg', 5), false],
    ],
  },
  {
    title: 'Location.near',
    cases: [
      ['Location?near=48.1113|-1.68|0|km', rennes, true],
      ['Location?near=48.1113|-1.67|1|km', rennes, true],
      ['Location?near=48.1113|-1.67|700|m', rennes, false],
      ['Location?near=48.8566|2.3522|307|km', rennes, false], // Paris is 308 km away
      ['Location?near=48.8566|2.3522|309|km', rennes, true],
      ['Location?near=48.3|-1.68', rennes, true],
      ['Location?near=48.8566|2.3522', rennes, false],
      ['Location?near=48.8566|2.3522,48|-1.7', rennes, true],
      ['Location?near=-17|-179.99|3|km', fiji, true],
      ['Location?near=48|-1', { resourceType: 'Location' }, false],
      ['Location?near:missing=true', { resourceType: 'Location' }, true],
      ['Location?near:missing=false', rennes, true],
    ],
  },
  {
    title: 'Patient, phonetic',
    cases: about(named, [
      ['phonetic=Dupond', true],
      ['phonetic=Du', false],
      ['phonetic=Katrine', true],
      ['phonetic=Katrine Dupon', true],
      ['phonetic=Katrine Martin', false],
      ['phonetic=Martin,Dupon', true],
      ['phonetic:missing=true', false],
    ]),
  },
  {
    title: 'chained parameters, that end in a modifier or leave their type open',
    beside: [patient, group, organization],
    cases: [
      ['Observation?subject:Patient.name:exact=Le Goff', subject('Patient/1'), true],
      ['Observation?subject:Patient.name:exact=le goff', subject('Patient/1'), false],
      ['Observation?subject:Patient.gender:not=male', subject('Patient/1'), true],
      ['Observation?subject:Patient.gender:not=female', subject('Patient/1'), false],
      ['Observation?subject:Patient.gender:not=male', subject('Patient/unknown'), false],
      ['Observation?subject:Patient.gender:not=male', subject(undefined), false],
      ['Observation?subject:Patient.active:missing=true', subject('Patient/1'), true],
      ['Observation?patient.identifier:of-type=t|MR|A', subject('Patient/1'), true],
      ['Observation?subject.identifier=A', subject('Patient/1'), true],
      ['Observation?subject.identifier=A', subject('Group/1'), false],
      ['Observation?subject.identifier=G', subject('Group/1'), true],
      ['Observation?subject.name=le goff', subject('Patient/1'), true],
      ['Observation?patient.organization.name=chu', subject('Patient/1'), true],
      ['Observation?patient.organization.name:contains=hu', subject('Patient/1'), true],
      ['Observation?patient.organization.name=x', subject('Patient/1'), false],
    ],
  },
]
