import fc from 'fast-check'
import { restrict, type CareAccess } from '../../src/access/access.ts'
import type { Scope } from '../../src/access/scope.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { parse } from '../support/search.ts'

const filter = parse('Observation?category=laboratory').query
const all = parse('Observation').query

const scope = (context: Scope['context'], filtered: boolean): Scope => ({
  ...{
    context,
    type: 'Observation',
    permissions: new Set(['s'] as const),
    filters: filtered ? [filter] : [],
  },
})

function access(patient: string | undefined, ...scopes: Scope[]): CareAccess {
  const caller = { clientId: 'app', userId: undefined, tokenId: 't', ip: undefined }
  return { kind: 'care', caller, scopes, patient, grants: new Set() }
}

describe('restrict', () => {
  it('keeps a patient/ scope to the patient in context', () => {
    expect(restrict(access('p1', scope('patient', false)), all)).toMatchObject({
      patients: ['p1'],
      anyOf: [],
    })
  })

  it('refuses a patient/ scope without a patient in context', () => {
    expect(() => restrict(access(undefined, scope('patient', false)), all)).toThrow(FhirError)
  })

  it('does not let a plain patient/ scope lift the filter of a user/ scope', () => {
    const allowed = restrict(access('p1', scope('patient', false), scope('user', true)), all)
    expect(allowed.anyOf).toEqual([filter])
  })

  it('is unlimited only with an unfiltered scope that reaches beyond one patient', () => {
    const scopes = fc.array(
      fc.record({ context: fc.constantFrom('patient', 'user', 'system'), filtered: fc.boolean() }),
    )
    fc.assert(
      fc.property(scopes, fc.option(fc.constant('p1'), { nil: undefined }), (given, patient) => {
        const asked = access(patient, ...given.map(({ context, filtered }) => scope(context, filtered)))
        let unlimited = false
        try {
          const allowed = restrict(asked, all)
          unlimited = allowed.anyOf.length === 0 && allowed.patients === undefined
        } catch (error) {
          if (!(error instanceof FhirError)) throw error
        }
        expect(unlimited).toBe(given.some(({ context, filtered }) => context !== 'patient' && !filtered))
      }),
    )
  })
})
