import { matchChapters } from '../support/match-cases.ts'
import { modifierChapters } from '../support/modifier-cases.ts'
import { Searchable } from '../support/searchable.ts'

const chapters = [...matchChapters, ...modifierChapters]
/** the id that each resource is written under: its own, or a new one where it has none or another has it */
const ids = new Map<object, string>()
let all: Searchable

beforeAll(async () => {
  const taken = new Set<string>()
  const named = chapters
    .flatMap(({ cases, beside = [] }) => [...beside, ...cases.map(([, resource]) => resource)])
    .filter((resource, at, list) => list.indexOf(resource) === at)
    .map((resource, at) => {
      const { resourceType, id: own } = resource as { resourceType: string; id?: string }
      const id = own === undefined || taken.has(`${resourceType}/${own}`) ? `n${at}` : own
      taken.add(`${resourceType}/${id}`)
      ids.set(resource, id)
      return { ...resource, id }
    })
  all = await Searchable.with(named)
})

afterAll(() => all.close())

// the same cases are judged in memory: test/fhir/matches.test.ts
describe.each(chapters)('In SQL, R4 § Search, $title', ({ cases }) => {
  it.each(cases)('%s on %j: %s', async (search, resource, found) => {
    expect((await all.found(search)).includes(ids.get(resource) ?? '')).toBe(found)
  })
})
