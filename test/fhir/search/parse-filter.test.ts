import fc from 'fast-check'
import { parseJson, type Resource } from '../../../src/fhir/json.ts'
import { matches } from '../../../src/fhir/search/matches.ts'
import { FhirError } from '../../../src/fhir/outcome.ts'
import { parseQuery } from '../../../src/fhir/search/parse-query.ts'
import { base, brief, strict } from '../../support/search.ts'

function filter(type: string, text: string) {
  return parseQuery(type, [['_filter', text]], strict).query
}

const token = (system: string | undefined, code: string) => ({ kind: 'token', system, code })
const string = (text: string) => ({ kind: 'string', text })

describe('_filter (R4 § Filter Parameter)', () => {
  it.each([
    ['Patient', 'given eq "Pierre, Paul"', { 'given:exact': [string('Pierre, Paul')] }],
    ['Patient', 'name co "pet"', { 'name:contains': [string('pet')] }],
    ['Patient', 'name sw pet', { name: [string('pet')] }],
    ['Observation', 'code eq http://loinc.org|1234-5', { code: [token('http://loinc.org', '1234-5')] }],
    [
      'Observation',
      'code in http://x.example/vs',
      { code: [{ kind: 'value-set', valueSet: 'http://x.example/vs' }] },
    ],
    ['Observation', 'code ni ValueSet/1', { 'code:not': [{ kind: 'value-set', valueSet: 'ValueSet/1' }] }],
    [
      'Observation',
      'code ss s|A',
      { code: [{ kind: 'concept', system: 's', code: 'A', direction: 'below' }] },
    ],
    [
      'Observation',
      'code sb s|A',
      { code: [{ kind: 'concept', system: 's', code: 'A', direction: 'above' }] },
    ],
    ['Observation', 'date pr true', { 'date:missing': [{ kind: 'missing', missing: false }] }],
    [
      'Observation',
      'subject re Patient/1',
      { subject: [{ kind: 'reference', type: 'Patient', id: '1', url: undefined }] },
    ],
    [
      'Patient',
      'gender ne male',
      {
        all: [
          { 'gender:missing': [{ kind: 'missing', missing: false }] },
          { not: { gender: [token(undefined, 'male')] } },
        ],
      },
    ],
    [
      'Observation',
      'subject:Patient.name co "pet"',
      { 'subject→Patient': [{ 'name:contains': [string('pet')] }] },
    ],
    [
      'Observation',
      'subject:Patient[active eq true].name sw "pet"',
      {
        'subject→Patient': [{ all: [{ active: [token(undefined, 'true')] }, { name: [string('pet')] }] }],
      },
    ],
    [
      'Patient',
      '_has:Observation:patient:code eq 1',
      { 'Observation←patient': [{ code: [token(undefined, '1')] }] },
    ],
    [
      'Patient',
      'active eq true or gender eq male and gender eq female',
      {
        all: [
          { any: [{ active: [token(undefined, 'true')] }, { gender: [token(undefined, 'male')] }] },
          { gender: [token(undefined, 'female')] },
        ],
      },
    ],
    [
      'Patient',
      'active eq true or (gender eq male and not (gender eq female))',
      {
        any: [
          { active: [token(undefined, 'true')] },
          {
            all: [{ gender: [token(undefined, 'male')] }, { not: { gender: [token(undefined, 'female')] } }],
          },
        ],
      },
    ],
  ])('%s: %s', (type, text, expected) => {
    expect(brief(filter(type, text))).toEqual([expected])
  })

  const patient: Resource = {
    resourceType: 'Patient',
    gender: 'female',
    birthDate: '1974-12-03',
    name: [{ family: 'Le Goff (née X]', given: ['Anne'] }],
  }
  const stay = parseJson(
    JSON.stringify({
      resourceType: 'Encounter',
      period: { start: '2024-03-01', end: '2024-03-05' },
      length: { value: 5 },
    }),
  ) as Resource

  it.each([
    ['family eq "Le Goff (née X]"', patient, true],
    ['family eq "le goff (née x]"', patient, false],
    ['family sw "le goff"', patient, true],
    ['name co "nee"', patient, true],
    ['birthdate ge 1974 and birthdate lt 1975', patient, true],
    ['birthdate eq 1974-12-04 or gender eq female', patient, true],
    ['not (gender eq female)', patient, false],
    ['gender ne male', patient, true],
    ['gender ne female', patient, false],
    ['active ne true', patient, false],
    ['not(active eq true)', patient, true],
    ['birthdate ne 1974-12', patient, false],
    ['active pr false', patient, true],
    ['date po 2024-03-05', stay, true],
    ['date po 2024-02', stay, false],
    ['date eq 2024-03-05', stay, false],
    ['length gt 4', stay, true],
    ['length ap 5.4', stay, true],
    ['date sa 2024-02 and date eb 2024-04', stay, true],
  ])('%s on %j: %s', (text, resource, expected) => {
    const { resourceType } = resource
    expect(matches(filter(resourceType, text), resource, { zone: 'Europe/Paris', base })).toBe(expected)
  })

  it.each(['"\\ud800"', '"a\\udfffb"', '"\\u0000"'])('refuses %s, which is no text', (literal) => {
    expect(() => filter('Patient', `name eq ${literal}`)).toThrow(FhirError)
  })

  it('refuses what costs too much', () => {
    const refused = (text: string) => {
      try {
        filter('Patient', text)
      } catch (error) {
        return error instanceof FhirError && error.issues[0]?.code
      }
      return undefined
    }
    expect(refused('('.repeat(19) + 'gender eq x' + ')'.repeat(19))).toBeUndefined()
    expect(refused('('.repeat(20) + 'gender eq x' + ')'.repeat(20))).toBe('too-costly')
    expect(refused(Array(50).fill('gender eq x').join(' or '))).toBeUndefined()
    expect(refused(Array(51).fill('gender eq x').join(' or '))).toBe('too-costly')
    expect(refused(`name eq "${'x'.repeat(4000)}"`)).toBe('too-costly')
    expect(refused(`link[${'link['.repeat(8)}`)).toBe('value')
  })

  it('answers any text at once, with a query or a 400', () => {
    const words = fc.constantFrom(
      'name',
      'eq',
      'co',
      'and',
      'or',
      'not',
      '(',
      ')',
      '[',
      ']',
      '.',
      '"',
      'pr',
      'true',
      'link',
    )
    const texts = fc.oneof(
      fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(filter('Patient', text).criteria).toHaveLength(1)
        } catch (error) {
          expect(error).toBeInstanceOf(FhirError)
          expect((error as FhirError).status).toBe(400)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('_list (R4 § Search, "Searching by list")', () => {
  it('finds what an entry of the List refers to', () => {
    const { query } = parseQuery('Condition', [['_list', '42,List/43']], strict)
    expect(brief(query)).toEqual([
      { 'List←item': [{ _id: [token(undefined, '42'), token(undefined, '43')] }] },
    ])
    const list: Resource = { resourceType: 'List', id: '43', entry: [{ item: { reference: 'Condition/a' } }] }
    const found = (id: string) =>
      matches(
        query,
        { resourceType: 'Condition', id },
        { zone: 'Europe/Paris', base, referring: () => [list] },
      )
    expect([found('a'), found('b')]).toEqual([true, false])
  })
})
