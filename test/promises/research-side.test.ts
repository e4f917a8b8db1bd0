import pg from 'pg'
import supertest, { type Response } from 'supertest'
import { generatePatients } from '../../src/demo/generate.ts'
import { isObject, parseJson, stringifyJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { kickoff, manifestOf, ndjson, type Manifest } from '../export/bulk-client.ts'
import { canaryBirthDate, Canaries, canaryResource, stem, variantsOf } from '../support/canaries.ts'
import { find, formsOfDay, needles } from '../support/canary-search.ts'
import { grantPermit, withPeople } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * Nothing identifying on the research side: no canary, no care id, no UID, no exact date of any patient in
 * any answer of a research base, be it a read, a search, a header, a link, an error, a count or an export.
 */
const types = ['Patient', 'Observation', 'ImagingStudy', 'DiagnosticReport', 'Encounter', 'Condition']
const canaried = 6
const generated = 6

const canaries = new Canaries()
/** all that care wrote */
const sources: Resource[] = []
/** all that the research base answered, headers included */
const answers: string[] = []

let server: TestServer
let owner: pg.Client
let base: string
let client: Client
let manifest: Manifest
const released: Resource[] = []

beforeAll(async () => {
  server = await startServer(withPeople())
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  await write()
  base = await grantPermit(
    server,
    ['Patient?birthdate=ge1900'],
    types.map((type) => ({ type })),
  )
  client = await server.client('system/*.rs', base)
  await useEverything()
}, 60_000)

afterAll(async () => {
  await owner.end()
  await server.close()
})

/**
 * Days that no offset of a year or less turns into one another, nor a day of the generated patients (the last
 * of theirs is in 2025) into one of them: wherever one of them is found, it was not shifted.
 */
const dayOf = (n: number) => new Date((30 + n) * 800 * 86_400_000).toISOString().slice(0, 10)
const canaryDays = Array.from({ length: 10 }, (_, n) => dayOf(n))

async function write(): Promise<void> {
  for (let n = 0; n < canaried; n++) {
    const patient = `${stem}-id-${n}`
    for (const type of types) {
      for (let variant = n % 2; variant < variantsOf(type); variant += 2) {
        const id = type === 'Patient' ? patient : `${type}-care-${n}-${variant}`
        if (type === 'Patient' && sources.some((one) => one['id'] === id)) continue
        sources.push(canaryResource(canaries, type, id, { patient, day: dayOf((n + variant) % 10) }, variant))
      }
    }
  }
  sources.push(...[...generatePatients({ seed: 5, patients: generated })].flat())
  const care = await server.client()
  const entry = sources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${String(resource['id'])}` },
  }))
  const loaded = await care.post(
    '/fhir',
    stringifyJson({ resourceType: 'Bundle', type: 'transaction', entry }),
  )
  expect([loaded.status, loaded.status === 200 ? '' : loaded.text]).toEqual([200, ''])
}

/** Keeps an answer for the search: status line, headers and body. */
function heard(answer: Response): Response {
  const { date: _now, ...headers } = answer.headers as Record<string, string>
  answers.push(JSON.stringify([answer.status, headers]), answer.text)
  return answer
}

const get = async (path: string, as = client) =>
  heard(await as.get(path.startsWith('http') ? path : `${base}/${path}`).set('Prefer', 'handling=lenient'))

interface Page {
  readonly link?: { readonly relation: string; readonly url: string }[]
  readonly entry?: { readonly resource: { readonly resourceType: string; readonly id: string } }[]
}

async function useEverything(): Promise<void> {
  heard(await supertest(server.url).get(`${base}/metadata`))
  heard(await supertest(server.url).get(`${base}/.well-known/smart-configuration`))
  for (const type of types) {
    let page = (await get(`${type}?_count=40`)).body as Page
    const [first] = page.entry ?? []
    if (first) await get(`${type}/${first.resource.id}`)
    for (let turned = 0; turned < 3; turned++) {
      const next = page.link?.find(({ relation }) => relation === 'next')
      if (!next) break
      page = (await get(next.url)).body as Page
    }
    await get(`${type}?_summary=count`)
    await get(`${type}?_summary=true&_count=5`)
    await get(`${type}?_elements=status&_count=5&_total=accurate`)
  }
  for (const query of queries()) await get(query)
  for (const level of ['$export', 'Patient/$export']) {
    const started = heard(await kickoff(client, `${base}/${level}`))
    expect(started.status).toBe(202)
    const job = started.headers['content-location'] as string
    manifest = await manifestOf(client, job)
    heard(await client.get(job))
  }
  for (const { url } of manifest.output) {
    const answer = await client.get(url).buffer(true).responseType('text')
    const text = await ndjson(client, url)
    answers.push(JSON.stringify(answer.headers), text)
    released.push(
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => parseJson(line) as Resource),
    )
  }
}

/** What can be asked and what cannot: values of care, canaries, unknown things. */
function queries(): string[] {
  const observation = sources.find(({ resourceType }) => resourceType === 'Observation')
  const careId = String(observation?.['id'])
  return [
    'Observation?code=718-7',
    'Observation?status=final&_include=Observation:subject&_count=20',
    'Patient?gender=female&_revinclude=Condition:subject&_count=5',
    'Encounter?date=ge2015&_count=20',
    `Encounter?date=${dayOf(9)}`,
    `Patient?birthdate=${canaryBirthDate}`,
    'ImagingStudy?modality=CT',
    `Patient?name=${stem}`,
    `Patient?identifier=${stem}`,
    `Patient?_id=${stem}-id-0`,
    `Observation?patient=${stem}-id-0`,
    `Observation?patient.name=${stem}`,
    `Observation?_id=${careId}`,
    `Observation/${careId}`,
    `Observation/${careId}/_history/1`,
    `Patient/${stem}-id-0`,
    `Patient/${stem}-id-0/_history`,
    `Patient/${stem}-id-0/$everything`,
    '_history',
    'Patient/_history',
    'Observation?_sort=-_lastUpdated',
    'Observation?_lastUpdated=ge2020',
    'Practitioner',
    `Practitioner/${stem}`,
    `Patient?_has:Observation:patient:code=718-7`,
    `$export?_type=Practitioner`,
    `$export?_typeFilter=Patient%3Fname%3D${stem}`,
  ]
}

/** Each string leaf with the name of its member. */
function leaves(value: Json, name = ''): [name: string, text: string][] {
  if (typeof value === 'string') return [[name, value]]
  if (Array.isArray(value)) return value.flatMap((one) => leaves(one, name))
  return isObject(value) ? Object.entries(value).flatMap(([key, one]) => leaves(one, key)) : []
}

/** An answer says what it answers, and so gives back in its link to itself what was asked. */
const heardWithoutSelf = () => answers.map((text) => text.replaceAll(/"relation":"self","url":"[^"]*"/g, ''))

function foundIn(texts: readonly string[], secrets: Iterable<string>): string[] {
  const all = texts.join('\n')
  return [...new Set(secrets)].filter((secret) => all.includes(secret))
}

it('releases something of every type, under the same number of patients', () => {
  const count = (type: string) => released.filter(({ resourceType }) => resourceType === type).length
  expect(count('Patient')).toBe(canaried + generated)
  expect(types.filter((type) => count(type) === 0)).toEqual([])
  const days = released.flatMap((one) => leaves(one)).filter(([, text]) => /^\d{4}-\d\d-\d\d/.test(text))
  expect(days.length).toBeGreaterThan(100)
  expect(canaries.planted.size).toBeGreaterThan(30_000)
})

it('shows no canary, in no case and encoding', () => {
  expect(find('answers', Buffer.from(heardWithoutSelf().join('\n')), needles([stem]))).toEqual([])
})

it('shows no name, number, address, text or display of the synthetic patients', () => {
  const names = ['family', 'given', 'line', 'city', 'text', 'div', 'conclusion', 'title', 'description']
  const texts = sources
    .flatMap((resource) => [...leaves(resource), ...leaves(resource['identifier'] ?? null, 'identifier')])
    .filter(([name, text]) => (names.includes(name) || name === 'identifier') && text.length > 6)
    .map(([, text]) => text)
    .filter((text) => !/^(http|urn:)/.test(text) || text.startsWith('urn:oid:1.2.840'))
  expect(texts.length).toBeGreaterThan(500)
  expect(foundIn(heardWithoutSelf(), texts)).toEqual([])
})

it('shows no logical id of care and no key of a patient', async () => {
  const { rows } = await owner.query<{ patient: string }>(
    'SELECT DISTINCT patient::text FROM clinical.resource',
  )
  const keys = rows.map(({ patient }) => patient).filter((key) => !/^0{8}/.test(key))
  expect(keys).toHaveLength(canaried + generated)
  const ids = sources.map((resource) => String(resource['id']))
  expect(foundIn(heardWithoutSelf(), [...ids, ...keys])).toEqual([])
})

it('shows no UID of a study, series or instance', () => {
  const uids = sources
    .flatMap((one) => leaves(one))
    .filter(([, text]) => /^(urn:oid:)?(\d+\.){5,}\d+$/.test(text))
  const clinical = uids.filter(([, text]) => !text.includes('1.2.840.10008.') && !text.includes('1.2.250.1.'))
  expect(clinical.length).toBeGreaterThan(20)
  expect(
    foundIn(
      heardWithoutSelf(),
      clinical.map(([, text]) => text.replace('urn:oid:', '')),
    ),
  ).toEqual([])
})

it('shows no day of a patient’s, and no birth date', () => {
  const planted = sources
    .flatMap((one) => leaves(one))
    .filter(([, text]) => canaryDays.includes(text.slice(0, 10)))
  expect(planted.length).toBeGreaterThan(100)
  expect(foundIn(heardWithoutSelf(), [...canaryDays, ...formsOfDay(canaryBirthDate)])).toEqual([])
  expect(released.flatMap((one) => leaves(one)).filter(([name]) => name === 'birthDate')).toEqual(
    expect.arrayContaining([['birthDate', expect.stringMatching(/^\d{4}$/)]]),
  )
})

it('shows no version of a record and not when it was written', async () => {
  const { rows } = await owner.query<{ at: Date }>('SELECT DISTINCT updated_at AS at FROM clinical.resource')
  const times = rows.flatMap(({ at }) => [
    at.toISOString(),
    at.toISOString().replace('Z', '+00:00'),
    at.toUTCString(),
  ])
  expect(foundIn(heardWithoutSelf(), times)).toEqual([])
  const members = released.flatMap(({ meta }) => (isObject(meta) ? Object.keys(meta) : []))
  expect([...new Set(members)].sort()).toEqual(['security', 'tag'])
  expect(answers.filter((text) => /"(etag|last-modified)":/i.test(text))).toEqual([])
})

it.each([
  ['a read', (id: string) => `Observation/${id}`],
  ['a read of a patient', (id: string) => `Patient/${id}`],
  ['a read of a type outside the permit', (id: string) => `Practitioner/${id}`],
  ['a vread', (id: string) => `Observation/${id}/_history/1`],
  ['a history', (id: string) => `Patient/${id}/_history`],
  ['a search by id', (id: string) => `Observation?_id=${id}`],
  ['a search by patient', (id: string) => `Observation?patient=${id}`],
  ['$everything', (id: string) => `Patient/${id}/$everything`],
])('answers %s alike whether care knows the id or not', async (_what, path) => {
  const known = ['Observation', 'Patient', 'Practitioner'].map((type) =>
    String(sources.find(({ resourceType }) => resourceType === type)?.['id']),
  )
  const { rows } = await owner.query<{ patient: string }>(
    `SELECT patient::text FROM clinical.resource WHERE type = 'Patient' LIMIT 1`,
  )
  const tell = async (id: string) => {
    const { status, text, headers } = await get(path(id))
    const { date: _, ...rest } = headers as Record<string, string>
    // a Bundle is made for the answer: it has an id and a time of its own
    const said = text.replace(/"id":"[^"]*","meta":\{"lastUpdated":"[^"]*"\}/, '')
    return JSON.stringify([status, said, { ...rest, 'content-length': '' }]).replaceAll(id, 'ID')
  }
  const unknown = await tell('nobody-has-this-id')
  for (const id of [...known, rows[0]?.patient ?? '']) expect(await tell(id)).toBe(unknown)
})

it('leaves on record which base was asked', async () => {
  const { rows } = await owner.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM audit.event WHERE position($1 IN body) > 0',
    [`${server.url}${base}"`],
  )
  expect(rows[0]?.count).toBeGreaterThan(queries().length)
})

it('reads as a database role that cannot see the vault, the trail or the people', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname IN ('identity', 'audit', 'auth') OR (schemaname, tablename) = ('clinical', 'history')`,
  )
  expect(rows.filter(({ name }) => name.startsWith('identity.')).length).toBeGreaterThanOrEqual(4)
  for (const { name } of rows) {
    const reading = owner.query(`SET ROLE coffre_research; SELECT * FROM ${name}`)
    await expect(reading).rejects.toMatchObject({ code: '42501' }) // insufficient_privilege
    await owner.query('RESET ROLE')
  }
  const may = await owner.query(
    `SELECT pg_has_role('coffre_research', r, 'MEMBER') AS may FROM unnest(ARRAY['coffre_identity', 'coffre_care', 'coffre_audit']) r`,
  )
  expect(may.rows).toEqual([{ may: false }, { may: false }, { may: false }])
})
