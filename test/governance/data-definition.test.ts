import { FhirError } from '../../src/fhir/outcome.ts'
import type { Query } from '../../src/fhir/search/query.ts'
import { readProposal } from '../../src/governance/data-definition.ts'
import type { ProposedData, Proposal } from '../../src/governance/proposal.ts'

const observation: ProposedData = {
  type: 'Observation',
  typeFilters: ['Observation?category=laboratory'],
  justification: 'the outcome is a laboratory value',
}

function proposal(changes: Partial<Proposal> = {}): Proposal {
  return {
    title: 'Glycaemia after discharge',
    purpose: 'To know how it develops',
    purposeCategory: 'scientific-research',
    people: ['nadia'],
    clientIds: [],
    cohort: ['Patient?gender=female'],
    data: [observation],
    freeText: false,
    expiresOn: '2027-06-30',
    ...changes,
  }
}

function faults(changes: Partial<Proposal>): string[] {
  try {
    readProposal(proposal(changes), 'Europe/Paris')
    return []
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    expect(error.status).toBe(422)
    return error.issues.map(({ expression }) => expression?.[0] ?? '')
  }
}

function codesOf({ criteria }: Query): string[] {
  return criteria.flatMap((criterion) => ('parameter' in criterion ? criterion.parameter.code : []))
}

describe('the cohort of a data access request', () => {
  it('is one search on Patient, of the criteria of all its searches', () => {
    const cohort = ['Patient?gender=female', 'Patient?_has:Condition:patient:code=44054006&deceased=false']
    const read = readProposal(proposal({ cohort }), 'Europe/Paris')
    expect(read.cohort.type).toBe('Patient')
    expect(codesOf(read.cohort)).toEqual(['gender', 'patient', 'deceased'])
  })

  it('may be everyone, said in so many words', () => {
    expect(readProposal(proposal({ cohort: ['Patient'] }), 'Europe/Paris').cohort.criteria).toEqual([])
  })

  it.each([
    'name=Martin',
    'family=Martin',
    'given=Nadia',
    'phonetic=Martin',
    'identifier=http://hospital.example|123',
    'identifier:missing=false',
    'phone=0601020304',
    'email=n@example.org',
    'telecom=0601020304',
    'address=Rennes',
    'address-city=Rennes',
    'address-postalcode=35000',
    'address-country=FR',
    'address-use=home',
    '_id=7f3c',
    '_lastUpdated=2026-01-01',
    '_tag=vip',
    'link=Patient/7f3c',
    'general-practitioner=Practitioner/12',
    'general-practitioner.name=Martin',
    'general-practitioner:Practitioner.identifier=12',
    '_has:Encounter:patient:identifier=1234567',
    '_has:Observation:subject:_id=7f3c',
    '_has:ImagingStudy:patient:identifier=urn:oid:1.2.3',
    '_has:Observation:subject:value-string=words',
  ])('refuses %s, which may single a person out', (criterion) => {
    expect(faults({ cohort: [`Patient?${criterion}`] })).toEqual(['cohort[0]'])
  })

  it.each([
    '1980-03-07',
    'ge1980-03-07',
    'ge1980-03',
    'eq1980',
    '1980',
    'ap1980',
    'ne1980',
    'ge1980,1980-03-07',
  ])('refuses birthdate=%s: whole years, in ranges, are all that is asked', (value) => {
    expect(faults({ cohort: [`Patient?birthdate=${value}`] })).toEqual(['cohort[0]'])
  })

  it.each(['ge1950', 'lt2008', 'le2007', 'gt1949', 'sa1949', 'eb2008'])('takes birthdate=%s', (value) => {
    expect(faults({ cohort: [`Patient?birthdate=${value}`] })).toEqual([])
  })

  it('refuses a search on another type', () => {
    expect(faults({ cohort: ['Observation?code=1'] })).toEqual(['cohort[0]'])
  })

  it('refuses a parameter that FHIR does not know', () => {
    expect(faults({ cohort: ['Patient?colour=blue'] })).toEqual(['cohort[0]'])
  })

  it.each([
    '_sort=birthdate',
    '_count=5',
    '_include=Patient:link',
    '_revinclude=Observation:subject',
    '_summary=count',
  ])('refuses %s, which is no criterion', (control) => {
    expect(faults({ cohort: [`Patient?gender=female&${control}`] })).toEqual(['cohort[0]'])
  })

  it('must be there', () => {
    expect(faults({ cohort: [] })).toEqual(['cohort'])
  })

  it('names every fault at its place, and never a value', () => {
    const wrong = proposal({ cohort: ['Patient?name=Zweistein', 'Patient?identifier=98765'] })
    const read = () => readProposal(wrong, 'Europe/Paris')
    expect(read).toThrow(FhirError)
    try {
      read()
    } catch (error) {
      expect(JSON.stringify((error as FhirError).issues)).not.toMatch(/Zweistein|98765/)
    }
  })
})

describe('the data of a data access request', () => {
  const data = (changes: Partial<ProposedData>) => ({ data: [{ ...observation, ...changes }] })

  it('keeps filters as searches and elements by name', () => {
    const [read] = readProposal(
      proposal(data({ elements: ['code', 'value', 'valueQuantity'] })),
      'Europe/Paris',
    ).data
    expect(read?.elements).toEqual(['code', 'value', 'valueQuantity'])
    expect(read?.typeFilters.map(({ criteria }) => criteria.length)).toEqual([1])
  })

  it.each(['AuditEvent', 'RelatedPerson', 'Nonsense', 'Binary'])('refuses %s, which has no rules', (type) => {
    expect(faults(data({ type, typeFilters: [] }))).toEqual(['data[0].type'])
  })

  it('refuses an element that the type does not have', () => {
    expect(faults(data({ elements: ['code', 'colour'] }))).toEqual(['data[0].elements[1]'])
  })

  it.each([
    'Condition?code=1',
    'Observation?subject=Patient/7f3c',
    'Observation?_id=7f3c',
    'Observation?identifier=1',
    'Observation?value-string=words',
    'Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status',
    'Observation?_sort=date',
    'Observation?code=a?b',
  ])('refuses the filter %s', (filter) => {
    expect(faults(data({ typeFilters: [filter] }))).toContain('data[0].typeFilters[0]')
  })

  it('refuses a filter that follows references: research rows are judged one by one', () => {
    expect(faults(data({ typeFilters: ['Observation?subject:Patient.gender=female'] }))).toEqual([
      'data[0].typeFilters',
    ])
  })

  it('refuses a filter over what is sealed', () => {
    const patient = { type: 'Patient', typeFilters: ['Patient?birthdate=ge1950'], justification: 'age' }
    expect(faults({ data: [patient] })).toEqual(['data[0].typeFilters'])
  })

  it('refuses a type that is named twice', () => {
    expect(faults({ data: [observation, observation] })).toEqual(['data[1].type'])
  })

  it('must be there', () => {
    expect(faults({ data: [] })).toEqual(['data'])
  })

  it('puts the period on every filter by the clinical date of the type', () => {
    const period = { start: '2020-01-01', end: '2020-12-31' }
    const [read] = readProposal(proposal({ period }), 'Europe/Paris').data
    const codes = read?.typeFilters.map(codesOf)
    expect(codes).toEqual([['category', 'date', 'date']])
  })

  it('lets a condition in by its onset or by its recording, within the period', () => {
    const condition = { type: 'Condition', typeFilters: [], justification: 'comorbidity' }
    const [read] = readProposal(
      proposal({ data: [condition], period: { start: '2020-01-01' } }),
      'Europe/Paris',
    ).data
    const codes = read?.typeFilters.map(codesOf)
    expect(codes).toEqual([['onset-date'], ['recorded-date']])
  })

  it('leaves patients in every period: they have no clinical date', () => {
    const patient = { type: 'Patient', typeFilters: [], justification: 'age' }
    const [read] = readProposal(
      proposal({ data: [patient], period: { start: '2020-01-01' } }),
      'Europe/Paris',
    ).data
    expect(read?.typeFilters).toEqual([])
  })
})
