import fc from 'fast-check'
import type { Conformance } from '../../../src/fhir/package.ts'
import { budget } from '../../../src/fhir/terminology/budget.ts'
import { isGap, membersOf } from '../../../src/fhir/terminology/content.ts'
import { inPackages, terminologyOver, type Terminology } from '../../../src/fhir/terminology/terminology.ts'

/** Wards of an imaginary hospital: a tree, and one concept with a second parent by property. */
const wards: Conformance = {
  resourceType: 'CodeSystem',
  url: 'urn:wards',
  version: '2',
  status: 'active',
  content: 'complete',
  caseSensitive: true,
  property: [
    { code: 'beds', type: 'integer' },
    { code: 'site', type: 'string' },
    { code: 'parent', type: 'code' },
  ],
  concept: [
    {
      code: 'med',
      display: 'Medicine',
      concept: [
        {
          code: 'card',
          display: 'Cardiology',
          property: [{ code: 'beds', valueInteger: 20 }],
          concept: [{ code: 'icu-c', display: 'Cardiac intensive care' }],
        },
        { code: 'neph', property: [{ code: 'site', valueString: 'north' }] },
      ],
    },
    { code: 'surg', property: [{ code: 'inactive', valueBoolean: true }] },
    {
      code: 'day',
      property: [
        { code: 'parent', valueCode: 'surg' },
        { code: 'parent', valueCode: 'med' },
        { code: 'site', valueString: 'south' },
      ],
    },
  ],
}

type Part = Record<string, unknown>

function valueSet(compose: Part, url = 'urn:set', more: Part = {}): Conformance {
  return { resourceType: 'ValueSet', url, status: 'active', compose, ...more }
}

function over(...resources: Conformance[]): Terminology {
  return terminologyOver((type, canonical) => {
    const [url, version] = canonical.split('|')
    const found = resources.find((one) => one.resourceType === type && one.url === url)
    if (!found) return inPackages(type, canonical)
    return version === undefined || found['version'] === version ? found : undefined
  }, budget())
}

/** The codes of a ValueSet over the wards; a text says why they cannot be listed. */
function codesOf(compose: Part, ...others: Conformance[]): string[] | string {
  const set = valueSet(compose)
  const list = over(wards, set, ...others)
    .content(set)
    .list()
  return isGap(list) ? list : membersOf(list).map(({ code }) => code)
}

const filtered = (property: string, op: string, value: string) => ({
  include: [{ system: 'urn:wards', filter: [{ property, op, value }] }],
})

describe('a filter', () => {
  it.each([
    ['concept', 'is-a', 'med', ['med', 'card', 'icu-c', 'neph', 'day']],
    ['concept', 'descendent-of', 'med', ['card', 'icu-c', 'neph', 'day']],
    ['concept', 'is-not-a', 'med', ['surg']],
    ['concept', 'generalizes', 'icu-c', ['med', 'card', 'icu-c']],
    ['concept', 'generalizes', 'day', ['med', 'surg', 'day']],
    ['code', '=', 'surg', ['surg']],
    ['concept', 'in', 'surg, day,nothing', ['surg', 'day']],
    ['concept', 'not-in', 'surg,day', ['med', 'card', 'icu-c', 'neph']],
    ['code', 'regex', '[a-m].{2,3}|icu-.', ['med', 'card', 'icu-c', 'day']],
    ['display', 'regex', 'Cardi.*', ['card', 'icu-c']],
    ['beds', '=', '20', ['card']],
    ['site', 'in', 'south,north', ['neph', 'day']],
    ['site', 'exists', 'true', ['neph', 'day']],
    ['site', 'exists', 'false', ['med', 'card', 'icu-c', 'surg']],
    ['parent', '=', 'med', ['card', 'neph', 'day']],
    ['child', 'exists', 'false', ['icu-c', 'neph', 'day']],
  ])('%s %s %s finds its concepts', (property, op, value, expected) => {
    expect(codesOf(filtered(property, op, value))).toEqual(expected)
  })

  it.each([
    ['an operator that R4 does not have', 'concept', 'child-of', 'med'],
    ['a property that the code system does not have', 'colour', '=', 'red'],
    ['an ancestor that is none of its concepts', 'concept', 'is-not-a', 'nothing'],
    ['a regular expression with look-ahead', 'code', 'regex', '(?=m)med'],
    ['exists of neither true nor false', 'site', 'exists', 'maybe'],
    ['subsumption by a property that is no concept', 'site', 'is-a', 'south'],
  ])('that cannot be evaluated leaves the value set without a list: %s', (_, property, op, value) => {
    expect(codesOf(filtered(property, op, value))).toBe('a filter that cannot be evaluated')
  })

  it('by subsumption does not hold where the hierarchy means something else', () => {
    const parts = { ...wards, url: 'urn:parts', hierarchyMeaning: 'part-of' }
    const compose = {
      include: [{ system: 'urn:parts', filter: [{ property: 'concept', op: 'is-a', value: 'med' }] }],
    }
    expect(codesOf(compose, parts)).toBe('a filter that cannot be evaluated')
  })

  it('is one of several that all apply', () => {
    const filter = [
      { property: 'concept', op: 'is-a', value: 'med' },
      { property: 'site', op: 'exists', value: 'true' },
    ]
    expect(codesOf({ include: [{ system: 'urn:wards', filter }] })).toEqual(['neph', 'day'])
  })
})

describe('a definition', () => {
  const med = filtered('concept', 'is-a', 'med')

  it('takes in several parts, each code once, and leaves out what is excluded', () => {
    const compose = {
      include: [...med.include, { system: 'urn:wards', concept: [{ code: 'card' }, { code: 'surg' }] }],
      exclude: filtered('concept', 'descendent-of', 'card').include,
    }
    expect(codesOf(compose)).toEqual(['med', 'card', 'neph', 'day', 'surg'])
  })

  it('wants a code in its system and in each value set that one include names', () => {
    const surgery = valueSet(filtered('concept', 'is-a', 'surg'), 'urn:surgery')
    const medicine = valueSet(med, 'urn:medicine', { version: '1' })
    expect(
      codesOf({ include: [{ valueSet: ['urn:surgery', 'urn:medicine|1'] }] }, surgery, medicine),
    ).toEqual(['day'])
    expect(
      codesOf({ include: [{ system: 'urn:wards', valueSet: ['urn:surgery'] }] }, surgery, medicine),
    ).toEqual(['surg', 'day'])
  })

  it('draws on the packages from a value set that they do not hold', () => {
    const compose = { include: [{ valueSet: ['http://hl7.org/fhir/ValueSet/administrative-gender'] }] }
    expect(codesOf(compose)).toEqual(['male', 'female', 'other', 'unknown'])
  })

  it.each([
    [
      'a code system that is not held',
      { system: 'http://snomed.info/sct' },
      'a code system that it draws on is not held as a whole, or not in that version',
    ],
    [
      'another version of a code system',
      { system: 'urn:wards', version: '1' },
      'a code system that it draws on is not held as a whole, or not in that version',
    ],
    [
      'a value set that is not held',
      { valueSet: ['urn:nowhere'] },
      'a value set that it draws on is not held, or not in that version',
    ],
    ['itself', { valueSet: ['urn:set'] }, 'it draws on itself'],
  ])('over %s has no list', (_, include, why) => {
    expect(codesOf({ include: [include] })).toBe(why)
  })

  it('takes a version of a code system that is the one held', () => {
    expect(codesOf({ include: [{ system: 'urn:wards', version: '2' }] })).toHaveLength(6)
  })

  it('has no list over a part of a code system, nor over that of a day in the past', () => {
    const fragment = { ...wards, url: 'urn:fragment', content: 'fragment' }
    const gap = 'a code system that it draws on is not held as a whole, or not in that version'
    expect(codesOf({ include: [{ system: 'urn:fragment' }] }, fragment)).toBe(gap)
    expect(codesOf({ lockedDate: '2020-01-01', include: [{ system: 'urn:wards' }] })).toBe(gap)
  })

  it('lists named codes of a system that is not held, by the names that it gives them', () => {
    const set = valueSet({
      include: [{ system: 'http://loinc.org', concept: [{ code: '718-7', display: 'Hb' }] }],
    })
    const list = over(set).content(set).list()
    expect(isGap(list) ? list : membersOf(list)).toMatchObject([
      { system: 'http://loinc.org', code: '718-7', display: 'Hb', concept: undefined },
    ])
  })

  it('leaves inactive codes out when it says so', () => {
    const all = { include: [{ system: 'urn:wards' }] }
    expect(codesOf({ ...all, inactive: false })).not.toContain('surg')
    expect(codesOf(all)).toContain('surg')
  })
})

describe('a code', () => {
  const some = valueSet({
    include: [
      { system: 'http://loinc.org' },
      { system: 'urn:wards' },
      { system: 'urn:other', concept: [{ code: 'a' }] },
    ],
    exclude: [{ system: 'urn:wards', concept: [{ code: 'surg' }] }],
  })
  const content = over(wards, some).content(some)

  it('can be told to be in a value set that cannot be listed', () => {
    expect(isGap(content.list())).toBe(true)
    expect(content.has('urn:wards', 'card')).toBe(true)
    expect(content.has('urn:other', 'a')).toBe(true)
  })

  it('can be told not to be in it', () => {
    expect(content.has('urn:wards', 'surg')).toBe(false)
    expect(content.has('urn:wards', 'nothing')).toBe(false)
    expect(content.has('urn:other', 'b')).toBe(false)
    expect(content.has('urn:elsewhere', 'a')).toBe(false)
  })

  it('is neither where the system that decides is not held', () => {
    expect(content.has('http://loinc.org', '718-7')).toBeUndefined()
  })
})

describe('an expansion that another server made', () => {
  const over_ = (expansion: Part) => {
    const snomed = {
      include: [
        { system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '1' }] },
      ],
    }
    const set = valueSet(snomed, 'urn:set', { expansion })
    const list = over(set).content(set).list()
    return isGap(list) ? 'no list' : membersOf(list).map(({ code }) => code)
  }
  const contains = [
    {
      system: 'http://snomed.info/sct',
      code: '1',
      contains: [{ system: 'http://snomed.info/sct', code: '2' }],
    },
    { system: 'http://snomed.info/sct', code: '3', abstract: true },
  ]

  it('stands in for a definition that cannot be evaluated here, its abstract codes left out', () => {
    expect(over_({ timestamp: '2024-01-01', contains })).toEqual(['1', '2'])
    expect(over_({ timestamp: '2024-01-01', total: 3, contains })).toEqual(['1', '2'])
  })

  it('does not when it is a page, or was narrowed', () => {
    expect(over_({ total: 50, contains })).toBe('no list')
    expect(over_({ offset: 10, contains })).toBe('no list')
    expect(over_({ parameter: [{ name: 'filter', valueString: 'x' }], contains })).toBe('no list')
  })
})

it.each([
  ['parts', { include: Array.from({ length: 60_000 }, () => ({ system: 'urn:wards' })) }],
  ['uses of a value set', { include: Array.from({ length: 9_000 }, () => ({ valueSet: ['urn:large'] })) }],
])('is refused when it takes too much work: %s', (_, compose) => {
  const concept = Array.from({ length: 1_000 }, (__, index) => ({ code: String(index) }))
  const large = valueSet({ include: [{ system: 'urn:x', concept }] }, 'urn:large')
  const set = valueSet(compose)
  expect(() => over(wards, set, large).content(set).list()).toThrow('takes too long')
})

it('whatever the parts, a listed value set has exactly the codes of its list', () => {
  const code = fc.constantFrom('med', 'card', 'icu-c', 'neph', 'surg', 'day', 'nothing')
  const filter = fc.record({
    property: fc.constantFrom('concept', 'parent', 'site'),
    op: fc.constantFrom('=', 'is-a', 'is-not-a', 'descendent-of', 'generalizes', 'in', 'not-in', 'exists'),
    value: fc.oneof(code, fc.constantFrom('true', 'south')),
  })
  const part = fc.oneof(
    fc.record({ system: fc.constant('urn:wards'), filter: fc.array(filter, { maxLength: 2 }) }),
    fc.record({
      system: fc.constant('urn:wards'),
      concept: fc.array(fc.record({ code }), { minLength: 1 }),
    }),
  )
  const compose = fc.record({
    include: fc.array(part, { minLength: 1, maxLength: 3 }),
    exclude: fc.array(part, { maxLength: 2 }),
    inactive: fc.boolean(),
  })
  fc.assert(
    fc.property(compose, code, (definition, asked) => {
      const set = valueSet(definition)
      const content = over(wards, set).content(set)
      const list = content.list()
      if (isGap(list)) return
      expect(content.has('urn:wards', asked)).toBe(list.get('urn:wards')?.has(asked) ?? false)
    }),
  )
})
