import { readFileSync } from 'node:fs'
import { parseJson, type Json, type JsonObject } from '../../../src/fhir/json.ts'
import { FhirError, type IssueCode } from '../../../src/fhir/outcome.ts'
import { demandValid, validate } from '../../../src/fhir/validation/validate.ts'

const observation: JsonObject = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }], text: 'Hémoglobine' },
}
const patient: JsonObject = { resourceType: 'Patient', gender: 'female' }

/** One fault each: the section of the specification, what is wrong, where the first issue must point. */
interface Fault {
  readonly section: string
  readonly fault: string
  readonly expression: string
  readonly code: IssueCode
  readonly resource: Json
}
const faults = readFileSync(new URL('cases/structure-faults.ndjson', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => parseJson(line) as unknown as Fault)

describe('validation refuses', () => {
  it.each(faults)('§ $section: $fault', ({ resource, expression, code }) => {
    expect(validate(resource)[0]).toMatchObject({ severity: 'error', code, expression: [expression] })
  })
})

describe('validation takes', () => {
  it.each<[string, JsonObject]>([
    [
      'ids and extensions of primitives',
      {
        ...patient,
        birthDate: '1970',
        _birthDate: { id: 'a', extension: [{ url: 'http://a', valueCode: 'x' }] },
      },
    ],
    [
      'a primitive that is there by its extension only',
      {
        ...observation,
        status: undefined as unknown as Json,
        _status: { extension: [{ url: 'http://a', valueCode: 'x' }] },
      },
    ],
    [
      'arrays aligned with nulls',
      {
        ...patient,
        name: [{ given: ['A', null], _given: [null, { extension: [{ url: 'http://a', valueCode: 'x' }] }] }],
      },
    ],
    ['a sibling array that ends early', { ...patient, name: [{ given: ['A', 'B'], _given: [{ id: 'a' }] }] }],
    [
      'an element with an extension for its value',
      {
        resourceType: 'Condition',
        subject: { reference: 'Patient/1' },
        clinicalStatus: { extension: [{ url: 'http://a', valueCode: 'x' }] },
      },
    ],
    [
      'absolute references, which it does not follow',
      { ...observation, subject: { reference: 'http://example.org/fhir/Practitioner/1' } },
    ],
    [
      'references by urn:uuid',
      { ...observation, subject: { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' } },
    ],
    ['a versioned reference', { ...observation, subject: { reference: 'Patient/1/_history/2' } }],
    [
      'a contained resource that refers to its container',
      {
        ...observation,
        contained: [
          {
            resourceType: 'Provenance',
            recorded: '2024-01-01T00:00:00Z',
            target: [{ reference: '#' }],
            agent: [{ who: { display: 'x' } }],
          },
        ],
      },
    ],
    ['a resource with nothing optional', { resourceType: 'Patient' }],
  ])('%s', (_, resource) => {
    expect(validate(parseJson(JSON.stringify(resource)))).toEqual([])
  })
})

describe('the issues of a validation', () => {
  it('are no more than 100, however much is wrong', () => {
    expect(validate({ ...patient, name: Array.from({ length: 5000 }, () => ({})) })).toHaveLength(100)
  })

  it('name all faults, not the first alone', () => {
    const issues = validate({ ...patient, gender: 'f', birthDate: 'x', foo: 1 })
    expect(issues.map((issue) => issue.expression?.[0]).sort()).toEqual([
      'Patient.birthDate',
      'Patient.foo',
      'Patient.gender',
    ])
  })

  it('do not repeat a member name that could not be the name of an element', () => {
    const [issue] = validate({ ...patient, 'Élise Martin 1970-01-01': true })
    expect(issue).toEqual({
      severity: 'error',
      code: 'structure',
      diagnostics: 'Patient: a member that is not the name of an element',
      expression: ['Patient'],
    })
  })
})

describe('a body that is no valid resource of the expected type', () => {
  const thrown = (json: Json): FhirError => {
    try {
      demandValid(json, 'Patient')
    } catch (error) {
      if (error instanceof FhirError) return error
      throw error
    }
    throw new Error('nothing was thrown')
  }

  it.each<[string, Json]>([
    ['no object', ['Patient']],
    ['no resourceType', {}],
    ['a resourceType that R4 does not have', { resourceType: 'Animal' }],
    ['an abstract resourceType', { resourceType: 'DomainResource' }],
    ['a name that every object has', { resourceType: 'constructor' }],
    ['another type', observation],
  ])('answers 400 structure to %s', (_, json) => {
    const error = thrown(json)
    expect([error.status, error.issues[0]?.code]).toEqual([400, 'structure'])
  })

  it('answers 422 with every issue to a resource against the definitions', () => {
    const error = thrown({ ...patient, gender: 'f', foo: 1 })
    expect([error.status, error.issues.length]).toEqual([422, 2])
  })

  it('is given back as it was when it is valid', () => {
    expect(demandValid(patient, 'Patient')).toBe(patient)
  })
})
