import type { JsonObject, Resource } from '../../src/fhir/json.ts'
import { operatorSink } from '../../src/import/operator-sink.ts'
import { hospital } from '../support/linkage-people.ts'
import { LinkageWorld } from '../support/linkage-world.ts'

/**
 * What is found at entry is what a comparison of all with all would find: people are imported, looked at by
 * the blind index, and the pairs held against who they are. `LINKAGE_AT_ENTRY=20000` for the figures of
 * docs/linkage.md.
 */
const count = Number(process.env['LINKAGE_AT_ENTRY'] ?? 100)
const linesAtOnce = 200

let world: LinkageWorld
beforeAll(async () => {
  world = await LinkageWorld.open()
}, 60_000)
afterAll(() => world.close())

describe('record linkage at entry', () => {
  it('finds who is one person among those who are imported, and links none who are two', async () => {
    const records = hospital(7, count, { none: 0.2, two: 0.1 }).map(({ patient, person }, index) => ({
      resource: resourceOf(patient, index),
      person,
    }))
    const importing = await seconds(() => importAll(records.map(({ resource }) => resource)))
    // as autovacuum would, in a server that has run for a minute
    await world.rows('ANALYZE')
    const looking = await seconds(() => world.work())
    const personOf = new Map(records.map(({ resource, person }) => [String(resource['id']), person]))
    const found = await kept(personOf)
    const truePairs = records.filter((one, index) => one.person === records[index - 1]?.person).length
    const right = found.filter(({ isRight }) => isRight).length
    if (process.env['LINKAGE_AT_ENTRY']) {
      const perSecond = { imported: records.length / importing, looks: records.length / looking }
      console.log(
        JSON.stringify({ records: records.length, truePairs, found: found.length, right, perSecond }),
      )
    }
    expect(truePairs).toBeGreaterThan(count / 10)
    expect(right / found.length).toBeGreaterThanOrEqual(0.995)
    expect(right / truePairs).toBeGreaterThanOrEqual(0.95)
    expect(found.filter(({ state, isRight }) => state === 'linked' && !isRight)).toEqual([])
    expect(found.filter(({ state }) => state === 'linked').length).toBeGreaterThan(truePairs / 10)
  }, 3_600_000)
})

/** Arrays that are empty say nothing, and are no FHIR. */
function resourceOf(patient: JsonObject, index: number): Resource {
  const said = Object.entries(patient).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  return { resourceType: 'Patient', ...Object.fromEntries(said), id: `entry-${index}` }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1000
}

async function importAll(resources: readonly Resource[]): Promise<void> {
  const sink = operatorSink(world.server.app)
  for (let start = 0; start < resources.length; start += linesAtOnce) {
    const items = resources
      .slice(start, start + linesAtOnce)
      .map((resource, index) => ({ resource, line: start + index + 1 }))
    const results = await sink.importBatch(items, 'linkage')
    expect(results.filter(({ refused }) => refused)).toEqual([])
  }
}

/** Pairs that are kept, and whether the two are one person. @param personOf by logical id */
async function kept(personOf: ReadonlyMap<string, number>) {
  const found: { readonly state: string; readonly isRight: boolean }[] = []
  for (const state of ['open', 'linked']) {
    for (let before = ''; ;) {
      const page = await world.pairs(state, before)
      for (const { patients } of page) {
        const [one, other] = patients.map((id) => personOf.get(id))
        found.push({ state, isRight: one !== undefined && one === other })
      }
      const last = page.at(-1)
      if (!last) break
      before = last.id
    }
  }
  return found
}
