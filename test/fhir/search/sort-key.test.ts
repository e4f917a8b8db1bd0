import fc from 'fast-check'
import type { Resource } from '../../../src/fhir/json.ts'
import { searchParameter } from '../../../src/fhir/search/parse-criterion.ts'
import { compareKeys, hasOrder, sortKey } from '../../../src/fhir/search/sort-key.ts'

const options = { zone: 'Europe/Paris' }
const patient: Resource = {
  resourceType: 'Patient',
  id: 'b',
  meta: { lastUpdated: '1970-01-01T00:00:01Z' },
  name: [{ family: 'Ève' }, { family: 'Adam' }],
  birthDate: '1970-01-01',
  gender: 'female',
  generalPractitioner: [{ reference: 'Practitioner/p' }, { display: 'no more than a name' }],
}

describe('the sort key of a resource', () => {
  it.each([
    ['family', false, 'adam'],
    ['family', true, 'eve'],
    ['birthdate', false, -3_600_000],
    ['gender', false, 'female http://hl7.org/fhir/administrative-gender'],
    ['general-practitioner', true, 'Practitioner/p'],
    ['_id', false, 'b '],
    ['_lastUpdated', false, 1000],
    ['death-date', false, undefined],
    ['death-date', true, undefined],
  ])('is by %s, descending: %s, %j', (code, descending, expected) => {
    expect(sortKey(patient, searchParameter('Patient', code), descending, options)).toBe(expected)
  })

  it('is not there for composites and positions', () => {
    const observation: Resource = { resourceType: 'Observation', status: 'final', valueInteger: 1 }
    const composite = searchParameter('Observation', 'code-value-quantity')
    expect([hasOrder(composite), hasOrder(searchParameter('Location', 'near'))]).toEqual([false, false])
    expect(sortKey(observation, composite, false, options)).toBeUndefined()
  })
})

describe('the order of sort keys', () => {
  const key = fc.option(fc.oneof(fc.integer({ min: 0, max: 3 })), { nil: null })

  it('is total: of any two the opposite holds the other way round', () => {
    const pair = fc.tuple(fc.tuple(key, key), fc.tuple(key, key), fc.tuple(fc.boolean(), fc.boolean()))
    fc.assert(
      fc.property(pair, ([left, right, descending]) => {
        return compareKeys(left, right, descending) === 0 - compareKeys(right, left, descending)
      }),
    )
  })

  it('puts what is missing last in both directions', () => {
    expect(compareKeys([null], [1], [false])).toBe(1)
    expect(compareKeys([null], [1], [true])).toBe(1)
    expect([compareKeys([2], [1], [true]), compareKeys([2], [1], [false])]).toEqual([-1, 1])
  })
})
