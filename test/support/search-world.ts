/** Resources that tell searches apart; what is wrong with a search shows in what it finds among them. */

export const ucum = 'http://unitsofmeasure.org'
export const loinc = 'http://loinc.org'

export function observation(id: string, rest: object): object {
  return { resourceType: 'Observation', id, status: 'final', code: { coding: [{ code: 'x' }] }, ...rest }
}

function measured(id: string, code: string, value: number, unit: string, rest: object = {}): object {
  const valueQuantity = { value, unit, system: ucum, code: unit }
  return observation(id, { code: { coding: [{ system: loinc, code }] }, valueQuantity, ...rest })
}

export function part(code: string, value: object): object {
  return { code: { coding: [{ system: loinc, code }] }, ...value }
}

export function pressure(value: number, code = 'mm[Hg]'): object {
  return { valueQuantity: { value, system: ucum, code } }
}

export const patients = [
  {
    resourceType: 'Patient',
    id: 'anne',
    name: [{ family: 'Le Goff', given: ['Anne-Éléonore', 'Marie'] }],
    birthDate: '1980-03-07',
    gender: 'female',
    identifier: [
      {
        type: { coding: [{ system: 'urn:types', code: 'MR' }], text: 'Dossier médical' },
        system: 'urn:ipp',
        value: 'a|1*',
      },
    ],
    generalPractitioner: [{ reference: 'Practitioner/p1' }],
  },
  {
    resourceType: 'Patient',
    id: 'yann',
    name: [{ family: 'Dupond', text: 'Monsieur Yann Dupond de la Très Longue Rivière' }],
    birthDate: '1980-03',
    identifier: [{ type: { coding: [{ system: 'urn:types', code: 'SS' }] }, system: 'urn:ipp', value: 'a' }],
  },
  { resourceType: 'Patient', id: 'zoe', name: [{ family: 'Legof' }], birthDate: '1979' },
]

export const observations = [
  measured('mg', '2345-7', 90, 'mg/dL', { subject: { reference: 'Patient/anne' } }),
  measured('g', '2345-7', 0.9, 'g/L', {
    subject: { reference: 'Group/g1' },
    performer: [{ reference: 'Patient/anne' }],
  }),
  measured('mmol', '14749-6', 5, 'mmol/L'),
  measured('warm', '8310-5', 38, 'Cel'),
  measured('hot', '8310-5', 104, '[degF]'),
  measured('nonsense', '1-8', 5, 'nobody_knows'),
  observation('odd', { valueQuantity: { value: 5, unit: 'boxes' } }),
  observation('local', { valueQuantity: { value: 5, system: 'urn:units', code: 'box' } }),
  observation('sampled', {
    code: { coding: [{ system: loinc, code: '2345-7' }] },
    valueSampledData: {
      origin: { value: 90, system: ucum, code: 'mg/dL' },
      period: 1,
      dimensions: 1,
      data: '0 1',
    },
  }),
  observation('bp', {
    component: [part('8480-6', pressure(150)), part('8462-4', pressure(80))],
    code: { coding: [{ system: loinc, code: '85354-9' }], text: 'Tension artérielle' },
  }),
  observation('kpa', { component: [part('8480-6', pressure(20, 'kPa')), part('8462-4', pressure(150))] }),
  observation('coded', {
    code: { coding: [{ system: loinc, code: '882-1', display: 'Groupe sanguin ABO' }] },
    valueCodeableConcept: { coding: [{ system: 'urn:abo', code: 'A' }], text: 'Groupe A' },
  }),
  observation('said', {
    code: { coding: [{ system: loinc, code: '882-1', display: 'Groupe sanguin ABO et rhésus' }] },
    valueString: 'Groupe A',
    component: [part('a', { valueCodeableConcept: { coding: [{ code: 'yes' }] } })],
  }),
  observation('star', {
    code: {
      coding: [
        { system: loinc, code: '*' },
        { system: 'urn:a|b', code: 'c' },
      ],
    },
  }),
  observation('dated', { valueDateTime: '2024-03-31T02:30:00', effectivePeriod: { start: '2024-03-30' } }),
]

export const others = [
  { resourceType: 'Practitioner', id: 'p1', name: [{ family: 'Katrine' }] },
  { resourceType: 'Group', id: 'g1', type: 'person', actual: true, code: { text: 'cohorte' } },
  {
    resourceType: 'Task',
    id: 't1',
    status: 'draft',
    intent: 'order',
    for: { reference: 'Patient/anne' },
  },
  {
    resourceType: 'MedicationRequest',
    id: 'm1',
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: { text: 'x' },
    subject: { reference: 'Patient/anne' },
    authoredOn: '2024-05-05',
    dosageInstruction: [{ timing: { event: ['2024-01-01'] } }, { timing: { event: ['2024-12-31'] } }],
  },
  {
    resourceType: 'Location',
    id: 'rennes',
    status: 'active',
    mode: 'instance',
    position: { latitude: 48.1173, longitude: -1.6778 },
  },
  {
    resourceType: 'Location',
    id: 'fiji',
    status: 'active',
    mode: 'instance',
    position: { latitude: -17, longitude: 179.9 },
  },
  { resourceType: 'Location', id: 'nowhere', status: 'active', mode: 'instance' },
  {
    resourceType: 'ValueSet',
    id: 'vs1',
    status: 'active',
    url: 'http://x.example/fhir/ValueSet/a',
    name: 'A',
  },
  {
    resourceType: 'ValueSet',
    id: 'vs2',
    status: 'active',
    url: 'http://x.example/fhir/ValueSet/a/b',
    useContext: [
      { code: { system: 'urn:u', code: 'age' }, valueQuantity: { value: 10, system: ucum, code: 'a' } },
      { code: { system: 'urn:u', code: 'focus' }, valueCodeableConcept: { coding: [{ code: 'flu' }] } },
    ],
  },
  {
    resourceType: 'ValueSet',
    id: 'vs3',
    status: 'active',
    url: 'http://x.example/',
    meta: { profile: ['http://x.example/profiles/vs'] },
  },
  {
    resourceType: 'DocumentReference',
    id: 'd1',
    status: 'current',
    content: [{ attachment: { title: 'x', url: 'https://pacs.example/patients/4711/scan' } }],
    relatesTo: [
      { code: 'replaces', target: { reference: 'DocumentReference/d0' } },
      { code: 'appends', target: { reference: 'DocumentReference/d9' } },
    ],
  },
  {
    resourceType: 'MolecularSequence',
    id: 'seq',
    coordinateSystem: 0,
    referenceSeq: { chromosome: { coding: [{ code: '17' }] }, windowStart: 100, windowEnd: 200 },
    variant: [
      { start: 110, end: 120 },
      { start: 150, end: 160 },
    ],
  },
  {
    resourceType: 'List',
    id: 'l1',
    status: 'current',
    mode: 'working',
    entry: [{ item: { reference: 'Patient/anne' } }, { item: { reference: 'Observation/mg' } }],
  },
]
