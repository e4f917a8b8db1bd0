import { generatePatients } from '../../src/demo/generate.ts'
import { isObject, parseJson, stringifyJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { Permits } from '../../src/governance/permits.ts'
import { sql } from '../../src/store/sql.ts'
import { exported, kickoff, manifestOf, ndjson } from '../export/bulk-client.ts'
import { grantPermit, withPeople } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * Two permits share nothing: over the same patients no id, pseudonym, UID, offset of dates or order of rows
 * is common, so that what one project holds cannot be joined to what another holds; and within each patient
 * every interval is what it was.
 */
const types = ['Patient', 'Observation', 'ImagingStudy', 'DiagnosticReport', 'Encounter', 'Condition']
const patients = 16

/** A released resource beside the one it was made of. */
interface Pair {
  readonly source: Resource
  readonly released: Resource
  /** id of the patient in care */
  readonly patient: string
}

interface Side {
  readonly base: string
  readonly client: Client
  readonly job: string
  readonly files: readonly string[]
  /** in the order of the export */
  readonly pairs: readonly Pair[]
}

let server: TestServer
let one: Side
let other: Side
const sources = new Map<string, Resource>()

beforeAll(async () => {
  server = await startServer(withPeople())
  const resources = [...generatePatients({ seed: 11, patients })].flat()
  for (const resource of resources) sources.set(nameOf(resource), resource)
  const care = await server.client()
  const entry = resources.map((resource) => ({ resource, request: { method: 'PUT', url: nameOf(resource) } }))
  const body = stringifyJson({ resourceType: 'Bundle', type: 'transaction', entry })
  expect((await care.post('/fhir', body)).status).toBe(200)
  one = await sideOf()
  other = await sideOf()
}, 60_000)

afterAll(() => server.close())

const nameOf = (resource: Resource) => `${resource.resourceType}/${String(resource['id'])}`

async function sideOf(): Promise<Side> {
  const data = types.map((type) => ({ type }))
  const base = await grantPermit(server, ['Patient?birthdate=ge1900'], data)
  const client = await server.client('system/*.rs', base)
  const { job, manifest } = await exported(client, `${base}/$export`)
  const files = manifest.output.map(({ url }) => url)
  const texts: string[] = []
  for (const url of files) texts.push(await ndjson(client, url))
  const released = texts
    .flatMap((text) => text.trimEnd().split('\n'))
    .map((line) => parseJson(line) as Resource)
  const sourceOf = await mapBack(base)
  return {
    base,
    client,
    job,
    files,
    pairs: released.map((resource) => ({ released: resource, ...sourceOf(resource) })),
  }
}

/** What only the hospital can do: from a permit's ids back to the records. */
async function mapBack(base: string): Promise<(released: Resource) => { source: Resource; patient: string }> {
  const permit = await server.app.get(Permits, { strict: false }).load(base.split('/')[2] ?? '')
  if (!permit) throw new TypeError('the permit is not active')
  const rows = await server.store.read('care', (tx) =>
    tx.query<{ type: string; id: string; patient: string }>(
      sql`SELECT type, id, patient::text FROM clinical.resource`,
    ),
  )
  const members = await server.store.transaction({ permit: permit.permit.id }, (tx) =>
    permit.pseudonyms.members(
      tx,
      rows.map(({ patient }) => patient),
    ),
  )
  const idOfKey = await careIds()
  const known = new Map(
    rows.map(({ type, id, patient }) => [
      `${type}/${members.pseudonym(type, id, patient)}`,
      {
        source: `${type}/${type === 'Patient' ? (idOfKey.get(id) ?? id) : id}`,
        patient: idOfKey.get(patient) ?? '',
      },
    ]),
  )
  return (released) => {
    const { source = '', patient = '' } = known.get(nameOf(released)) ?? {}
    const found = sources.get(source)
    if (!found) throw new TypeError('a released resource that care did not write')
    return { source: found, patient }
  }
}

/** A Patient's id by its key: each generated patient has Encounters or Conditions that tell both. */
async function careIds(): Promise<Map<string, string>> {
  const rows = await server.store.read('care', (tx) =>
    tx.query<{ type: string; id: string; patient: string }>(
      sql`SELECT type, id, patient::text FROM clinical.resource WHERE type IN ('Encounter', 'Condition')`,
    ),
  )
  return new Map(
    rows.map(({ type, id, patient }) => {
      const subject = sources.get(`${type}/${id}`)?.['subject'] as { reference: string }
      return [patient, subject.reference.replace('Patient/', '')]
    }),
  )
}

/** Every string leaf by its path. */
function leaves(value: Json, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]]
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`))
  return isObject(value)
    ? Object.entries(value).flatMap(([name, item]) => leaves(item, `${path}.${name}`))
    : []
}

const day = /^\d{4}-\d\d-\d\d/
const dayMs = 86_400_000

/** By how many days each date of a patient moved, all resources together; elements are found by their path. */
function offsets(side: Side): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const { source, released, patient } of side.pairs) {
    const before = new Map(leaves(source))
    for (const [path, text] of leaves(released)) {
      const was = before.get(path)
      if (!day.test(text) || was === undefined) continue
      found.set(patient, [...(found.get(patient) ?? []), (Date.parse(text) - Date.parse(was)) / dayMs])
    }
  }
  return found
}

const all = (side: Side) => side.pairs.flatMap(({ released }) => leaves(released))

/** Everything in a release that names a thing: ids, what refers, and identifiers. */
const names = (side: Side) =>
  new Set(
    all(side)
      .filter(([path]) => /(^\.id|reference|\.uid|identifier\[\d+\]\.value)$/.test(path))
      .map(([, text]) => text),
  )

it('exports the same records to both', () => {
  const told = (side: Side) => side.pairs.map(({ source }) => nameOf(source)).sort()
  expect(told(one)).toEqual(told(other))
  expect(new Set(one.pairs.map(({ patient }) => patient)).size).toBe(patients)
  expect(types.filter((type) => one.pairs.every(({ released }) => released.resourceType !== type))).toEqual(
    [],
  )
})

it('shares no id, pseudonym, reference or identifier', () => {
  const theirs = names(other)
  expect(theirs.size).toBeGreaterThan(500)
  expect([...names(one)].filter((name) => theirs.has(name))).toEqual([])
})

it('shares no part of an id either: no patient, owner or resource is named alike', () => {
  const isLong = (part: string) => part.length > 12 && !types.includes(part)
  const parts = (side: Side) =>
    new Set([...names(side)].flatMap((name) => name.split(/[/:-]/)).filter(isLong))
  const theirs = parts(other)
  expect([...parts(one)].filter((part) => theirs.has(part))).toEqual([])
})

it('shares no UID, and makes every one of them anew', () => {
  const uids = (side: Side) =>
    new Set(stringifyJson(side.pairs.map(({ released }) => released)).match(/2\.25\.\d+/g))
  const [mine, theirs] = [uids(one), uids(other)]
  expect(mine.size).toBeGreaterThan(10)
  expect(theirs.size).toBe(mine.size)
  expect([...mine].filter((uid) => theirs.has(uid))).toEqual([])
})

it('moves all dates of a patient by one offset, so that each interval is exact', () => {
  for (const side of [one, other]) {
    const found = offsets(side)
    expect(found.size).toBe(patients)
    for (const moved of found.values()) {
      expect(moved.length).toBeGreaterThan(3)
      expect([...new Set(moved)]).toEqual([moved[0]])
      expect(Number.isInteger(moved[0])).toBe(true)
      expect(moved[0]).not.toBe(0)
    }
  }
})

/** Offsets are drawn from 730: of 16 pairs four are alike once in 150 million draws, all are if they are shared. */
const mostAlikeByChance = 3

it('draws an offset for each patient and each permit of its own', () => {
  const [mine, theirs] = [offsets(one), offsets(other)]
  const alike = [...mine].filter(([patient, [moved]]) => theirs.get(patient)?.[0] === moved)
  expect(alike.length).toBeLessThanOrEqual(mostAlikeByChance)
  for (const side of [mine, theirs]) {
    expect(new Set([...side.values()].map(([moved]) => moved)).size).toBeGreaterThan(patients / 2)
  }
})

it('shares no order of rows, and follows neither that of the ids of care nor that of arrival', () => {
  for (const type of types) {
    const order = (side: Side) =>
      side.pairs.filter(({ released }) => released.resourceType === type).map(({ source }) => nameOf(source))
    const [mine, theirs] = [order(one), order(other)]
    if (mine.length < 10) continue // fewer could be in one order by chance
    expect([type, mine]).not.toEqual([type, theirs])
    const arrival = [...sources.keys()].filter((name) => mine.includes(name))
    expect(mine).not.toEqual(arrival)
    expect(mine).not.toEqual([...arrival].sort())
  }
})

it('orders patients independently', () => {
  const order = (side: Side) =>
    side.pairs.filter(({ source }) => source.resourceType === 'Patient').map(({ patient }) => patient)
  const [mine, theirs] = [order(one), order(other)]
  const stayed = mine.filter((patient, place) => theirs[place] === patient)
  expect(mine).toHaveLength(patients)
  expect(stayed.length).toBeLessThan(patients / 2)
})

it('takes a token at its own base only, for records, jobs and files', async () => {
  for (const [mine, theirs] of [
    [one, other],
    [other, one],
  ] as const) {
    const [id] = theirs.pairs.map(({ released }) => nameOf(released))
    const asked = ['Patient', `${id}`, 'Observation?code=718-7', '$export'].map(
      (path) => `${theirs.base}/${path}`,
    )
    for (const url of [...asked, theirs.job, ...theirs.files]) {
      expect([url, [401, 403].includes((await mine.client.get(url)).status)]).toEqual([url, true])
    }
    expect([401, 403]).toContain((await mine.client.delete(theirs.job)).status)
    expect((await mine.client.get(`${mine.base}/${id}`)).status).toBe(404)
  }
})

it('gives the same pseudonyms and dates again when it is exported again', async () => {
  const started = await kickoff(one.client, `${one.base}/$export?_type=Patient,Encounter`).expect(202)
  const { output } = await manifestOf(one.client, started.headers['content-location'] as string)
  const texts: string[] = []
  for (const { url } of output) texts.push(await ndjson(one.client, url))
  const again = texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => parseJson(line) as Resource)
  const before = one.pairs
    .map(({ released }) => released)
    .filter(({ resourceType }) => ['Patient', 'Encounter'].includes(resourceType))
  expect(new Set(again.map(stringifyJson))).toEqual(new Set(before.map(stringifyJson)))
})
