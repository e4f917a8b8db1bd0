import { resourceTypes } from '../../../src/fhir/definitions.ts'
import { extract } from '../../../src/fhir/search/extract.ts'
import type { Json } from '../../../src/fhir/json.ts'
import { FhirError } from '../../../src/fhir/outcome.ts'
import { demandValidAt } from '../../../src/fhir/validation/validation-level.ts'

/** `taken`, or status and codes of the refusal. */
function outcome(setting: string, resource: Json): string {
  try {
    demandValidAt(setting)(resource)
    return 'taken'
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return `${error.status} ${error.issues.map(({ code }) => code).join(' ')}`
  }
}

const patient = { resourceType: 'Patient' }
const withoutCode = { resourceType: 'Observation', status: 'final' }
const backwards = { ...patient, name: [{ period: { start: '2024', end: '2023' } }] }
const claiming = { ...patient, meta: { profile: ['https://elsewhere.example/x'] } }

describe('a level of validation', () => {
  it.each<[string, Json, string, string, string]>([
    ['a resource without faults', patient, 'taken', 'taken', 'taken'],
    ['a missing element', withoutCode, 'taken', '422 required', '422 required'],
    ['an invariant of R4 that is broken', backwards, 'taken', 'taken', '422 invariant'],
    ['a claimed profile that is not held', claiming, 'taken', 'taken', '422 not-supported'],
    [
      'a code outside a required value set',
      { ...patient, gender: 'Anna' },
      ...refusedAll('422 code-invalid'),
    ],
    ['an element that its type does not have', { ...patient, colour: 'x' }, ...refusedAll('422 structure')],
    ['a date that is none', { ...patient, birthDate: 'x' }, ...refusedAll('422 value')],
    ['what is no resource', [], ...refusedAll('400 structure')],
  ])('tells what is done with %s', (_, resource, off, structure, profile) => {
    const levels = ['off', 'structure', 'profile']
    expect(levels.map((level) => outcome(level, resource))).toEqual([off, structure, profile])
  })

  it('is given for all types, and for single ones', () => {
    const setting = 'off,Patient=profile,Observation=structure'
    expect(outcome(setting, backwards)).toBe('422 invariant')
    expect(outcome(setting, withoutCode)).toBe('422 required')
    expect(outcome(setting, { resourceType: 'Condition' })).toBe('taken')
  })

  it('is structure where nothing is said', () => {
    expect(outcome('Patient=off', withoutCode)).toBe('422 required')
  })

  it.each([
    '',
    'none',
    'structure,',
    'Animal=off',
    'off,structure',
    'Patient=off,Patient=off',
    'off Patient=off',
  ])('that cannot be understood is refused: "%s"', (setting) => {
    expect(() => demandValidAt(setting)).toThrow(RangeError)
  })

  it('of off takes what can still be indexed: a resource of each type that has nothing', () => {
    const demandValid = demandValidAt('off')
    for (const resourceType of resourceTypes) {
      expect(() => extract(demandValid({ resourceType }), { zone: 'Europe/Paris' })).not.toThrow()
    }
  })
})

function refusedAll(refusal: string): [string, string, string] {
  return [refusal, refusal, refusal]
}
