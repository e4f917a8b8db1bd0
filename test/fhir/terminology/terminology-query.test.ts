import { searchParameters, type SearchParameter } from '../../../src/fhir/definitions.ts'
import { FhirError } from '../../../src/fhir/outcome.ts'
import type { Conformance } from '../../../src/fhir/package.ts'
import { plainQuery } from '../../../src/fhir/search/parse-criterion.ts'
import type { Criterion, Query, SearchValue } from '../../../src/fhir/search/query.ts'
import { demandNoTerminology, terminologyNeeds, withTokens } from '../../../src/fhir/terminology/query.ts'
import { withoutLimit } from '../../../src/fhir/terminology/budget.ts'
import { inPackages, packageTerminology, terminologyOver } from '../../../src/fhir/terminology/terminology.ts'

const gender = 'http://hl7.org/fhir/ValueSet/administrative-gender'
const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

function parameterOf(type: string, code: string): SearchParameter {
  const parameter = searchParameters(type).get(code)
  if (!parameter) throw new TypeError(`no parameter ${code}`)
  return parameter
}

function value(
  type: string,
  code: string,
  values: readonly SearchValue[],
  modifier: 'not' | undefined = undefined,
): Criterion {
  return { kind: 'value', parameter: parameterOf(type, code), modifier, values }
}

const inSet = (valueSet: string): SearchValue => ({ kind: 'value-set', valueSet })
const inLineage = (system: string, code: string, direction: 'above' | 'below'): SearchValue => ({
  kind: 'concept',
  system,
  code,
  direction,
})

/** The codes that the first criterion stands for. */
function codes(query: Query): (string | undefined)[] {
  const [criterion] = query.criteria
  if (criterion?.kind !== 'value') throw new TypeError('a criterion on values expected')
  return criterion.values.map((one) => (one.kind === 'token' ? one.code : one.kind))
}

function failure(query: Query, terminology = packageTerminology): unknown {
  try {
    return withTokens(query, terminology)
  } catch (error) {
    return error instanceof FhirError ? [error.status, error.issues[0]?.code] : error
  }
}

describe('a search that names value sets', () => {
  it('becomes one of their tokens, wherever they are named', () => {
    const gendered = (values: readonly SearchValue[]) => value('Patient', 'gender', values, 'not')
    const chain: Criterion = {
      kind: 'chain',
      parameter: parameterOf('Observation', 'subject'),
      target: plainQuery('Patient', [gendered([inSet(gender)])]),
    }
    const nested: Criterion = { kind: 'not', of: { kind: 'any', of: [{ kind: 'all', of: [chain] }] } }
    const query = plainQuery('Observation', [nested])
    expect(terminologyNeeds(query)).toEqual([{ type: 'ValueSet', canonical: gender }])
    const found = withTokens(query, packageTerminology)
    expect(terminologyNeeds(found)).toEqual([])
    const system = 'http://hl7.org/fhir/administrative-gender'
    const codes = ['male', 'female', 'other', 'unknown']
    const tokens = codes.map((code): SearchValue => ({ kind: 'token', system, code }))
    const resolved = { ...chain, target: plainQuery('Patient', [gendered(tokens)]) }
    expect(found.criteria).toEqual([
      { kind: 'not', of: { kind: 'any', of: [{ kind: 'all', of: [resolved] }] } },
    ])
  })

  it('asks for codes in the form of the index', () => {
    const query = plainQuery('Encounter', [value('Encounter', 'class', [inLineage(actCode, 'imp', 'below')])])
    expect(codes(withTokens(query, packageTerminology)).sort()).toEqual(['acute', 'imp', 'nonac'])
  })

  it('goes up the hierarchy, and the code itself is part of it', () => {
    const query = plainQuery('Encounter', [
      value('Encounter', 'class', [inLineage(actCode, 'ACUTE', 'above')]),
    ])
    expect(codes(withTokens(query, packageTerminology))).toEqual(
      expect.arrayContaining(['acute', 'imp', '_actencountercode']),
    )
  })

  it('has no value where the value set is empty: nothing is in it', () => {
    const empty: Conformance = {
      resourceType: 'ValueSet',
      url: 'urn:empty',
      compose: { include: [{ valueSet: [gender] }], exclude: [{ valueSet: [gender] }] },
    }
    const terminology = terminologyOver(
      (type, canonical) => (canonical === 'urn:empty' ? empty : inPackages(type, canonical)),
      withoutLimit,
    )
    const query = plainQuery('Patient', [value('Patient', 'gender', [inSet('urn:empty')])])
    expect(codes(withTokens(query, terminology))).toEqual([])
  })

  it.each([
    ['a value set that is not held', inSet('urn:nowhere'), 'not-found'],
    ['a value set that cannot be listed', inSet('http://hl7.org/fhir/ValueSet/ucum-units'), 'not-supported'],
    ['another version of one', inSet(`${gender}|3.0.0`), 'not-found'],
    ['a code system that is not held', inLineage('http://snomed.info/sct', '1', 'below'), 'not-found'],
    ['a code that is none', inLineage(actCode, 'nothing', 'above'), 'not-found'],
  ])('is refused with 400 for %s', (_, named, code) => {
    const query = plainQuery('Observation', [value('Observation', 'code', [named])])
    expect(failure(query)).toEqual([400, code])
  })

  it('is refused with 400 when it stands for more than 10,000 codes', () => {
    const large: Conformance = {
      resourceType: 'CodeSystem',
      url: 'urn:large',
      content: 'complete',
      concept: [
        { code: 'all', concept: Array.from({ length: 10_000 }, (_, index) => ({ code: String(index) })) },
      ],
    }
    const terminology = terminologyOver(() => large, withoutLimit)
    const query = plainQuery('Observation', [
      value('Observation', 'code', [inLineage('urn:large', 'all', 'below')]),
    ])
    expect(failure(query, terminology)).toEqual([400, 'too-costly'])
  })

  it('is refused where nothing may be looked up', () => {
    const query = plainQuery('Patient', [value('Patient', 'gender', [inSet(gender)])])
    expect(() => demandNoTerminology(query)).toThrow(FhirError)
    expect(() => demandNoTerminology(plainQuery('Patient', []))).not.toThrow()
  })
})
