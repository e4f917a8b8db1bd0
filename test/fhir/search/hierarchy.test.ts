import { resourceTypes } from '../../../src/fhir/definitions.ts'
import { hierarchiesIn, partParameter, withReferences } from '../../../src/fhir/search/hierarchy.ts'
import { base, brief, parse } from '../../support/search.ts'

const below = (type: string, id: string) => ({ kind: 'hierarchy', type, id, direction: 'below' })

describe('Hierarchies of resources (R4 § Search, "Searching Hierarchies")', () => {
  it('are formed by the types that may be part of others of the same type', () => {
    const hierarchical = resourceTypes.filter((type) => partParameter(type))
    expect(hierarchical).toEqual([
      'CarePlan',
      'Communication',
      'Encounter',
      'Location',
      'MedicationStatement',
      'Organization',
      'Procedure',
      'ResearchStudy',
      'Task',
    ])
  })

  it.each([
    ['Procedure?location:below=Location/42', { location: [below('Location', '42')] }],
    ['Procedure?location:below=42', { location: [below('Location', '42')] }],
    [
      `Location?partof:below=${base}/Location/42,43`,
      { partof: [below('Location', '42'), below('Location', '43')] },
    ],
    [
      'Encounter?service-provider:above=7',
      { 'service-provider': [{ kind: 'hierarchy', type: 'Organization', id: '7', direction: 'above' }] },
    ],
  ])('%s', (search, expected) => {
    expect(brief(parse(search).query)).toEqual([expected])
  })

  it('are found in nested searches, and give way to references', () => {
    const { query } = parse('Patient?_has:Encounter:patient:location:below=a&organization:below=o')
    expect(hierarchiesIn(query)).toEqual([below('Location', 'a'), below('Organization', 'o')])
    const resolved = withReferences(query, ({ id }) => [id, `${id}1`])
    const reference = (type: string, id: string) => ({ kind: 'reference', type, id, url: undefined })
    expect(brief(resolved)).toEqual([
      { 'Encounter←patient': [{ location: [reference('Location', 'a'), reference('Location', 'a1')] }] },
      { organization: [reference('Organization', 'o'), reference('Organization', 'o1')] },
    ])
    expect(hierarchiesIn(resolved)).toEqual([])
  })
})
