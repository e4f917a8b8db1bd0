import { parseScopes } from '../../src/access/scope.ts'
import { authorise, demandCover } from '../../src/export/request.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { accessOf } from '../support/undone.ts'

const zone = 'Europe/Paris'
const [alice, bob] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']
const kickoff = {
  ...{ level: 'patient', group: undefined, patients: [], types: ['Observation'], typeFilters: [] },
  ...{ elements: [], since: undefined },
} as unknown as Parameters<typeof authorise>[1]

/** Whether a token opens what was exported with another one. */
function opens(then: string, now: string, patient = alice): boolean {
  const request = authorise(accessOf(then, alice), kickoff, 'https://hospital.example/fhir/Patient/$export')
  try {
    demandCover(accessOf(now, patient), request, 'Observation', zone)
    return true
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return false
  }
}

describe('A token opens an export', () => {
  it('A51: of patient/ scopes for the patient it was made of, and for no other', () => {
    expect(opens('patient/*.rs', 'patient/*.rs')).toBe(true)
    expect(opens('patient/*.rs', 'patient/*.rs', bob)).toBe(false)
  })

  it.each([
    ['system/*.rs', 'system/Observation.rs', true],
    ['system/Observation.rs?category=a', 'system/*.rs', true],
    ['system/Observation.rs?category=a', 'system/Observation.rs?category=a', true],
    ['system/Observation.rs?category=a', 'system/Observation.rs?category=b', false],
    ['system/Observation.rs?category=a', 'patient/*.rs', false],
    ['patient/*.rs', 'user/*.rs', true],
    ['user/*.rs', 'patient/*.rs', false],
    ['system/*.rs', 'system/*.r', false],
  ])('A51: made with %s, fetched with %s: %s', (then, now, expected) => {
    expect(parseScopes(`${then} ${now}`, zone)).toHaveLength(2)
    expect(opens(then, now)).toBe(expected)
  })
})
