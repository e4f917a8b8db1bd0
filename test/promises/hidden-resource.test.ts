import type { Resource } from '../../src/fhir/json.ts'
import { exported, kickoff, lines } from '../export/bulk-client.ts'
import {
  questionsAbout,
  questionsAround,
  questionsOver,
  questionsThatName,
  type Questions,
} from '../support/hidden-questions.ts'
import { hidden, tokens, visible } from '../support/hidden-world.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'
import { accessOf, askUndone, patientKey, type Answered, type Asked } from '../support/undone.ts'

/** A long run looks after each change, not after several. */
const oneByOne = process.env['HIDDEN_ONE_BY_ONE'] !== undefined

let server: TestServer
let client: Client
let alice: string

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  for (const one of visible) await put(one)
  alice = await patientKey(server, 'alice')
})

afterAll(() => server.close())

async function put(resource: Resource): Promise<void> {
  const { status, text } = await client.put(`/fhir/${nameOf(resource)}`, resource)
  if (status >= 300) throw new TypeError(text)
}

function nameOf({ resourceType, id }: Resource): string {
  return `${resourceType}/${String(id)}`
}

const [patient, observation] = hidden
const questions: Questions = new Map([
  ...hidden.flatMap((one) => named(one, questionsAbout(one))),
  // of what others refer to, and of what refers to it
  ...[patient, observation].flatMap((one) => (one ? named(one, questionsOver(one)) : [])),
  ...questionsAround,
  ...questionsThatName,
])

function named(one: Resource, asked: Questions): [string, Asked][] {
  return [...asked].map(([what, question]) => [`${nameOf(one)}: ${what}`, question])
}

/** An answer without what differs from one call to the next: times, ids of what was created, seals of links. */
function withoutTimes(answer: Answered): string {
  return JSON.stringify(answer)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)')
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, '(id)')
    .replace(/_page=[\w-]+/g, '_page=(seal)')
}

/** All that a token is told, by question. */
type Told = ReadonlyMap<string, string>

async function told(scopes: string): Promise<Told> {
  const access = accessOf(scopes, alice)
  const answers = new Map<string, string>()
  for (const [what, asked] of questions) {
    answers.set(what, withoutTimes(await askUndone(server, access, asked)))
  }
  return answers
}

/** The same over HTTP, where headers and exports are: for a client whose scopes have parameters. */
async function toldByExport(): Promise<string> {
  const granular = await server.client(tokens.granular)
  const { manifest } = await exported(granular, '/fhir/$export')
  const found = await lines(granular, manifest.output)
  const group = await kickoff(granular, '/fhir/Group/hidden/$export')
  const patient = await kickoff(granular, '/fhir/Patient/$export?patient=Patient/bob')
  return JSON.stringify([found, group.status, group.body, patient.status, patient.body])
}

type Happening = readonly [what: string, happen: () => Promise<unknown>]

/** What changes behind the tokens' backs, one thing after the other; nothing is taken back. */
const coming = hidden.map((one): Happening => [`${nameOf(one)} is there`, () => put(one)])
const changing: Happening = [
  'one has a second version',
  () => put({ ...hidden[1], status: 'amended' } as Resource),
]
const going: Happening = [
  'two are deleted',
  async () => {
    await client.delete('/fhir/Observation/hidden-o').expect(204)
    await client.delete('/fhir/Patient/bob').expect(204)
  },
]

async function inTurn(happenings: readonly Happening[]): Promise<void> {
  for (const [, happen] of happenings) await happen()
}

/** Which answers are other ones than before. */
async function differences(what: string, before: ReadonlyMap<string, Told>): Promise<string[]> {
  const found: string[] = []
  for (const [token, scopes] of Object.entries(tokens)) {
    for (const [question, answer] of await told(scopes)) {
      const earlier = before.get(token)?.get(question)
      if (answer !== earlier) found.push([what, token, question, earlier, answer].join('\n  '))
    }
  }
  return found
}

describe('A resource beyond the scopes of a token', () => {
  it('A48, A49: is not there: every answer is the same, whether it came, changed or went', async () => {
    const before = new Map<string, Told>()
    for (const [token, scopes] of Object.entries(tokens)) before.set(token, await told(scopes))
    const exportBefore = await toldByExport()
    const withoutThem = await told('system/*.cruds')
    const steps: readonly Happening[] = oneByOne
      ? [...coming, changing, going]
      : [
          ['all are there', () => inTurn(coming)],
          ['one changed, and two went', () => inTurn([changing, going])],
        ]
    const found: string[] = []
    let withThem = withoutThem
    for (const [what, happen] of steps) {
      await happen()
      found.push(...(await differences(what, before)))
      if (what === 'all are there') withThem = await told('system/*.cruds')
    }
    expect(found.slice(0, 5).join('\n')).toBe('')
    expect(await toldByExport()).toBe(exportBefore)
    // who reaches them is told: the questions are such that an answer could tell
    const telling = [...questions.keys()].filter((what) => withThem.get(what) !== withoutThem.get(what))
    if (!oneByOne) expect(telling.length).toBeGreaterThan(questions.size / 2)
  }, 600_000)

  it('A53: a Patient that the record is linked to is beyond a patient/ scope, and so is all of theirs', async () => {
    for (const one of hidden) await put(one)
    const access = accessOf('patient/*.rs', alice)
    const get = (url: string) => askUndone(server, access, { method: 'GET', url })
    const record = await get('Patient/alice/$everything')
    expect(JSON.stringify(record)).toContain('"reference":"Patient/bob"')
    expect(JSON.stringify(record)).not.toMatch(/"id":"(?:bob|hidden-)/)
    for (const url of ['Patient/bob', 'Observation/hidden-o']) expect((await get(url)).status).toBe(404)
  })
})
