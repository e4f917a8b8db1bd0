import {
  byCanonical,
  compartmentParameters,
  resourceTypes,
  searchParameters,
  typeDefinition,
  types,
} from '../../src/fhir/definitions.ts'

describe('the R4 definitions', () => {
  it('hold the 146 concrete resource types of R4', () => {
    expect(resourceTypes).toHaveLength(146)
    expect(resourceTypes).not.toContain('DomainResource')
  })

  it('hold the 1,375 search parameters of the specification, none of HL7’s extensions', () => {
    const all = new Set(
      resourceTypes.flatMap((type) => [...searchParameters(type).values()].map(({ url }) => url)),
    )
    const held = [...byCanonical.values()].filter(({ resourceType }) => resourceType === 'SearchParameter')
    expect(held).toHaveLength(1375)
    expect(all.size).toBe(1375)
    expect(searchParameters('Observation').has('amino-acid-change')).toBe(false)
    expect(searchParameters('Patient').has('mothersMaidenName')).toBe(false)
    expect(searchParameters('Patient').has('birthdate')).toBe(true)
  })

  it('spell out choices of types', () => {
    const { properties, required } = typeDefinition('MedicationStatement')
    expect(properties.get('medicationReference')).toMatchObject({
      choice: 'medication',
      targets: ['Medication'],
    })
    expect(required.find(({ element }) => element === 'medication[x]')?.names).toEqual([
      'medicationCodeableConcept',
      'medicationReference',
    ])
  })

  it('lead every property to a type that exists', () => {
    const lost = [...types.values()].flatMap(({ properties }) =>
      [...properties.values()].filter(({ type }) => !types.has(type)),
    )
    expect(lost).toEqual([])
  })

  it('know what puts a resource into a patient’s compartment', () => {
    expect(compartmentParameters('Patient', 'Observation')).toEqual(['subject', 'performer'])
    expect(compartmentParameters('Patient', 'Medication')).toEqual([])
  })
})

describe('conformance resources by canonical URL', () => {
  const gender = 'http://hl7.org/fhir/ValueSet/administrative-gender'

  it('are the same object each time, parsed once', () => {
    expect(byCanonical.get(gender)).toBe(byCanonical.get(gender))
    expect(byCanonical.get(gender)).toMatchObject({ resourceType: 'ValueSet', id: 'administrative-gender' })
  })

  it('are undefined where no package holds them', () => {
    expect(byCanonical.has('http://example.org/x')).toBe(false)
    expect(byCanonical.get('http://example.org/x')).toBeUndefined()
  })

  it('can be walked like any map', () => {
    const urls = [...byCanonical].map(([url, resource]) => (resource.url === url ? url : undefined))
    expect(urls).toEqual([...byCanonical.keys()])
    expect(urls).toHaveLength(byCanonical.size)
  })
})
