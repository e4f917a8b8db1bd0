import fc from 'fast-check'
import { parseQuery } from '../../../src/fhir/search/parse-query.ts'
import type { Include } from '../../../src/fhir/search/query.ts'
import { escapeValue } from '../../../src/fhir/search/search-escape.ts'
import { base, brief, parse, strict } from '../../support/search.ts'

const token = (system: string | undefined, code: string | undefined) => ({ kind: 'token', system, code })
const reference = (type: string | undefined, id: string, url?: string) => ({
  kind: 'reference',
  type,
  id,
  url,
})

describe('A search criterion (R4 § Search, "Search Parameter Types")', () => {
  it.each([
    ['Observation?code=8480-6', { code: [token(undefined, '8480-6')] }],
    ['Observation?code=http://loinc.org|8480-6', { code: [token('http://loinc.org', '8480-6')] }],
    ['Observation?code=|8480-6', { code: [token('', '8480-6')] }],
    ['Observation?code=http://loinc.org|', { code: [token('http://loinc.org', undefined)] }],
    ['Observation?code=A,b\\,c', { code: [token(undefined, 'a'), token(undefined, 'b,c')] }],
    ['Observation?code=a\\|b', { code: [token(undefined, 'a|b')] }],
    ['Patient?identifier=urn:oid:1.2|AbC', { identifier: [token('urn:oid:1.2', 'AbC')] }],
    ['Patient?_id=AbC', { _id: [token(undefined, 'AbC')] }],
    ['Patient?gender:not=Male', { 'gender:not': [token(undefined, 'male')] }],
    ['Patient?gender:missing=true', { 'gender:missing': [{ kind: 'missing', missing: true }] }],
    ['Patient?name=Éva', { name: [{ kind: 'string', text: 'Éva' }] }],
    ['Patient?name:exact=a\\$b|c', { 'name:exact': [{ kind: 'string', text: 'a$b|c' }] }],
    ['Patient?name:contains=x', { 'name:contains': [{ kind: 'string', text: 'x' }] }],
    ['Observation?subject=Patient/1', { subject: [reference('Patient', '1')] }],
    ['Observation?subject=1', { subject: [reference(undefined, '1')] }],
    ['Observation?patient=1', { patient: [reference('Patient', '1')] }],
    ['Observation?subject:Patient=1', { subject: [reference('Patient', '1')] }],
    [`Observation?subject=${base}/Patient/1`, { subject: [reference('Patient', '1')] }],
    [
      'Observation?subject=http://x.example/Patient/1',
      { subject: [reference(undefined, '', 'http://x.example/Patient/1')] },
    ],
    ['Observation?subject:identifier=s|V', { 'subject:identifier': [token('s', 'V')] }],
    [
      'QuestionnaireResponse?questionnaire=http://x.example/q\\|2',
      { questionnaire: [reference(undefined, '', 'http://x.example/q|2')] },
    ],
    [
      'ValueSet?url:below=http://x.example/',
      { url: [{ kind: 'uri', uri: 'http://x.example/', match: 'below' }] },
    ],
    ['ValueSet?url=urn:oid:1.2', { url: [{ kind: 'uri', uri: 'urn:oid:1.2', match: 'exact' }] }],
    [
      'Patient?birthdate=ge2024-03',
      {
        birthdate: [
          {
            kind: 'date',
            prefix: 'ge',
            low: Date.parse('2024-02-29T23:00Z'),
            high: Date.parse('2024-03-31T22:00Z'),
          },
        ],
      },
    ],
    [
      // a '+' that was not percent-encoded
      'Observation?date=2024-01-01T10:00:00 01:00',
      {
        date: [
          {
            kind: 'date',
            prefix: 'eq',
            low: Date.parse('2024-01-01T09:00Z'),
            high: Date.parse('2024-01-01T09:00:01Z'),
          },
        ],
      },
    ],
    [
      'RiskAssessment?probability=gt0.8',
      { probability: [{ kind: 'number', prefix: 'gt', number: 0.8, low: 0.75, high: 0.85 }] },
    ],
    [
      'RiskAssessment?probability=ap50',
      { probability: [{ kind: 'number', prefix: 'ap', number: 50, low: 45, high: 55 }] },
    ],
    [
      'Observation?value-quantity=le5.4|http://unitsofmeasure.org|mg',
      {
        'value-quantity': [
          {
            kind: 'quantity',
            prefix: 'le',
            number: 5.4,
            low: 5.35,
            high: 5.45,
            system: 'http://unitsofmeasure.org',
            code: 'mg',
          },
        ],
      },
    ],
    [
      'Observation?value-quantity=5||mg',
      {
        'value-quantity': [
          { kind: 'quantity', prefix: 'eq', number: 5, low: 4.5, high: 5.5, system: undefined, code: 'mg' },
        ],
      },
    ],
    [
      'Observation?subject:Patient.gender=male',
      { 'subject→Patient': [{ gender: [token(undefined, 'male')] }] },
    ],
    [
      'Observation?patient.organization.name=chu',
      { 'patient→Patient': [{ 'organization→Organization': [{ name: [{ kind: 'string', text: 'chu' }] }] }] },
    ],
    [
      'Patient?_has:Observation:patient:code=x',
      { 'Observation←patient': [{ code: [token(undefined, 'x')] }] },
    ],
    [
      'Patient?_has:Observation:patient:_has:AuditEvent:entity:agent:Practitioner.active=true',
      {
        'Observation←patient': [
          { 'AuditEvent←entity': [{ 'agent→Practitioner': [{ active: [token(undefined, 'true')] }] }] },
        ],
      },
    ],
    [
      'Observation?subject:Patient.name:exact=Le Goff',
      { 'subject→Patient': [{ 'name:exact': [{ kind: 'string', text: 'Le Goff' }] }] },
    ],
    [
      'Observation?subject.identifier=x',
      {
        any: ['Patient', 'Group', 'Device', 'Location'].map((type) => ({
          [`subject→${type}`]: [{ identifier: [token(undefined, 'x')] }],
        })),
      },
    ],
    [
      'Observation?patient.identifier:of-type=urn:oid:1|MR|Ab',
      {
        'patient→Patient': [
          { identifier: [{ kind: 'of-type', system: 'urn:oid:1', code: 'MR', value: 'Ab' }] },
        ],
      },
    ],
    [
      'Patient?_has:Encounter:patient:_has:Observation:encounter:code:below=l|a',
      {
        'Encounter←patient': [
          {
            'Observation←encounter': [
              { code: [{ kind: 'concept', system: 'l', code: 'a', direction: 'below' }] },
            ],
          },
        ],
      },
    ],
    [
      'Observation?patient._has:Group:member:_id=g',
      { 'patient→Patient': [{ 'Group←member': [{ _id: [token(undefined, 'g')] }] }] },
    ],
  ])('%s', (search, expected) => {
    expect(brief(parse(search).query)).toEqual([expected])
  })

  it('is one of many that must all hold, each with values of which one must', () => {
    const { query } = parse('Observation?code=a,b&code=c&status=final')
    expect(brief(query)).toEqual([
      { code: [token(undefined, 'a'), token(undefined, 'b')] },
      { code: [token(undefined, 'c')] },
      { status: [token(undefined, 'final')] },
    ])
  })

  it('widens ap on a date by a tenth of the time until now', () => {
    const now = Date.parse('2024-01-11T00:00:00Z')
    const { query } = parse('Observation?date=ap2024-01-01T00:00:00Z', { ...strict, now })
    const [criterion] = query.criteria
    expect(criterion?.kind === 'value' && criterion.values[0]).toEqual({
      kind: 'date',
      prefix: 'ap',
      low: Date.parse('2023-12-31T00:00:00Z'),
      high: Date.parse('2024-01-02T00:00:01Z'),
    })
  })
})

function included(includes: readonly Include[]): string[] {
  return includes.map(({ source, parameter, target, iterate }) => {
    const code = parameter === '*' ? '*' : parameter.code
    return [source, code, ...(target === undefined ? [] : [target])].join(':') + (iterate ? ' iterate' : '')
  })
}

describe('What shapes the answer (R4 § Search, "Managing Returned Resources")', () => {
  it('is read beside the criteria', () => {
    const { query } = parse(
      'Observation?_count=20&_sort=-date,code&_include=Observation:subject:Patient&_include=Observation:encounter' +
        '&_revinclude=Provenance:target&_total=accurate&_elements=code,value&_summary=data',
    )
    expect(query).toMatchObject({
      criteria: [],
      count: 20,
      total: 'accurate',
      elements: ['code', 'value'],
      summary: 'data',
    })
    expect(query.sort.map(({ parameter, descending }) => [parameter.code, descending])).toEqual([
      ['date', true],
      ['code', false],
    ])
    expect(included(query.include)).toEqual(['Observation:subject:Patient', 'Observation:encounter'])
    expect(included(query.revinclude)).toEqual(['Provenance:target'])
  })

  it.each([
    ['Observation?_include=*', ['*:*']],
    ['Observation?_include=*:*:Patient', ['*:*:Patient']],
    ['Observation?_include=Observation:*', ['Observation:*']],
    ['Observation?_include:iterate=Patient:general-practitioner', ['Patient:general-practitioner iterate']],
    ['Observation?_include:recurse=Observation:has-member', ['Observation:has-member iterate']],
    ['Patient?_revinclude=*', ['*:*']],
    ['Patient?_revinclude=Provenance:*', ['Provenance:*']],
    ['Patient?_revinclude:iterate=Provenance:target', ['Provenance:target iterate']],
  ])('reads %s', (search, expected) => {
    const { include, revinclude } = parse(search).query
    expect(included([...include, ...revinclude])).toEqual(expected)
  })

  it('caps _count at 1000, and takes 0 for _summary=count', () => {
    expect(parse('Patient?_count=5000').query.count).toBe(1000)
    expect(parse('Patient?_count=0&_summary=true').query).toMatchObject({ count: 0, summary: 'count' })
  })

  it('lets _format, _pretty and _contained=false through', () => {
    const parsed = parse('Patient?_format=json&_pretty=true&_contained=false')
    expect(parsed.ignored).toEqual([])
    expect(parsed.query).toEqual(parse('Patient').query)
  })
})

describe('Escapes (R4 § Search, "Escaping Search Parameters")', () => {
  it('make any text one value, which comes out as it went in', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'B', ',', '|', '$', '\\', ' '), minLength: 1 })
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 5 }), (values) => {
        const { query } = parseQuery('Patient', [['name:exact', values.map(escapeValue).join(',')]], strict)
        const [criterion] = query.criteria
        expect(criterion?.kind === 'value' && criterion.values).toEqual(
          values.map((text) => ({ kind: 'string', text })),
        )
      }),
    )
  })

  it('keep system and code of a token apart', () => {
    const parts = fc.string({ unit: fc.constantFrom('a', 'B', ',', '|', '$', '\\', ':'), minLength: 1 })
    fc.assert(
      fc.property(parts, parts, (system, code) => {
        const value = `${escapeValue(system)}|${escapeValue(code)}`
        const [criterion] = parseQuery('Patient', [['identifier', value]], strict).query.criteria
        expect(criterion?.kind === 'value' && criterion.values).toEqual([token(system, code)])
      }),
    )
  })
})
