import type { Patient } from 'fhir/r4.js'
import pg from 'pg'
import { Evidence } from '../../src/identity/linkage/evidence.ts'
import { LinkageContexts } from '../../src/linkage/linkage-context.ts'
import { LinkageWorker } from '../../src/linkage/linkage-worker.ts'
import { linkGround } from '../../src/interactions/server-links.ts'
import { call, observation, to } from '../support/merging.ts'
import { signIn, usersFile, type SignedIn } from '../support/people.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/** The worker is not running: each test does its work when it wants, as any process may. */
let server: TestServer
let client: Client
let steward: SignedIn
let worker: LinkageWorker
const failures: unknown[] = []

beforeAll(async () => {
  const people = { stella: ['steward'], rene: ['requester'], dora: ['dpo'] }
  server = await startServer({ COFFRE_WORKERS: 0, COFFRE_USERS_FILE: usersFile(people) })
  client = await server.client()
  steward = await signIn(server, 'stella')
  worker = newWorker()
}, 60_000)
afterAll(() => server.close())
afterEach(() => expect(failures).toEqual([]))

function newWorker(): LinkageWorker {
  const [contexts, evidence] = [LinkageContexts, Evidence].map((of) =>
    server.app.get<unknown>(of, { strict: false }),
  ) as [LinkageContexts, Evidence]
  return new LinkageWorker(contexts.own, evidence, (error) => failures.push(error))
}

async function workAll(): Promise<void> {
  while ((await worker.step()) > 0);
}

interface Pair {
  readonly id: string
  readonly patients: readonly string[]
  readonly grade: string
  readonly byIns: boolean
  readonly state: string
  readonly decidedBy?: string
}

async function pairs(state = 'open'): Promise<Pair[]> {
  const { body } = await steward.get(`/governance/linkage?state=${state}&limit=200`).expect(200)
  return body as Pair[]
}

async function pairOf(one: string, state = 'open'): Promise<Pair | undefined> {
  return (await pairs(state)).find(({ patients }) => patients.includes(one))
}

const ins = (value: string) => ({ system: 'urn:oid:1.2.250.1.213.1.4.8', value })
/** A right matricule for a number of 13 digits. */
const matricule = (number: string) => `${number}${String(97 - Number(BigInt(number) % 97n)).padStart(2, '0')}`

const person = (
  id: string,
  family: string,
  given: string,
  birthDate: string,
  more: Partial<Patient> = {},
) => ({
  ...{ resourceType: 'Patient' as const, id, name: [{ family, given: [given] }], birthDate },
  ...more,
})

async function put(resource: Patient): Promise<void> {
  expect((await client.put(`/fhir/Patient/${resource.id}`, resource)).status).toBeLessThan(300)
}

async function read(id: string): Promise<Patient> {
  return (await client.get(`/fhir/Patient/${id}`).expect(200)).body as Patient
}

const textWithoutMeta = async (id: string) => {
  const { text } = await client.get(`/fhir/Patient/${id}`).expect(200)
  return text.replace(/"meta":\{[^}]*\}/, '')
}

const serverLink = (id: string, ground: 'ins' | 'steward') => ({
  ...{ extension: [{ url: linkGround, valueCode: ground }], other: to(id), type: 'seealso' },
})

describe('Patients with the same INS', () => {
  const number = ins(matricule('1800375123456'))

  it('are linked to each other at once, as new versions on record', async () => {
    const link = [{ other: { reference: 'Patient/ins-elsewhere' }, type: 'refer' as const }]
    await put(person('ins-elsewhere', 'Unrelated', 'Rose', '1931-07-07'))
    await put(person('ins-a', 'Lefèvre', 'Marc', '1980-03-12', { identifier: [number], link }))
    await put(person('ins-b', 'LEFEVRE', 'Marc', '1980-03-12', { identifier: [number] }))
    await workAll()
    const [one, other] = [await read('ins-a'), await read('ins-b')]
    expect(one.link).toEqual([...link, serverLink('ins-b', 'ins')])
    expect(other.link).toEqual([serverLink('ins-a', 'ins')])
    expect([one.meta?.versionId, other.meta?.versionId]).toEqual(['2', '2'])
    expect(await pairOf('ins-a', 'linked')).toMatchObject({ grade: 'certain', byIns: true })
    expect((await pairOf('ins-a', 'linked'))?.decidedBy).toBeUndefined()
    const found = await client.get('/fhir/Patient?link=Patient/ins-a').expect(200)
    expect(found.body).toMatchObject({ total: 1, entry: [{ resource: { id: 'ins-b' } }] })
  })

  it('stay linked when a client writes what it knew, and a client cannot write such links itself', async () => {
    await put(person('ins-b', 'LEFEVRE', 'Marc', '1980-03-12', { identifier: [number] }))
    expect((await read('ins-b')).meta?.versionId).toBe('2')
    const forged = { ...serverLink('ins-elsewhere', 'steward'), type: 'seealso' as const }
    await put({ ...(await read('ins-b')), gender: 'male', link: [forged] })
    expect(await read('ins-b')).toMatchObject({
      meta: { versionId: '3' },
      gender: 'male',
      link: [serverLink('ins-a', 'ins')],
    })
    await put(person('ins-forged', 'Nobody', 'Else', '1950-05-05', { link: [forged] }))
    expect((await read('ins-forged')).link).toBeUndefined()
  })

  it('are linked no longer when one turns out to have another INS', async () => {
    const other = ins(matricule('2750613055123'))
    await put({ ...(await read('ins-b')), identifier: [other], name: [{ family: 'Autre', given: ['Zoé'] }] })
    await workAll()
    expect((await read('ins-b')).link).toBeUndefined()
    expect((await read('ins-a')).link).toHaveLength(1)
    expect(await pairOf('ins-a', 'linked')).toBeUndefined()
  })
})

describe('the steward’s queue', () => {
  beforeAll(async () => {
    await put(person('q-a', 'Kerouédan', 'Jeanne', '1961-11-02', { gender: 'female' }))
    await put(person('q-b', 'Kerouedan', 'Jeane', '1961-11-02', { gender: 'female' }))
    // twins: all but the given name
    await put(
      person('t-a', 'Quéméneur', 'Alan', '2004-01-25', {
        address: [{ line: ['1 quai'], postalCode: '29000' }],
      }),
    )
    await put(
      person('t-b', 'Quéméneur', 'Ewen', '2004-01-25', {
        address: [{ line: ['1 quai'], postalCode: '29000' }],
      }),
    )
    await workAll()
  })

  it('has who is probably one person, without a word of who that is, and no twins', async () => {
    const { text } = await steward.get('/governance/linkage').expect(200)
    expect(await pairs()).toEqual([
      expect.objectContaining({ grade: 'probable', byIns: false, state: 'open' }),
    ])
    expect([...((await pairOf('q-a'))?.patients ?? [])].sort()).toEqual(['q-a', 'q-b'])
    expect(text).not.toMatch(/kerou|1961|jean/i)
    expect((await read('q-a')).link).toBeUndefined()
  })

  it('is for stewards', async () => {
    await (await signIn(server, 'rene')).get('/governance/linkage').expect(403)
    const { body } = await steward.get('/governance/openapi.json').expect(200)
    expect(Object.keys((body as { paths: object }).paths)).toContain('/governance/linkage/{id}/merge')
  })

  it('shows two side by side and why, and that is an access to both', async () => {
    const pair = await pairOf('q-a')
    const answer = await steward.get(`/governance/linkage/${pair?.id}`).expect(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body).toMatchObject({
      agreements: { family: 'equal', given: 'near', birthDate: 'equal', sex: 'equal' },
    })
    const { sides } = answer.body as { sides: { id: string; isThere: boolean; traits: Patient }[] }
    expect(sides.map(({ id, traits }) => [id, traits.name?.[0]?.given]).sort()).toEqual([
      ['q-a', ['Jeanne']],
      ['q-b', ['Jeane']],
    ])
    const about = await owner<{ patients: number }>(
      `SELECT count(DISTINCT subject)::int patients FROM audit.event, unnest(audit.subjects(body)) AS subject
        WHERE body LIKE '%linkage-compare%' AND subject LIKE 'Patient/%'`,
    )
    expect(about).toEqual([{ patients: 2 }])
  })

  it('links the two, and takes the link back to the byte', async () => {
    const before = [await textWithoutMeta('q-a'), await textWithoutMeta('q-b')]
    const pair = await pairOf('q-a')
    await steward.post(`/governance/linkage/${pair?.id}/link`).expect(200)
    expect((await read('q-a')).link).toEqual([serverLink('q-b', 'steward')])
    expect((await read('q-b')).link).toEqual([serverLink('q-a', 'steward')])
    await workAll()
    const unlinked = await steward.post(`/governance/linkage/${pair?.id}/unlink`).expect(200)
    expect(unlinked.body).toMatchObject({ state: 'rejected', decidedBy: 'stella' })
    expect([await textWithoutMeta('q-a'), await textWithoutMeta('q-b')]).toEqual(before)
  })

  it('refuses a move in another state', async () => {
    const pair = await pairOf('q-a', 'rejected')
    for (const move of ['reject', 'unlink']) {
      await steward.post(`/governance/linkage/${pair?.id}/${move}`).expect(409)
    }
    const merge = { target: 'q-a', reason: 'why not' }
    await steward.post(`/governance/linkage/${pair?.id}/merge`, merge).expect(409)
    await steward.post(`/governance/linkage/${pair?.id}/undo`, { reason: 'why not' }).expect(409)
    await steward.post('/governance/linkage/00000000-0000-4000-8000-000000000000/link').expect(404)
  })

  it('has a rejected pair again only when what the two are known by has changed', async () => {
    const moved = { telecom: [{ system: 'phone' as const, value: '0298000000' }] }
    await put({ ...(await read('q-b')), ...moved })
    await workAll()
    expect(await pairOf('q-a')).toBeUndefined()
    await put({ ...(await read('q-b')), name: [{ family: 'Kerouedan', given: ['Jeanne'] }] })
    await workAll()
    expect(await pairOf('q-a')).toMatchObject({ grade: 'certain', state: 'open' })
  })

  it('merges as $merge does, and undoes it: the pair is where it was', async () => {
    await client.put('/fhir/Observation/q-o', observation('q-o', { subject: to('q-b') })).expect(201)
    const pair = await pairOf('q-a')
    const target = { target: 'nobody', reason: 'one person' }
    await steward.post(`/governance/linkage/${pair?.id}/merge`, target).expect(400)
    const merge = { target: 'q-a', reason: 'one person' }
    const merged = await steward.post(`/governance/linkage/${pair?.id}/merge`, merge).expect(200)
    expect(merged.body).toMatchObject({ state: 'merged' })
    expect((await read('q-b')).link).toEqual([{ other: to('q-a'), type: 'replaced-by' }])
    expect((await client.get('/fhir/Observation/q-o')).body).toMatchObject({ subject: to('q-a') })
    const provenance = await client.get('/fhir/Provenance?target=Patient/q-a').expect(200)
    expect(provenance.body).toMatchObject({
      entry: [
        {
          resource: {
            agent: [{ who: { identifier: { value: 'stella' } } }],
            reason: [{ text: 'one person' }],
          },
        },
      ],
    })
    await workAll()
    expect(await pairOf('q-a', 'merged')).toMatchObject({ id: pair?.id })
    await steward.post(`/governance/linkage/${pair?.id}/undo`, { reason: 'two after all' }).expect(200)
    expect((await read('q-b')).link).toBeUndefined()
    expect((await client.get('/fhir/Observation/q-o')).body).toMatchObject({ subject: to('q-b') })
    await workAll()
    expect(await pairOf('q-a')).toMatchObject({ id: pair?.id, state: 'open' })
  })

  it('closes a pair that a client merges', async () => {
    const pair = await pairOf('q-a')
    await client.post('/fhir/Patient/$merge', call('q-b', 'q-a')).expect(200)
    await workAll()
    expect(await pairOf('q-a')).toBeUndefined()
    expect(await pairOf('q-a', 'merged')).toMatchObject({ id: pair?.id })
  })
})

/** What the owner of the database sees; in the vault's where that is another. */
async function owner<Row extends object>(text: string): Promise<Row[]> {
  const database = new pg.Client({ connectionString: server.databaseUrl })
  await database.connect()
  try {
    return (await database.query<Row>(text)).rows
  } finally {
    await database.end()
  }
}
