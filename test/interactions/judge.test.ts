import type { CareAccess } from '../../src/access/access.ts'
import { parseScopes } from '../../src/access/scope.ts'
import type { Resource } from '../../src/fhir/json.ts'
import { mayReach } from '../../src/interactions/judge.ts'

const zone = 'Europe/Paris'

function mayRead(scopes: string, resource: Resource): boolean {
  const caller = { clientId: 'c', userId: undefined, tokenId: 't', ip: undefined }
  const access: CareAccess = {
    ...{ kind: 'care', caller, patient: undefined, grants: new Set() },
    scopes: parseScopes(scopes, zone),
  }
  return mayReach({ access, zone, base: 'https://hospital.example/fhir' }, 'r', resource, ['p'])
}

const observation: Resource = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'l', code: 'a' }] },
  subject: { reference: 'Patient/1' },
}

describe('A scope with search parameters, on one resource (SMART App Launch 2.2 § Scopes)', () => {
  it.each([
    ['system/Observation.r?code=a', true],
    ['system/Observation.r?code=b', false],
    ['system/Observation.r?code=b system/Observation.r?status=final', true],
    ['system/Observation.r?_filter=code%20eq%20a%20or%20code%20eq%20b', true],
    ['system/Observation.r?_filter=not%20(code%20eq%20a)', false],
    ['system/Observation.r?code-value-quantity:missing=true', true],
    ['system/Observation.r?component-code-value-quantity=a$5', false],
    // what lies beyond the resource is asked of rows: the resource itself does not tell
    ['system/Observation.r?subject:Patient.gender=male', true],
    ['system/Observation.r?subject:Patient.gender=male&status=final', true],
    ['system/Observation.r?subject:Patient.gender=male&status=amended', false],
    ['system/Observation.r?_filter=not%20(subject:Patient.gender%20eq%20male)', true],
    ['system/Observation.r?code:in=http://x.example/vs', false],
  ])('%s: %s', (scopes, expected) => {
    expect(mayRead(scopes, observation)).toBe(expected)
  })
})
