import fc from 'fast-check'
import { narrowTo, restrict, type CareAccess } from '../../src/access/access.ts'
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

const wide = (asked: CareAccess) => {
  try {
    const { anyOf, patients } = restrict(asked, all)
    return anyOf.length === 0 && patients === undefined
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return false
  }
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

  it('A48: asks of the patient in context once where all scopes are patient/ ones', () => {
    const allowed = restrict(access('p1', scope('patient', true), scope('patient', true)), all)
    const way = { patient: undefined, filter }
    expect(allowed).toMatchObject({ patients: ['p1'], anyOf: [way, way] })
  })

  it('A48: holds a patient/ scope and the parameters of a user/ scope apart: either lets a resource in', () => {
    const allowed = restrict(access('p1', scope('patient', false), scope('user', true)), all)
    expect(allowed.patients).toBeUndefined()
    expect(allowed.anyOf.map(({ patient, filter: { criteria } }) => [patient, criteria.length])).toEqual([
      ['p1', 0],
      [undefined, 1],
    ])
  })

  it('A48: is unlimited by a plain scope beside others', () => {
    expect(wide(access('p1', scope('patient', true), scope('user', true), scope('system', false)))).toBe(true)
  })

  it('is unlimited only with an unfiltered scope that reaches beyond one patient', () => {
    const scopes = fc.array(
      fc.record({ context: fc.constantFrom('patient', 'user', 'system'), filtered: fc.boolean() }),
    )
    fc.assert(
      fc.property(scopes, fc.option(fc.constant('p1'), { nil: undefined }), (given, patient) => {
        const asked = access(patient, ...given.map(({ context, filtered }) => scope(context, filtered)))
        expect(wide(asked)).toBe(given.some(({ context, filtered }) => context !== 'patient' && !filtered))
      }),
    )
  })
})

describe('narrowTo', () => {
  it('leaves what the scopes ask beside each further filter', () => {
    const further = parse('Observation?status=final').query
    const [way] = narrowTo(restrict(access('p1', scope('user', true)), all), [further]).anyOf
    expect(way?.filter.criteria).toEqual([...filter.criteria, ...further.criteria])
  })
})
