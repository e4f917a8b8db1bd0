import fc from 'fast-check'
import { parseJson, type Resource } from '../../../src/fhir/json.ts'
import { matches, type MatchOptions } from '../../../src/fhir/search/matches.ts'
import { anne, chu, glucose, matchChapters } from '../../support/match-cases.ts'
import { modifierChapters } from '../../support/modifier-cases.ts'
import { base, parse, strict } from '../../support/search.ts'

const options: MatchOptions = { zone: 'Europe/Paris', base }

function isFound(search: string, resource: Resource, more: MatchOptions = options): boolean {
  return matches(parse(search, strict).query, resource, more)
}

/** Where chains lead among resources. */
function among(all: readonly Resource[]): MatchOptions {
  return {
    ...options,
    resolve: (type, id) => all.find((one) => one.resourceType === type && one['id'] === id),
    referring: (type) => all.filter((one) => one.resourceType === type),
  }
}

function read(resource: object): Resource {
  return parseJson(JSON.stringify(resource)) as Resource
}

// the same cases are asked in SQL: test/store/match-cases.test.ts
describe.each([...matchChapters, ...modifierChapters])('R4 § Search, $title', ({ cases, beside = [] }) => {
  it.each(cases)('%s on %j: %s', (search, resource, found) => {
    expect(isFound(search, read(resource), among(beside.map(read)))).toBe(found)
  })
})

describe('Chains and _has (R4 § Search, "Chained parameters", "Reverse Chaining")', () => {
  const linked = among([anne, glucose, chu])

  it('cannot lead from what does not refer', () => {
    const search = 'Patient?_has:Observation:encounter.patient:code=local'
    expect(() => isFound(search, anne, linked)).toThrow('_has')
  })

  it('tell apart resources of two types with one id', () => {
    const ofGroup = { ...glucose, subject: { reference: 'Group/Anne-1' } }
    const search = 'Patient?_has:Observation:subject:code=local'
    expect(isFound(search, anne, { ...linked, referring: () => [ofGroup] })).toBe(false)
    expect(isFound(search, anne, { ...linked, referring: () => [glucose] })).toBe(true)
  })

  it('do not follow a reference that leads nowhere', () => {
    expect(
      isFound(
        'Observation?patient.gender:not=male',
        { ...glucose, subject: { reference: 'Patient/2' } },
        linked,
      ),
    ).toBe(false)
  })

  it('cannot be judged without what they lead to', () => {
    expect(() => isFound('Observation?patient.gender=male', glucose)).toThrow(TypeError)
    expect(() => isFound('Patient?_has:Observation:patient:code=x', anne)).toThrow(TypeError)
  })
})

describe('For any value', () => {
  const codes = fc.constantFrom('a', 'b', 'c', 'A')
  const observations = fc.array(codes, { maxLength: 3 }).map((found): Resource => ({
    resourceType: 'Observation',
    category: found.map((code) => ({ coding: [{ code }] })),
  }))

  it(':not finds what the search without it does not, and :missing=true what :missing=false does not', () => {
    fc.assert(
      fc.property(observations, fc.array(codes, { minLength: 1, maxLength: 3 }), (resource, asked) => {
        const value = asked.join(',')
        const plain = isFound(`Observation?category=${value}`, resource)
        expect(isFound(`Observation?category:not=${value}`, resource)).toBe(!plain)
        const missing = isFound('Observation?category:missing=true', resource)
        expect(isFound('Observation?category:missing=false', resource)).toBe(!missing)
        expect(missing && plain).toBe(false)
      }),
    )
  })

  it('ge and lt, gt and le, eq and ne part the instants between them', () => {
    const instants = fc.date({ min: new Date('1990'), max: new Date('2040'), noInvalidDate: true })
    fc.assert(
      fc.property(
        instants,
        instants,
        fc.constantFrom(4, 7, 10, 16, 19, 23),
        fc.boolean(),
        (a, b, length, same) => {
          const resource: Resource = { resourceType: 'Observation', effectiveDateTime: a.toISOString() }
          const value = (same ? a : b).toISOString().slice(0, length)
          const found = (prefix: string) => isFound(`Observation?date=${prefix}${value}`, resource)
          expect(found('ge')).toBe(!found('lt'))
          expect(found('gt')).toBe(!found('le'))
          expect(found('eq')).toBe(!found('ne'))
          expect(found('eq')).toBe(found('ge') && found('le'))
          expect(found('sa')).toBe(found('gt'))
          expect(found('eb')).toBe(found('lt'))
        },
      ),
    )
  })

  it('ge and lt, gt and le part the numbers between them', () => {
    const numbers = fc.integer({ min: -2000, max: 2000 }).map((thousandths) => thousandths / 1000)
    fc.assert(
      fc.property(numbers, numbers, (value, asked) => {
        const resource: Resource = { resourceType: 'Observation', valueQuantity: { value } }
        const found = (prefix: string) => isFound(`Observation?value-quantity=${prefix}${asked}`, resource)
        expect(found('ge')).toBe(!found('lt'))
        expect(found('gt')).toBe(!found('le'))
        expect(found('eq')).toBe(!found('ne'))
        if (value === asked) expect(found('eq')).toBe(true)
      }),
    )
  })
})
