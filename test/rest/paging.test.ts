import { linkOf, names, searchset, type Searchset } from '../support/searchset.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

/** Half of the resources are there throughout; those between them in every order come, change and go. */
const numbers = [...Array(48).keys()]
const isSteady = (n: number) => n % 2 === 0
const observation = (n: number, version: number) => ({
  resourceType: 'Observation',
  id: `obs-${String(n).padStart(2, '0')}`,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: `code-${(n * 7 + version) % 48}` }] },
  effectiveDateTime: `2024-01-${String(((n * 5 + version) % 28) + 1).padStart(2, '0')}`,
  note: [{ text: `version ${version}` }],
})
const steady = numbers.filter(isSteady).map((n) => `Observation/${observation(n, 0).id}`)

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  const entry = numbers.map((n) => {
    const resource = observation(n, 0)
    return { resource, request: { method: 'PUT', url: `Observation/${resource.id}` } }
  })
  const loaded = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  expect(loaded.status).toBe(200)
})

afterAll(() => server.close())

/** Changes, deletes and creates what is not steady, one after the other, over and over. */
async function* writes(): AsyncGenerator<void, never> {
  const moving = numbers.filter((n) => !isSteady(n))
  for (let version = 1; ; version++) {
    for (const n of moving) {
      const resource = observation(n, version)
      const path = `/fhir/Observation/${resource.id}`
      const answer = version % 3 === 2 ? await client.delete(path) : await client.put(path, resource)
      expect(answer.status).toBeLessThan(300)
      yield
    }
  }
}

/** The matches on all pages, each of which is read while others write, and after they have. */
async function namesWhileWriting(first: string, writing: AsyncGenerator<void>): Promise<string[]> {
  const found: string[] = []
  for (let next: string | undefined = first; next !== undefined;) {
    const reading: Promise<Searchset> = searchset(client, next)
    for (let n = 0; n < 2; n++) await writing.next()
    const page = await reading
    found.push(...names(page))
    next = linkOf(page, 'next')
  }
  return found
}

describe('paging while others write', () => {
  const writing = writes()

  it.each([
    'Observation?',
    'Observation?_sort=-date',
    'Observation?_sort=_lastUpdated',
    'Observation?_sort=-_lastUpdated',
    'Observation?_sort=code,-date',
    '?_type=Observation,Patient&_sort=-_id',
  ])('delivers each resource that is there throughout exactly once: %s', async (query) => {
    const found = await namesWhileWriting(`/${query}&_count=5`, writing)
    expect(found.filter((name) => steady.includes(name)).sort()).toEqual(steady)
    // no write moves a resource in the order of ids
    if (!query.includes('_sort')) expect(new Set(found).size).toBe(found.length)
  })
})

describe('page links', () => {
  it('lead on and back, to the first page, and to the page itself', async () => {
    const first = await searchset(client, '/Observation?_count=15&_sort=code')
    expect(first.link.map(({ relation }) => relation)).toEqual(['self', 'next'])
    const second = await searchset(client, linkOf(first, 'next') ?? '')
    expect(second.link.map(({ relation }) => relation)).toEqual(['self', 'first', 'previous', 'next'])
    const third = await searchset(client, linkOf(second, 'next') ?? '')
    for (const [from, relation, to] of [
      [third, 'first', first],
      [third, 'previous', second],
      [second, 'previous', first],
      [second, 'self', second],
      [first, 'self', first],
    ] as const) {
      expect((await searchset(client, linkOf(from, relation) ?? '')).entry).toEqual(to.entry)
    }
  })
})
