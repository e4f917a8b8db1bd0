import { resourceTypes, searchParameters } from '../../src/fhir/definitions.ts'
import { isSupported } from '../../src/fhir/search/extract.ts'
import { chanceOf } from '../support/oracle/chance.ts'
import { Searches } from '../support/oracle/random-query.ts'
import type { Case } from '../support/scopes-case.ts'
import { waysToRead } from '../support/scopes-reads.ts'
import { waysToWrite } from '../support/scopes-writes.ts'
import { randomScopes } from '../support/scopes-random.ts'
import { ScopesModel } from '../support/scopes-model.ts'
import { ScopesWorld } from '../support/scopes-world.ts'

const ways = { ...waysToRead, ...waysToWrite }
/** How many tokens, and by which seed; a long run gives others by its environment. */
const tokens = Number(process.env['SCOPES_TOKENS'] ?? 40)
const seed = Number(process.env['SCOPES_SEED'] ?? 1)
const differencesShown = 10

let world: ScopesWorld

beforeAll(async () => {
  world = await ScopesWorld.start(seed)
})

afterAll(() => world.close())

/** The parameters of a search that lead from a type, or ask it by value. */
function declared(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    resourceTypes.map((type) => [
      type,
      [...searchParameters(type).keys()].filter((code) => isSupported(type, code)),
    ]),
  )
}

/** What one of two answers says that the other does not. */
function beyond(one: string, other: string): string {
  const said = new Set(other.split(' '))
  return one
    .split(' ')
    .filter((word) => !said.has(word))
    .join(' ')
    .slice(0, 200)
}

/** @returns `[]` when the server says what the model says; else how it differs, and how to see it again */
async function compare(
  [n, scopes]: readonly [number, string],
  name: string,
  made: Case,
  found: string,
): Promise<string[]> {
  if (found === made.expected) return []
  const isAlike = made.alike?.includes(found) ?? false
  // a rule that the content breaks holds for everybody
  const inFull = found === '422' ? made.told(await world.ask('system/*.cruds', made.asked)) : found
  if (isAlike && found === inFull) return []
  return [
    [
      `seed ${seed}, token ${n}, ${name}: ${made.asked.method} ${made.asked.url}`,
      `  scopes   ${scopes}`,
      `  expected ${beyond(made.expected, found)}`,
      `  found    ${beyond(found, made.expected)}`,
    ].join('\n'),
  ]
}

describe('Scopes, over every type, interaction and way to a resource', () => {
  it('A48, A49, A50, A51: give what the specification gives, whatever way a resource is reached', async () => {
    const searches = new Searches(world.resources, declared(), world.base)
    const differences: string[] = []
    const reached = new Map<string, number>()
    let asked = 0
    for (let n = 0; n < tokens; n++) {
      const chance = chanceOf(seed * 1_000_003 + n)
      const { scopes, types } = randomScopes(searches, chance)
      const model = new ScopesModel(scopes, 'one', world.resources, world.base, Date.now())
      for (const [name, way] of Object.entries(ways)) {
        const type = chance.happens(0.8) ? chance.pick(types) : chance.pick(resourceTypes)
        const resource = chance.pick(world.resources.filter(({ resourceType }) => resourceType === type))
        const made = way({ world, model, chance, resource, searches })
        if (!made) continue
        asked++
        const found = made.told(await world.ask(scopes, made.asked))
        if (/^2|^410/.test(found)) reached.set(name, (reached.get(name) ?? 0) + 1)
        differences.push(...(await compare([n, scopes], name, made, found)))
      }
    }
    expect(differences.slice(0, differencesShown).join('\n')).toBe('')
    // a token that reaches nothing is easily answered
    expect(Object.keys(ways).filter((name) => (reached.get(name) ?? 0) < tokens / 50)).toEqual([])
    expect(asked).toBeGreaterThan((tokens * Object.keys(ways).length) / 2)
  }, 3_600_000)
})
