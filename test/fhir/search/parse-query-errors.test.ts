import fc from 'fast-check'
import { setAddedParameters, type SearchParameter } from '../../../src/fhir/definitions.ts'
import { FhirError } from '../../../src/fhir/outcome.ts'
import { parseQuery, type ParseOptions } from '../../../src/fhir/search/parse-query.ts'
import { parse, strict } from '../../support/search.ts'

const lenient: ParseOptions = { ...strict, handling: 'lenient' }

function refusal(search: string, options = strict): { status: number; code: string; diagnostics: string } {
  try {
    parse(search, options)
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return { status: error.status, code: error.issues[0]?.code ?? '', diagnostics: error.message }
  }
  throw new Error('not refused')
}

const unknown = [
  'Patient?nickname=x',
  'Patient?name:nickname=x',
  'Patient?name:not=x',
  'Patient?birthdate:exact=2020',
  'Patient?birthdate=xx2020',
  'Patient?_sort=nickname',
  'Patient?_sort=-birthdate,nickname',
  'Patient?_count:not=3',
  'Patient?name.family=x',
  'Patient?phonetic:exact=x',
  'Patient?_filter:not=x eq 1',
  'Patient?_filter=nickname eq x',
  'Patient?_filter=name ew "x"',
  'Patient?_filter=name gt "x"',
  'Patient?_filter=phonetic sw "x"',
  'Patient?_filter=birthdate co 2020',
  'Patient?_filter=name ne "x"',
  'Patient?_filter=name:exact eq "x"',
  'Patient?_filter=organization.nickname eq x',
  'Patient?_filter=general-practitioner[active eq true] eq x',
  'Patient?_list=$current-problems',
  'Patient?_contained=true',
  'Patient?_contained=both',
  'Patient?_containedType=container',
  'Patient?_list:missing=true',
  'Patient?_text=x',
  'Patient?_content=x',
  'Patient?_query=x',
  'Observation?subject:Organization=1',
  'Observation?subject:Patient.nickname=x',
  'Observation?subject.nickname=x',
  'Observation?code-value-quantity:not=a$5',
  'Observation?subject:text=x',
  'Observation?patient:below=Patient/1',
  'QuestionnaireResponse?questionnaire:below=http://x.example/q|1',
  'Observation?code:of-type=a|b|c',
  'Observation?status:text=final',
  'Patient?identifier:in=http://x.example/vs',
  'Patient?identifier:below=http://x.example|a',
  'Patient?birthdate:above=2020',
  'Location?near:exact=1|1',
  'QuestionnaireResponse?questionnaire.title=x',
  'Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed',
  'Observation?subject.nickname=x',
  'Patient?_has:Observation:nickname:code=x',
  'Patient?_include:nickname=Patient:organization',
  'Patient?=x',
  'Patient?__proto__=x',
  'Patient?constructor=x',
]

const bad = [
  'Patient?gender=',
  'Patient?gender=male,',
  'Patient?gender=|',
  'Patient?gender=a|b|c',
  'Patient?gender:missing=maybe',
  'Patient?name=...',
  'Patient?birthdate=yesterday',
  'Patient?birthdate=ge2024-02-30',
  'Patient?birthdate=2024,x',
  'RiskAssessment?probability=high',
  'RiskAssessment?probability=1e999',
  'Observation?value-quantity=5|mg',
  'Observation?value-quantity=5|a|b|c',
  'Observation?value-quantity=5||',
  'Observation?subject=a b',
  'Observation?subject=Patient/1/_history/2',
  'Observation?subject:Patient=Group/1',
  'Observation?subject=Organization/1',
  'Observation?subject.birthdate=x',
  'Observation?code-value-quantity=a',
  'Observation?code-value-quantity=a$5$6',
  'Observation?code-value-quantity=a$',
  'Observation?code-value-quantity=a$high',
  'Procedure?location:below=Organization/1',
  'Procedure?location:below=http://x.example/Location/1',
  'Procedure?location:below=Location/1/_history/2',
  'Patient?identifier:of-type=a|b',
  'Patient?identifier:of-type=a|b|',
  'Patient?identifier:of-type=|b|c',
  'Observation?code:below=a',
  'Observation?code:above=http://x.example|',
  'Observation?code:in=vs',
  'Observation?code:in=CodeSystem/x',
  'Observation?code:text=...',
  'Patient?phonetic=...',
  'Location?near=48',
  'Location?near=91|0',
  'Location?near=48|-181|1|km',
  'Location?near=48|-1|-5|km',
  'Location?near=48|-1|5|kg',
  'Location?near=48|-1|5|km|x',
  'Patient?_has:Observation=x',
  'Patient?_has:Encounter:location:status=x',
  'Patient?_contained=maybe',
  'Patient?_list=',
  'Patient?_list=Group/1',
  'Patient?_filter=',
  'Patient?_filter=x',
  'Patient?_filter=name eq',
  'Patient?_filter=name is x',
  'Patient?_filter=(name eq x',
  'Patient?_filter=name eq x)',
  'Patient?_filter=name eq "x',
  'Patient?_filter=name eq "\\q"',
  'Patient?_filter=name eq x and',
  'Patient?_filter=and name eq x',
  'Patient?_filter=name eq x name eq y',
  'Patient?_filter=not name eq x',
  'Patient?_filter=gender pr maybe',
  'Patient?_filter=birthdate ge yesterday',
  'Patient?_filter=birthdate eq ge2014',
  'Patient?_filter=organization[.name eq x',
  'Patient?_count=-1',
  'Patient?_count=many',
  'Patient?_count=1&_count=2',
  'Patient?_total=all',
  'Patient?_summary=yes',
  'Patient?_elements=nme',
  'Observation?_elements=valueQuantity',
  'Patient?_include=Observation:subject',
  'Patient?_include=Patient:name',
  'Patient?_include=Patient',
  'Patient?_revinclude=Observation:encounter',
  'Patient?_revinclude=Observation:subject:Group',
  'Patient?_revinclude=Medication:*',
  'Patient?_include=Patient:*:Observation',
  'Patient?_include=*:organization',
  'Patient?_include:iterate=Patient:name',
  'Patient?_sort=',
]

describe('Handling of errors (R4 § Search, "Handling Errors")', () => {
  it.each(unknown)('refuses %s when strict, ignores and reports it when lenient', (search) => {
    expect(refusal(search)).toMatchObject({ status: 400, code: 'not-supported' })
    const { query, applied, ignored } = parse(`${search}&_id=a`, lenient)
    expect(ignored).toEqual([search.slice(search.indexOf('?') + 1, search.indexOf('='))])
    expect(applied).toEqual([['_id', 'a']])
    expect(query).toEqual(parse(`${search.replace(/\?.*/, '')}?_id=a`, lenient).query)
  })

  it.each(bad)('refuses %s however it is handled', (search) => {
    expect(refusal(search)).toMatchObject({ status: 400, code: 'value' })
    expect(refusal(search, lenient)).toEqual(refusal(search))
  })

  it('names the parameter and never the value', () => {
    expect(refusal('Patient?birthdate=dupont').diagnostics).toMatch(/^birthdate: /)
    expect(refusal('Observation?subject:Patient.birthdate=dupont').diagnostics).toMatch(/^birthdate: /)
    for (const search of [...unknown, ...bad]) {
      const value = search.slice(search.indexOf('=') + 1)
      if (value.length > 3 && !/_(rev)?include/.test(search))
        expect(refusal(search).diagnostics).not.toContain(value)
    }
    expect(refusal('Patient?Anne Dupont=x').diagnostics).not.toContain('Dupont')
  })

  it('waits for each type of a chain that an index is being built for', () => {
    const added = (base: string, state: 'building' | 'ready'): SearchParameter => ({
      ...{ url: `http://x.example/${base}`, code: 'x-active', base: [base], type: 'token', state },
      ...{ expression: `${base}.active`, target: [], component: [] },
    })
    try {
      setAddedParameters([added('Patient', 'building'), added('Group', 'ready')])
      expect(parse('Observation?subject:Group.x-active=true').query.criteria).toHaveLength(1)
      expect(refusal('Observation?subject.x-active=true')).toMatchObject({ status: 503, code: 'transient' })
    } finally {
      setAddedParameters([])
    }
  })

  it('refuses what costs too much', () => {
    const chain = (links: number) => `Location?${'partof.'.repeat(links)}name=x`
    expect(parse(chain(6)).query.criteria).toHaveLength(1)
    expect(refusal(chain(7)).code).toBe('too-costly')
    expect(refusal(`Patient?${'_has:Observation:patient:patient.'.repeat(4)}name=x`).code).toBe('too-costly')
    expect(parse(`Patient?_id=${Array(500).fill('a').join()}`).query.criteria).toHaveLength(1)
    expect(refusal('Provenance?target.subject.identifier=x').code).toBe('too-costly')
    expect(refusal(`Patient?_id=${Array(501).fill('a').join()}`).code).toBe('too-costly')
    expect(parse(`Patient?${Array(100).fill('name=x').join('&')}`).query.criteria).toHaveLength(100)
    expect(refusal(`Patient?${Array(101).fill('name=x').join('&')}`).code).toBe('too-costly')
  })

  it('answers any text at once, with a query or a 400', () => {
    const keys = fc.constantFrom(
      'name',
      'birthdate',
      'identifier',
      '_sort',
      'general-practitioner',
      '_count',
      '_include',
    )
    fc.assert(
      fc.property(
        fc.oneof(keys, fc.string()),
        fc.string({ unit: 'binary', maxLength: 200 }),
        (key, value) => {
          try {
            expect(parseQuery('Patient', [[key, value]], strict).applied).toEqual([[key, value]])
          } catch (error) {
            expect(error).toBeInstanceOf(FhirError)
            expect((error as FhirError).status).toBe(400)
          }
        },
      ),
      { numRuns: 1000 },
    )
    const long = [
      'T'.repeat(1e6),
      '1'.repeat(1e6),
      ' '.repeat(1e6),
      '\\'.repeat(1e6),
      `http://${'/'.repeat(1e6)}`,
    ]
    const start = performance.now()
    for (const value of long) {
      for (const key of ['birthdate', 'general-practitioner', 'name', 'identifier']) {
        try {
          parseQuery('Patient', [[key, value]], strict)
        } catch (error) {
          expect(error).toBeInstanceOf(FhirError)
        }
      }
    }
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
