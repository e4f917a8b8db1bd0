import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

interface Bundle {
  readonly link: { readonly relation: string; readonly url: string }[]
  readonly entry?: { readonly resource: { readonly resourceType: string; readonly id: string } }[]
}

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
const steady = numbers.filter(isSteady).map((n) => observation(n, 0).id)

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

async function page(url: string): Promise<Bundle> {
  const answer = await client.get(url)
  expect([url, answer.status]).toEqual([url, 200])
  return answer.body as Bundle
}

function link(bundle: Bundle, relation: string): string | undefined {
  return bundle.link.find((one) => one.relation === relation)?.url
}

/** Changes, deletes and creates what is not steady, one after the other, until told to stop. */
async function writeUntil(isOver: () => boolean): Promise<number> {
  const moving = numbers.filter((n) => !isSteady(n))
  let writes = 0
  for (let version = 1; !isOver(); version++) {
    for (const n of moving) {
      if (isOver()) break
      const resource = observation(n, version)
      const path = `/fhir/Observation/${resource.id}`
      const answer = version % 3 === 2 ? await client.delete(path) : await client.put(path, resource)
      expect(answer.status).toBeLessThan(300)
      writes++
    }
  }
  return writes
}

describe('paging while others write', () => {
  it.each([
    'Observation?',
    'Observation?_sort=-date',
    'Observation?_sort=_lastUpdated',
    'Observation?_sort=-_lastUpdated',
    'Observation?_sort=code,-date',
    '?_type=Observation,Patient&_sort=-_id',
  ])('delivers each resource that is there throughout exactly once: %s', async (query) => {
    let isOver = false
    const writing = writeUntil(() => isOver)
    const found: string[] = []
    try {
      for (let next: string | undefined = `/fhir/${query}&_count=3`; next !== undefined;) {
        const bundle: Bundle = await page(next)
        found.push(...(bundle.entry ?? []).map(({ resource }) => resource.id))
        next = link(bundle, 'next')
      }
    } finally {
      isOver = true
    }
    expect(await writing).toBeGreaterThan(5)
    expect(found.filter((id) => steady.includes(id)).sort()).toEqual(steady)
    // no write moves a resource in the order of ids
    if (!query.includes('_sort')) expect(new Set(found).size).toBe(found.length)
  })
})

describe('page links', () => {
  it('lead on, to the first page, and to the page itself', async () => {
    const first = await page('/fhir/Observation?_count=20&_sort=code')
    expect(first.link.map(({ relation }) => relation)).toEqual(['self', 'next'])
    const second = await page(link(first, 'next') ?? '')
    expect(second.link.map(({ relation }) => relation)).toEqual(['self', 'first', 'next'])
    for (const [from, relation, to] of [
      [second, 'first', first],
      [second, 'self', second],
      [first, 'self', first],
    ] as const) {
      expect((await page(link(from, relation) ?? '')).entry).toEqual(to.entry)
    }
  })
})
