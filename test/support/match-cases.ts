/** A search, a resource, and whether the one finds the other. */
export type MatchCase = readonly [search: string, resource: object, found: boolean]

/** Cases of one section of the specification, judged in memory and in SQL alike. */
export interface MatchChapter {
  readonly title: string
  readonly cases: readonly MatchCase[]
  /** what the cases' resources refer to */
  readonly beside?: readonly object[]
}

/** Searches about one resource. */
function on(resource: object, cases: readonly (readonly [string, boolean])[]): MatchCase[] {
  return cases.map(([search, found]) => [search, resource, found])
}

/** Searches by parameters of one type, about one resource. */
export function about(
  resource: { readonly resourceType: string },
  cases: readonly (readonly [string, boolean])[],
): MatchCase[] {
  return cases.map(([parameters, found]) => [`${resource.resourceType}?${parameters}`, resource, found])
}

export const anne = {
  resourceType: 'Patient',
  id: 'Anne-1',
  active: true,
  gender: 'female',
  birthDate: '1974-12',
  identifier: [{ system: 'urn:oid:1.2', value: 'Ab-1' }],
  name: [{ family: 'Le Goff', given: ['Anne-Éléonore', 'Marie'] }, { text: 'Mme Dupont-Öçal' }],
  telecom: [{ system: 'phone', value: '0299123456' }],
  managingOrganization: { reference: 'Organization/chu' },
  generalPractitioner: [{ identifier: { system: 'urn:oid:9', value: 'Rpps1' } }],
}

export const glucose = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: 'LA-1' }, { code: 'local' }] },
  subject: { reference: 'Patient/Anne-1' },
  valueQuantity: { value: 5.4, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
}

export const chu = { resourceType: 'Organization', id: 'chu', name: 'CHU de Rennes' }
const valueSet = { resourceType: 'ValueSet', id: 'vs', url: 'http://x.example/fhir/ValueSet/a' }
const base = 'https://hospital.example/fhir'

const printed = { ...glucose, valueQuantity: { value: 5.4, unit: 'millimol', code: 'mmol' } }
const low = { ...glucose, valueQuantity: { value: 5, comparator: '<' } }

const at = (effective: object) => ({ resourceType: 'Observation', ...effective })
const instant = (effectiveDateTime: string) => at({ effectiveDateTime })
const period = (start?: string, end?: string) =>
  at({
    effectivePeriod: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) },
  })

/** What plain parameters find, by section of FHIR R4 § Search. */
export const matchChapters: readonly MatchChapter[] = [
  {
    title: 'token',
    cases: [
      ...on(glucose, [
        ['Observation?code=la-1', true],
        ['Observation?code=LA-1', true],
        ['Observation?code=LA', false],
        ['Observation?code=http://loinc.org|la-1', true],
        ['Observation?code=http://LOINC.org|LA-1', false],
        ['Observation?code=http://loinc.org|local', false],
        ['Observation?code=|local', true],
        ['Observation?code=|LA-1', false],
        ['Observation?code=http://loinc.org|', true],
        ['Observation?code=http://snomed.info/sct|', false],
        ['Observation?code=x,local', true],
        ['Observation?code=local&code=la-1', true],
        ['Observation?code=local&code=x', false],
        ['Observation?code:not=x', true],
        ['Observation?code:not=x,local', false],
        ['Observation?category:not=laboratory', true],
        ['Observation?category:missing=true', true],
        ['Observation?category:missing=false', false],
        ['Observation?code:missing=false', true],
        ['Observation?status=http://hl7.org/fhir/observation-status|final', true],
        ['Observation?_id=o1', true],
        ['Observation?_id=O1', false],
        ['Patient?_id=o1', false],
      ]),
      ...on(anne, [
        ['Patient?identifier=Ab-1', true],
        ['Patient?identifier=ab-1', false],
        ['Patient?identifier=urn:oid:1.2|Ab-1', true],
        ['Patient?identifier=urn:oid:1.3|Ab-1', false],
        ['Patient?active=true', true],
        ['Patient?deceased=false', true],
        ['Patient?phone=0299123456', true],
        ['Patient?email=0299123456', false],
        ['Patient?general-practitioner:identifier=urn:oid:9|Rpps1', true],
        ['Patient?general-practitioner:identifier=urn:oid:9|rpps1', false],
        ['Patient?general-practitioner:missing=false', true],
      ]),
    ],
  },
  {
    title: 'string',
    cases: on(anne, [
      ['Patient?name=le', true],
      ['Patient?name=LE  GÔFF', true],
      ['Patient?name=goff', false],
      ['Patient?name:contains=GOFF', true],
      ['Patient?given=anne eleo', true],
      ['Patient?given=anneeleonore', false],
      ['Patient?name=mme dupont ocal', true],
      ['Patient?family=anne', false],
      ['Patient?family:exact=Le Goff', true],
      ['Patient?family:exact=le goff', false],
      ['Patient?family:exact=Le', false],
      ['Patient?given=zoe,marie', true],
      ['Patient?address:missing=true', true],
    ]),
  },
  {
    title: 'date',
    cases: [
      ['Observation?date=eq2013-01-14', instant('2013-01-14T00:00:00+01:00'), true],
      ['Observation?date=eq2013-01-14', instant('2013-01-14T10:00:00+01:00'), true],
      ['Observation?date=eq2013-01-14', instant('2013-01-15T00:00:00+01:00'), false],
      ['Observation?date=ne2013-01-14', instant('2013-01-15T00:00:00+01:00'), true],
      ['Observation?date=ne2013-01-14', instant('2013-01-14T00:00:00+01:00'), false],
      ['Observation?date=lt2013-01-14T10:00', instant('2013-01-14'), true],
      [
        'Observation?date=lt2013-01-14T10:00',
        period('2013-01-13T12:00:00+01:00', '2013-01-14T12:00:00+01:00'),
        true,
      ],
      [
        'Observation?date=lt2013-01-14T10:00',
        period('2013-01-14T08:00:00+01:00', '2013-01-15T08:00:00+01:00'),
        true,
      ],
      ['Observation?date=gt2013-01-14T10:00', instant('2013-01-14'), true],
      [
        'Observation?date=gt2013-01-14T10:00',
        period('2013-01-13T12:00:00+01:00', '2013-01-14T12:00:00+01:00'),
        true,
      ],
      [
        'Observation?date=gt2013-01-14T10:00',
        period('2013-01-14T08:00:00+01:00', '2013-01-15T08:00:00+01:00'),
        true,
      ],
      ['Observation?date=ge2013-03-14', period('2013-01-21'), true],
      ['Observation?date=le2013-03-14', period('2013-01-21'), true],
      ['Observation?date=sa2013-03-14', period('2013-03-15'), true],
      ['Observation?date=sa2013-03-14', period('2013-01-21'), false],
      ['Observation?date=sa2013-03-14', period(undefined, '2013-01-21'), false],
      ['Observation?date=eb2013-03-14', period('2013-03-15'), false],
      ['Observation?date=eb2013-03-14', period('2013-01-21'), false],
      ['Observation?date=eb2013-03-14', period(undefined, '2013-01-21'), true],
      ['Observation?date=ap2013-03-14', instant('2013-03-14'), true],
      // precision: a month is not within a day of it
      ['Observation?date=2013-01-14', instant('2013-01'), false],
      ['Observation?date=2013-01', instant('2013-01-14'), true],
      ['Observation?date=2013', period('2013-02', '2013-03'), true],
      ['Observation?date=2013', period('2013-02'), false],
      // a day is that of the hospital's clock
      ['Observation?date=2013-01-14', instant('2013-01-13T23:30:00Z'), true],
      ['Observation?date=2013-01-14', instant('2013-01-14T23:30:00Z'), false],
      ['Observation?date=2012,2013-01', instant('2013-01-14'), true],
    ],
  },
  {
    title: 'quantity',
    cases: [
      ...about(glucose, [
        ['value-quantity=5.4', true],
        ['value-quantity=5.40', true],
        ['value-quantity=5.41', false],
        ['value-quantity=5', true],
        ['value-quantity=ne5', false],
        ['value-quantity=gt5.4', false],
        ['value-quantity=ge5.4', true],
        ['value-quantity=lt5.5', true],
        ['value-quantity=ap5', true],
        ['value-quantity=5.4|http://unitsofmeasure.org|mmol/L', true],
        ['value-quantity=5.4|http://unitsofmeasure.org|mmol/l', true],
        ['value-quantity=5.4|http://unitsofmeasure.org|mg/dL', false],
        ['value-quantity=5.4|http://unitsofmeasure.org|', true],
        ['value-quantity=5.4|http://other.example|mmol/L', false],
        ['value-quantity=5.4||mmol/L', true],
        ['value-quantity=5.4||mg', false],
        ['value-quantity=6,5.4', true],
      ]),
      // "the code or the unit"
      ...about(printed, [
        ['value-quantity=5.4||millimol', true],
        ['value-quantity=5.4||mmol', true],
        ['value-quantity=5.4||Millimol', false],
      ]),
      // below a limit is not that limit
      ...about(low, [
        ['value-quantity=lt5', true],
        ['value-quantity=le5', true],
        ['value-quantity=ge5', false],
        ['value-quantity=gt5', false],
        ['value-quantity=5', false],
      ]),
    ],
  },
  {
    title: 'reference, uri',
    cases: [
      ...on(glucose, [
        ['Observation?subject=Anne-1', true],
        ['Observation?subject=anne-1', false],
        ['Observation?subject=Patient/Anne-1', true],
        ['Observation?subject=Group/Anne-1', false],
        ['Observation?subject:Patient=Anne-1', true],
        ['Observation?subject:Group=Anne-1', false],
        [`Observation?subject=${base}/Patient/Anne-1`, true],
        ['Observation?subject=http://x.example/Patient/Anne-1', false],
        ['Observation?patient=Anne-1', true],
        ['Observation?encounter:missing=true', true],
      ]),
      ...about(valueSet, [
        ['url=http://x.example/fhir/ValueSet/a', true],
        ['url=http://x.example/fhir/ValueSet/A', false],
        ['url:below=http://x.example/fhir', true],
        ['url:below=http://x.example/fhir/', true],
        ['url:below=http://x.example/fh', false],
        ['url:above=http://x.example/fhir/ValueSet/a/b', true],
        ['url:above=http://x.example/fhir/ValueSet/ab', false],
      ]),
    ],
  },
  {
    title: 'chained parameters, reverse chaining',
    beside: [anne, glucose, chu],
    cases: [
      ['Observation?patient.gender=female', glucose, true],
      ['Observation?patient.gender=male', glucose, false],
      ['Observation?patient.gender:not=male', glucose, true],
      ['Observation?subject:Patient.organization.name=chu', glucose, true],
      ['Observation?subject:Patient.organization.name=chru', glucose, false],
      ['Observation?subject:Group.code=x', glucose, false],
      ['Observation?encounter.status=finished', glucose, false],
      ['Patient?_has:Observation:patient:code=local', anne, true],
      ['Patient?_has:Observation:patient:code=other', anne, false],
      ['Organization?_has:Patient:organization:_has:Observation:patient:code=local', chu, true],
      ['Organization?_has:Patient:organization:_has:Observation:patient:code=other', chu, false],
      ['Observation?patient._has:Observation:subject:status=final', glucose, true],
    ],
  },
]
