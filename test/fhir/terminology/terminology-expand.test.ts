import type { JsonObject } from '../../../src/fhir/json.ts'
import type { Conformance } from '../../../src/fhir/package.ts'
import { budget } from '../../../src/fhir/terminology/budget.ts'
import { codeSystemOf } from '../../../src/fhir/terminology/code-system.ts'
import { isGap } from '../../../src/fhir/terminology/content.ts'
import { displayIn, isCalled } from '../../../src/fhir/terminology/display.ts'
import { expandMembers, type ExpandOptions } from '../../../src/fhir/terminology/expand.ts'
import { terminologyOver } from '../../../src/fhir/terminology/terminology.ts'

const plain: ExpandOptions = {
  filter: undefined,
  activeOnly: false,
  excludeNotForUI: false,
  includeDesignations: false,
  displayLanguage: undefined,
  nested: false,
  offset: 0,
  count: undefined,
}

function codeSystem(concept: readonly object[], more: object = {}): Conformance {
  return { resourceType: 'CodeSystem', url: 'urn:x', content: 'complete', concept, ...more }
}

/** The expansion of a value set of all codes of a code system. */
function expand(system: Conformance, options: Partial<ExpandOptions>) {
  const all: Conformance = { resourceType: 'ValueSet', compose: { include: [{ system: 'urn:x' }] } }
  const terminology = terminologyOver((type) => (type === 'CodeSystem' ? system : undefined), budget())
  const list = terminology.content(all).list()
  if (isGap(list)) throw new TypeError(list)
  return expandMembers(list, { ...plain, ...options })
}

/** Codes, those inside another in a list behind it. */
function shape(contains: readonly JsonObject[]): unknown[] {
  return contains.flatMap(({ code, contains: inner }) =>
    inner === undefined ? [code] : [code, shape(inner as JsonObject[])],
  )
}

const parent = (code: string) => ({ code: 'parent', valueCode: code })

describe('a nested expansion', () => {
  it('has each code once, inside the first parent that is there', () => {
    const system = codeSystem([
      { code: 'a', concept: [{ code: 'b' }] },
      { code: 'c' },
      { code: 'd', property: [parent('c'), parent('a'), parent('elsewhere')] },
    ])
    const { total, contains } = expand(system, { nested: true })
    expect([total, shape(contains)]).toEqual([4, ['a', ['b', 'd'], 'c']])
  })

  it('loses no code of a hierarchy that runs in a circle, or is very deep', () => {
    const circle = codeSystem([
      { code: 'a', property: [parent('b')] },
      { code: 'b', property: [parent('a')] },
    ])
    expect(shape(expand(circle, { nested: true }).contains)).toEqual(['a', ['b']])
    const deep = codeSystem(
      Array.from({ length: 5_000 }, (_, n) => ({ code: `${n}`, property: [parent(`${n - 1}`)] })),
    )
    const flat = shape(expand(deep, { nested: true }).contains).flat(Infinity)
    expect(new Set(flat).size).toBe(5_000)
    expect(flat).toHaveLength(5_000)
  })

  it('is flat when it is a page or searched by text', () => {
    const system = codeSystem([{ code: 'a', concept: [{ code: 'ab' }] }])
    expect(shape(expand(system, { nested: true, count: 5 }).contains)).toEqual(['a', 'ab'])
    expect(shape(expand(system, { nested: true, filter: 'a' }).contains)).toEqual(['a', 'ab'])
  })
})

describe('an expansion', () => {
  const system = codeSystem([
    { code: '<', display: '<' },
    { code: 'LA1', display: 'Café au lait' },
    { code: 'g', display: 'Group', property: [{ code: 'notSelectable', valueBoolean: true }] },
    { code: 'old', property: [{ code: 'status', valueCode: 'retired' }] },
  ])

  it.each([
    ['cafe', ['LA1']],
    ['LAIT caf', ['LA1']],
    ['la1', ['LA1']],
    ['afe', []],
    ['<', ['<']],
    ['!', []],
  ])('finds by the text %s', (filter, codes) => {
    expect(shape(expand(system, { filter }).contains)).toEqual(codes)
  })

  it('leaves out what is inactive, and what only groups, when asked to', () => {
    expect(shape(expand(system, { activeOnly: true }).contains)).toEqual(['<', 'LA1', 'g'])
    expect(shape(expand(system, { excludeNotForUI: true }).contains)).toEqual(['<', 'LA1', 'old'])
    expect(expand(system, {}).contains).toContainEqual({ system: 'urn:x', inactive: true, code: 'old' })
  })

  it('counts all pages and gives one', () => {
    const { total, contains } = expand(system, { offset: 1, count: 2 })
    expect([total, shape(contains)]).toEqual([4, ['LA1', 'g']])
    expect(expand(system, { offset: 9, count: 2 }).contains).toEqual([])
    expect(expand(system, { count: 0 })).toMatchObject({ total: 4, contains: [] })
  })
})

describe('what a code is called', () => {
  const designation = (language: string, value: string, use?: string) => ({
    language,
    value,
    use: use === undefined ? undefined : { code: use },
  })
  const named = {
    code: 'x',
    display: 'Kidney',
    designation: [
      designation('fr-FR', 'organe rein', 'definition'),
      designation('fr-FR', 'Rein'),
      designation('de', 'Niere'),
    ],
  }

  it.each([
    [undefined, 'Kidney'],
    ['fr', 'Rein'],
    ['FR-fr', 'Rein'],
    ['de-AT', 'Niere'],
    ['it', 'Kidney'],
  ])('in %s is %s', (language, display) => {
    expect(displayIn(named, language)).toBe(display)
  })

  it('is any of its names, without case and accents', () => {
    expect(['kidney', 'REIN', 'niere', 'Foie'].map((name) => isCalled(named, name))).toEqual([
      ...[true, true, true, false],
    ])
    expect(isCalled({ code: '<', display: '<', designation: [] }, '>')).toBe(false)
    expect(isCalled({ code: 'x', display: undefined, designation: [] }, 'x')).toBeUndefined()
  })
})

describe('a code system', () => {
  it('takes a code in any case, unless it says that case counts, or two codes would be meant', () => {
    const concept = [{ code: 'Ab' }, { code: 'cd' }, { code: 'CD' }]
    const read = codeSystemOf(codeSystem(concept))
    const found = ['AB', 'Ab', 'CD', 'cD'].map((code) => read.concept(code)?.code)
    expect(found).toEqual(['Ab', 'Ab', 'CD', undefined])
    const strict = codeSystemOf(codeSystem(concept, { caseSensitive: true }))
    expect(strict.concept('AB')).toBeUndefined()
  })

  it('is passed over where it has not the shape that R4 gives it', () => {
    const odd = {
      concept: ['x', { code: 3 }, { code: 'a', concept: 'b', property: [{ code: 'p' }], designation: [1] }],
    }
    const read = codeSystemOf({ resourceType: 'CodeSystem', ...odd })
    expect([...read.concepts.keys()]).toEqual(['a'])
    expect(read.concepts.get('a')).toMatchObject({ property: [], designation: [] })
  })
})
