import { readdirSync, readFileSync } from 'node:fs'
import { resourceTypes, searchParameters } from '../../../src/fhir/definitions.ts'
import {
  extract,
  isCaseSensitive,
  isSupported,
  referenceTargets,
  unsupportedParameters,
} from '../../../src/fhir/search/extract.ts'
import { parseJson, type Resource } from '../../../src/fhir/json.ts'

const options = { zone: 'Europe/Paris' }

describe('The search parameters of all R4 types', () => {
  it('are all extracted that have an expression', () => {
    const others = unsupportedParameters().filter(
      ({ type, code }) => searchParameters(type).get(code)?.expression !== undefined,
    )
    expect(others).toEqual([])
    expect(isSupported('Observation', 'code-value-quantity')).toBe(true)
    expect(isSupported('Observation', 'code')).toBe(true)
    expect(isSupported('Observation', '_text')).toBe(false)
    expect(isSupported('Observation', 'nickname')).toBe(false)
  })

  it('know the types their references lead to', () => {
    expect(referenceTargets('Observation', 'patient')).toEqual(['Patient'])
    expect(referenceTargets('Observation', 'encounter')).toEqual(['Encounter'])
    expect([...referenceTargets('Observation', 'subject')].sort()).toEqual([
      'Device',
      'Group',
      'Location',
      'Patient',
    ])
    expect(referenceTargets('Provenance', 'target')).toContain('Patient')
    expect(referenceTargets('Observation', 'code')).toEqual([])
  })

  it('tell identifiers, ids and URIs apart by case, and no other tokens', () => {
    const exact = resourceTypes.flatMap((type) =>
      [...searchParameters(type).values()]
        .filter((parameter) => parameter.type === 'token' && isCaseSensitive(type, parameter.code))
        .map(({ code }) => code),
    )
    expect([...new Set(exact)].sort()).toMatchInlineSnapshot(`
     [
       "_id",
       "accession",
       "container-id",
       "container-identifier",
       "group-identifier",
       "identifier",
       "instance",
       "related-id",
       "request",
       "requisition",
       "response-id",
       "series",
     ]
    `)
  })

  it('find something in HL7 examples for more than half of them, and fail on none', () => {
    const folder = new URL('../../../node_modules/hl7.fhir.r4.examples/', import.meta.url)
    const names = readdirSync(folder).sort()
    const fruitful = new Set<string>()
    for (const type of resourceTypes) {
      for (const name of names.filter((one) => one.startsWith(`${type}-`)).slice(0, 25)) {
        const resource = parseJson(readFileSync(new URL(name, folder), 'utf8')) as Resource
        for (const { parameter } of extract(resource, options)) fruitful.add(`${type}.${parameter}`)
      }
    }
    const supported = resourceTypes.flatMap((type) =>
      [...searchParameters(type).keys()].filter((code) => isSupported(type, code)),
    )
    expect(fruitful.size / supported.length).toBeGreaterThan(0.5)
  })
})
