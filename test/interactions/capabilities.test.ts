import { resourceTypes, searchParameters, setAddedParameters } from '../../src/fhir/definitions.ts'
import { parseJson } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { parseQuery } from '../../src/fhir/search/parse-query.ts'
import { validate } from '../../src/fhir/validation/validate.ts'
import { careCapabilities, researchCapabilities } from '../../src/interactions/capabilities.ts'

interface Statement {
  readonly instantiates: string[]
  readonly rest: {
    readonly resource: {
      readonly type: string
      readonly interaction: { readonly code: string }[]
      readonly supportedProfile?: string[]
      readonly searchInclude?: string[]
      readonly searchRevInclude?: string[]
      readonly searchParam: { readonly name: string; readonly type: string }[]
      readonly operation?: { readonly name: string }[]
    }[]
    readonly interaction?: { readonly code: string }[]
    readonly searchParam?: { readonly name: string }[]
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

const resources = care.rest[0]?.resource ?? []

const examples: Record<string, string> = {
  date: '2020',
  number: '1',
  quantity: '1',
  reference: '1',
  uri: 'http://x.example',
  special: '48.1|-1.7|10|km',
}

/** A value that a parameter can be asked for; a composite for one of each component. */
function exampleOf(type: string, name: string): string {
  const parameter = searchParameters(type).get(name)
  if (parameter?.type !== 'composite') return examples[parameter?.type ?? ''] ?? 'x'
  const all = [...searchParameters(type).values()]
  const parts = parameter.component.map(({ definition }) => all.find(({ url }) => url === definition)?.code)
  return parts.map((code) => exampleOf(type, code ?? '')).join('$')
}

function isRefused(type: string, name: string, value: string): boolean {
  try {
    parseQuery(type, [[name, value]], { zone: 'Europe/Paris', handling: 'strict' })
    return false
  } catch (error) {
    if (error instanceof FhirError) return true
    throw error
  }
}

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
    const asked = resources.flatMap(({ type, searchParam }) =>
      searchParam.map(({ name }) => [type, name, exampleOf(type, name)] as const),
    )
    expect(asked.length).toBeGreaterThan(2000)
    expect(asked.filter((one) => isRefused(...one))).toEqual([])
  })

  it('lists includes that a search takes, and no type without its operations', () => {
    const refused = resources.flatMap(({ type, searchInclude = [], searchRevInclude = [] }) => [
      ...searchInclude.filter((value) => isRefused(type, '_include', value)),
      ...searchRevInclude.filter((value) => isRefused(type, '_revinclude', value)),
    ])
    expect(refused).toEqual([])
    const patient = resources.find(({ type }) => type === 'Patient')
    expect(patient?.searchRevInclude).toEqual(expect.arrayContaining(['*', 'Observation:subject']))
    const names = patient?.operation?.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['everything', 'validate', 'meta-add', 'export']))
    expect(names).not.toContain('lastn')
  })

  it('offers the whole base to be searched by what all types have, and the profiles that are held', () => {
    const [rest] = care.rest
    expect(rest?.interaction?.map(({ code }) => code)).toContain('search-system')
    expect(rest?.searchParam?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['_id', '_lastUpdated', '_profile', '_tag']),
    )
    expect(resources.find(({ type }) => type === 'AuditEvent')?.supportedProfile).toContain(
      'https://coffre.dev/fhir/StructureDefinition/audit-event',
    )
  })

  it('declares a parameter that was added once its index is whole', () => {
    const names = () => {
      const { rest } = careCapabilities('https://coffre.example') as Statement
      const resource = rest[0]?.resource.find(({ type }) => type === 'Patient')
      return resource?.searchParam.map(({ name }) => name)
    }
    const added = {
      url: 'http://example.org/SearchParameter/marital',
      code: 'marital',
      base: ['Patient'],
      type: 'token',
      expression: 'Patient.maritalStatus',
      target: [],
      component: [],
    } as const
    setAddedParameters([{ ...added, state: 'building' }])
    expect(names()).not.toContain('marital')
    setAddedParameters([{ ...added, state: 'ready' }])
    expect(names()).toContain('marital')
    setAddedParameters([])
    expect(names()).not.toContain('marital')
  })

  it('C2: declares patient and subject where the definitions have them', () => {
    const observation = care.rest[0]?.resource.find(({ type }) => type === 'Observation')
    expect(observation?.searchParam.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['patient', 'subject', 'code', 'date']),
    )
  })

  it('B1: declares bulk export under both of the names that kits look for', () => {
    expect(care.instantiates).toEqual(['http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'])
    expect(care.rest[0]?.operation.map(({ name }) => name)).toContain('export')
    for (const base of [care, research]) {
      const operations = (of: string) =>
        base.rest[0]?.resource.find(({ type }) => type === of)?.operation?.map(({ name }) => name)
      expect(operations('Patient')).toEqual(expect.arrayContaining(['export', 'patient-export']))
      expect(operations('Group')).toEqual(expect.arrayContaining(['export', 'group-export']))
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
