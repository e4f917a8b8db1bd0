import { resourceTypes } from '../../src/fhir/definitions.ts'
import type { Resource } from '../../src/fhir/json.ts'
import { chanceOf } from '../support/oracle/chance.ts'
import { Oracle } from '../support/oracle/oracle.ts'
import { Searches, type Search } from '../support/oracle/random-query.ts'
import { randomResource } from '../support/oracle/random-resource.ts'
import { fhirType, startServer, type TestServer } from '../support/server.ts'

/** How many searches, and by which seed; a long run gives others by its environment. */
const cases = Number(process.env['ORACLE_CASES'] ?? 2000)
const seed = Number(process.env['ORACLE_SEED'] ?? 1)
const differencesShown = 10
const searchesInBatch = 50
const batchesAtOnce = 4
/** Of every type three resources; more of what hospitals ask for most, and of rare types of parameters. */
const ids = ['one', 'two', 'three']
const moreIds = ['four', 'five', 'six', 'seven', 'eight']
const often = [
  ...['Patient', 'Observation', 'Encounter', 'Condition', 'MedicationRequest', 'DiagnosticReport'],
  ...['Location', 'RiskAssessment', 'Group', 'Substance'],
]

let server: TestServer
let base: string
let token: string

beforeAll(async () => {
  server = await startServer()
  base = `${server.url}/fhir`
  token = await server.token()
})

afterAll(() => server.close())

interface Bundle {
  readonly resourceType: string
  readonly entry?: readonly {
    readonly resource?: Bundle & { readonly id: string }
    readonly response?: {
      readonly status: string
      readonly lastModified?: string
      readonly outcome?: unknown
    }
  }[]
}

async function post(type: 'batch' | 'transaction', entry: readonly object[]): Promise<Bundle> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': fhirType, Prefer: 'handling=strict' }
  const body = JSON.stringify({ resourceType: 'Bundle', type, entry })
  const answer = await fetch(base, { method: 'POST', headers, body })
  const text = await answer.text()
  expect([answer.status, answer.ok ? '' : text]).toEqual([200, ''])
  return JSON.parse(text) as Bundle
}

/** A Subscription that is on would call somebody, a SearchParameter that is active would be in service. */
function quiet(resource: Resource): Resource {
  const status = { Subscription: 'off', SearchParameter: 'draft' }[resource.resourceType]
  return status === undefined ? resource : { ...resource, status }
}

/** @returns the resources as the server holds them */
async function load(): Promise<Resource[]> {
  const world = { ids: [...ids, 'absent'], base }
  const made = resourceTypes.flatMap((type, at) =>
    [...ids, ...(often.includes(type) ? moreIds : [])].map((id, n) =>
      quiet(randomResource(type, id, chanceOf(seed * 1_000_003 + at * 101 + n), world)),
    ),
  )
  const written = await post(
    'transaction',
    made.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${String(resource['id'])}` },
    })),
  )
  return made.map((resource, at) => {
    const lastUpdated = written.entry?.[at]?.response?.lastModified ?? ''
    return { ...resource, meta: { ...(resource['meta'] as object | undefined), lastUpdated } }
  })
}

/** Codes of the search parameters that the CapabilityStatement claims, by type. */
async function declared(): Promise<Map<string, readonly string[]>> {
  const answer = await fetch(`${base}/metadata`)
  const { rest } = (await answer.json()) as {
    rest: { resource: { type: string; searchParam?: { name: string }[] }[] }[]
  }
  return new Map(
    rest[0]?.resource.map(({ type, searchParam }) => [type, (searchParam ?? []).map(({ name }) => name)]),
  )
}

/** The ids that each search of a batch finds, in their order; where one is refused, why. */
async function ask(searches: readonly Search[]): Promise<string[][]> {
  const answers = await post(
    'batch',
    searches.map((search) => ({ request: { method: 'GET', url: urlOf(search) } })),
  )
  return searches.map((_, at) => {
    const { resource, response } = answers.entry?.[at] ?? {}
    if (resource?.resourceType !== 'Bundle') return [JSON.stringify(response)]
    return (resource.entry ?? []).map((one) => one.resource?.id ?? '')
  })
}

function urlOf({ type, parameters }: Search): string {
  const query = new URLSearchParams(parameters.map(([key, value]): [string, string] => [key, value]))
  return `${type}?${query.toString()}&_count=1000&_elements=id`
}

/** @returns `[]` when a search finds what the oracle finds; else how it differs, and how to see it again */
function compare(search: Search, n: number, expected: readonly string[], found: readonly string[]): string[] {
  const isInOrder = search.parameters.some(([key]) => key === '_sort')
  const [left, right] = [found, expected].map((ids) => JSON.stringify(isInOrder ? ids : [...ids].sort()))
  if (left === right) return []
  const shown = search.parameters.map(([key, value]) => `${key}=${value}`).join(' & ')
  const lines = [`seed ${seed}, case ${n}: ${search.type}? ${shown}`, `  expected ${expected.join(' ')}`]
  return [[...lines, `  found    ${found.join(' ')}`].join('\n')]
}

describe('search', () => {
  it('finds what FHIRPath over all resources finds, of any type and for any search', async () => {
    const resources = await load()
    const oracle = new Oracle(resources, base, Date.now())
    const searches = new Searches(resources, await declared(), base)
    const differences: string[] = []
    let hits = 0
    for (let from = 0; from < cases; from += searchesInBatch * batchesAtOnce) {
      const batches = Array.from({ length: batchesAtOnce }, (_, batch) =>
        Array.from({ length: searchesInBatch }, (_, at) => {
          const n = from + batch * searchesInBatch + at
          return { n, search: searches.random(chanceOf(seed * 1_000_003 + n)) }
        }),
      )
      const found = await Promise.all(batches.map((batch) => ask(batch.map(({ search }) => search))))
      for (const [at, { n, search }] of batches.flat().entries()) {
        const expected = oracle.search(search.type, search.parameters)
        if (expected.length > 0) hits++
        differences.push(...compare(search, n, expected, found.flat()[at] ?? []))
      }
    }
    expect(differences.slice(0, differencesShown).join('\n')).toBe('')
    // a search for what is not there is easily answered
    expect(hits).toBeGreaterThan(cases / 2)
  }, 3_600_000)
})
