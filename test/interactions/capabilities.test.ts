import { resourceTypes } from '../../src/fhir/definitions.ts'
import { parseJson } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { parseQuery } from '../../src/fhir/parse-query.ts'
import { validate } from '../../src/fhir/validate.ts'
import { careCapabilities, researchCapabilities } from '../../src/interactions/capabilities.ts'

interface Statement {
  readonly instantiates: string[]
  readonly rest: {
    readonly resource: {
      readonly type: string
      readonly interaction: { readonly code: string }[]
      readonly searchParam: { readonly name: string; readonly type: string }[]
      readonly operation?: { readonly name: string }[]
    }[]
    readonly operation: { readonly name: string }[]
  }[]
}

const care = careCapabilities('https://coffre.example') as Statement
const permit = {
  id: 'permit-1',
  data: [
    { type: 'Patient', typeFilters: [], elements: undefined },
    { type: 'Observation', typeFilters: [], elements: undefined },
  ],
  freeText: false,
  grantedAt: new Date(0),
  expiresAt: new Date(0),
}
const research = researchCapabilities('https://coffre.example', permit) as Statement

describe('the CapabilityStatement', () => {
  it.each([
    ['care', care],
    ['research', research],
  ])('C1: of the %s base is valid', (_base, statement) => {
    expect(validate(parseJson(JSON.stringify(statement)))).toEqual([])
  })

  it('names every R4 type on the care base, those of the permit and its cohort on its research base', () => {
    expect(care.rest[0]?.resource.map(({ type }) => type)).toEqual(resourceTypes)
    expect(research.rest[0]?.resource.map(({ type }) => type)).toEqual(['Patient', 'Observation', 'Group'])
  })

  it('lists search parameters that a search takes, every one of them', () => {
    const values: Record<string, string> = {
      date: '2020',
      number: '1',
      quantity: '1',
      reference: 'x/y',
      uri: 'http://x.example',
    }
    const refused = (care.rest[0]?.resource ?? []).flatMap(({ type, searchParam }) =>
      searchParam.flatMap((parameter) => {
        const value = parameter.type === 'reference' ? '1' : (values[parameter.type] ?? 'x')
        try {
          parseQuery(type, [[parameter.name, value]], { zone: 'Europe/Paris', handling: 'strict' })
          return []
        } catch (error) {
          if (error instanceof FhirError) return [`${type}.${parameter.name}`]
          throw error
        }
      }),
    )
    expect(refused).toEqual([])
  })

  it('C2: declares patient and subject where the definitions have them', () => {
    const observation = care.rest[0]?.resource.find(({ type }) => type === 'Observation')
    expect(observation?.searchParam.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['patient', 'subject', 'code', 'date']),
    )
  })

  it('B1: declares bulk export under both of the names that kits look for', () => {
    expect(care.instantiates).toEqual(['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'])
    expect(care.rest[0]?.operation.map(({ name }) => name)).toEqual(['export'])
    for (const base of [care, research]) {
      const operations = (of: string) =>
        base.rest[0]?.resource.find(({ type }) => type === of)?.operation?.map(({ name }) => name)
      expect(operations('Patient')).toEqual(['export', 'patient-export'])
      expect(operations('Group')).toEqual(['export', 'group-export'])
    }
  })

  it('offers on a research base reading and searching alone, by nothing that is never released', () => {
    const [patient] = research.rest[0]?.resource ?? []
    expect(patient?.interaction.map(({ code }) => code)).toEqual(['read', 'search-type'])
    const names = patient?.searchParam.map(({ name }) => name) ?? []
    expect(names).toEqual(expect.arrayContaining(['_id', 'gender', 'birthdate']))
    for (const hidden of [
      'name',
      'identifier',
      'phone',
      'address',
      '_lastUpdated',
      '_tag',
      'link:identifier',
    ]) {
      expect(names).not.toContain(hidden)
    }
  })
})
