import pg from 'pg'
import { jest } from '@jest/globals'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest from 'supertest'
import { resourceTypes, typeDefinition } from '../../src/fhir/definitions.ts'
import { parseJson, stringifyJson, type JsonObject, type Resource } from '../../src/fhir/json.ts'
import { ServerLog } from '../../src/log.ts'
import { startCluster, type Cluster } from '../../src/store/embedded.ts'
import { exported, lines } from '../export/bulk-client.ts'
import { canaryBirthDate, Canaries, canaryResource, stem, variantsOf } from '../support/canaries.ts'
import {
  find,
  findInFiles,
  findInTables,
  floatsOfDay,
  formsOfDay,
  needles,
  type Needle,
} from '../support/canary-search.ts'
import { withVaultBeside } from '../support/database.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/**
 * Nothing identifying at rest, for every R4 type: a canary in each sealed element of each, sent in every way
 * that a resource comes in by. PostgreSQL logs each statement with its parameters here, so that what a
 * hospital's own server may be told to log is searched too.
 */
const forbidden = [...needles([stem, ...formsOfDay(canaryBirthDate)]), ...floatsOfDay(canaryBirthDate)]
/** How many variants of the choice elements of each type are written; `Infinity` writes all. */
const variants = Number(process.env['AT_REST_VARIANTS'] ?? 1)
const perBundle = 50
const settings = ['fsync=off', 'log_statement=all', 'log_parameter_max_length=-1']

const canaries = new Canaries()
const printed: string[] = []
/** what PostgreSQL logged */
const statements: string[] = []
/** what was written last, by `Type/id` */
const stored = new Map<string, Resource>()
const patient = `${stem}-known`

let folder: string
let cluster: Cluster
let databases: string[]
let receiver: Server
let told = 0
let endpoint: string
let server: TestServer
let care: Client

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coffre-at-rest-'))
  chmodSync(folder, 0o711)
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    jest.spyOn(console, method).mockImplementation((...said) => void printed.push(said.map(String).join(' ')))
  }
  cluster = await startCluster(join(folder, 'cluster'), settings, (said) => void statements.push(said))
  databases = await withVaultBeside(cluster.url)
  receiver = createServer((request, response) => {
    told += 1
    request.resume().on('end', () => response.writeHead(500).end())
  })
  await new Promise<void>((resolve) => receiver.listen(0, 'localhost', resolve))
  endpoint = `http://localhost:${(receiver.address() as AddressInfo).port}/`
  const log = new ServerLog('trace', { write: (line) => void printed.push(line) })
  server = await startServer({ DATABASE_URL: cluster.url, COFFRE_SUBSCRIPTION_ENDPOINTS: endpoint }, log)
  await keepUncompressed()
  care = await server.client()
}, 120_000)

afterAll(async () => {
  jest.restoreAllMocks()
  receiver.closeAllConnections()
  receiver.close()
  await server.close()
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

/** A compressed page would hide what it holds from a search of the files. */
async function keepUncompressed(): Promise<void> {
  for (const url of databases)
    await query(
      url,
      `DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT attrelid::regclass AS of, attname AS name FROM pg_attribute
      JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'p') AND attnum > 0 AND attstorage IN ('m', 'x')
        AND nspname !~ '^(pg_|information_schema)'
    LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE EXTERNAL', one.of, one.name); END LOOP;
  END $$`,
    )
}

async function query(url: string, text: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  await owner.query(text)
  await owner.end()
}

/** Everything that is found anywhere. */
async function look(forbidden: readonly Needle[], files = folder): Promise<string[]> {
  return [
    ...find('log', Buffer.from(printed.join('\n')), forbidden),
    ...find('statements', Buffer.from(statements.join('')), forbidden),
    ...(await findInTables(databases, forbidden)),
    ...findInFiles(files, forbidden),
    ...findInFiles(server.settings.dataDir, forbidden),
  ]
}

function canaried(type: string, id: string, variant = 0): Resource {
  const resource = {
    ...canaryResource(canaries, type, id, { patient, day: '2024-05-06' }, variant, 'own'),
    ...(typeDefinition(type).properties.has('modifierExtension') ? modified() : {}),
  }
  if (type === 'Bundle') {
    const inner = canaryResource(canaries, 'Observation', 'inner', { patient, day: '2024-05-06' }, 0, 'own')
    return {
      ...resource,
      type: 'collection',
      entry: [{ fullUrl: word('http://example.org/'), resource: inner }],
    }
  }
  return type === 'Subscription' ? { ...resource, ...watching() } : resource
}

/** The builder plants none: research releases nothing that an extension modifies. */
function modified(): JsonObject {
  const url = 'http://example.org/modifier'
  return {
    modifierExtension: [
      { url, valueString: word() },
      { url, valueCoding: { code: 'x', display: word() } },
    ],
  }
}

/** Served, and told to an endpoint that fails. */
function watching(): JsonObject {
  return {
    status: 'requested',
    end: '2099-01-01T00:00:00Z',
    criteria: `Patient?family=${watched}`,
    channel: { type: 'rest-hook', endpoint, header: [`Authorization: ${word()}`] },
  }
}

/** The family name that a Subscription watches for. */
const watched = canaries.next('request')
const word = (before = '') => before + canaries.next('request')

interface Entry {
  readonly resource?: JsonObject
  readonly request: { readonly method: string; readonly url: string }
}

interface Answered {
  readonly resource?: JsonObject
  readonly response: { readonly status: string; readonly outcome?: JsonObject }
}

/** One batch after the other; @returns what each entry was answered. */
async function batch(entries: readonly Entry[]): Promise<Answered[]> {
  const answers: Answered[] = []
  for (let start = 0; start < entries.length; start += perBundle) {
    const entry = entries.slice(start, start + perBundle)
    const answer = await care.post(
      '/fhir',
      stringifyJson({ resourceType: 'Bundle', type: 'batch', entry } as never),
    )
    expect(answer.status).toBe(200)
    answers.push(...(parseJson(answer.text) as unknown as { entry: Answered[] }).entry)
  }
  return answers
}

const put = (resource: Resource): Entry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${String(resource['id'])}` },
})

/** Writes them all, and demands that all are taken. */
async function write(resources: readonly Resource[]): Promise<void> {
  const answers = await batch(resources.map(put))
  const refused = answers.filter(({ response }) => !/^20[01]/.test(response.status))
  expect(refused).toEqual([])
  for (const resource of resources) stored.set(`${resource.resourceType}/${String(resource['id'])}`, resource)
}

it('takes every R4 type with a canary in each element that is sealed, and its later versions', async () => {
  await write([canaried('Patient', patient)])
  const others = resourceTypes.filter((type) => type !== 'Patient')
  const resources = others.flatMap((type) =>
    Array.from({ length: Math.min(variants, variantsOf(type)) }, (_, variant) =>
      canaried(type, `${type}-${variant}`, variant),
    ),
  )
  await write(resources)
  await write(others.filter((_, index) => index % 4 === 0).map((type) => canaried(type, `${type}-0`, 1)))
  expect(stored.size).toBeGreaterThanOrEqual(146)
}, 120_000)

it('gives care back exactly what was written', async () => {
  const urls = [...stored.keys()]
  const answers = await batch(urls.map((url) => ({ request: { method: 'GET', url } })))
  for (const [index, url] of urls.entries()) {
    const { id, meta, ...resource } = answers[index]?.resource ?? {}
    const { id: given, meta: written, ...sent }: JsonObject = stored.get(url) ?? {}
    // the server says itself how a Subscription fares
    if (url.startsWith('Subscription/')) {
      for (const one of [resource, sent]) for (const name of ['status', 'error']) delete one[name]
    }
    expect(id).toBe(given)
    expect([url, stringifyJson(resource)]).toEqual([url, stringifyJson(sent)])
    expect(meta).toMatchObject(written as object)
  }
})

it('deletes some, and refuses one of each type, telling nothing of what stood there', async () => {
  const gone = resourceTypes.filter(
    (type, index) => index % 6 === 1 && !/^(Patient|Subscription)$/.test(type),
  )
  const deleted = await batch(
    gone.map((type) => ({ request: { method: 'DELETE', url: `${type}/${type}-0` } })),
  )
  expect(deleted.map(({ response }) => response.status.slice(0, 3))).toEqual(gone.map(() => '204'))
  const wrong = resourceTypes.map((type) =>
    put({ ...canaried(type, 'wrong'), language: [word()], colour: word() }),
  )
  const refused = await batch(wrong)
  expect(refused.map(({ response }) => response.status.slice(0, 3))).toEqual(resourceTypes.map(() => '422'))
  expect(find('answer', Buffer.from(stringifyJson(refused as never)), forbidden)).toEqual([])
}, 120_000)

it('takes some by $import, gives them by $export, answers some later and notifies', async () => {
  const imported = resourceTypes.filter((_, index) => index % 8 === 2)
  const ndjson = imported.map((type) => `${stringifyJson(canaried(type, `${type}-in`))}\n`)
  const { body } = await supertest(server.url)
    .post('/fhir/$import')
    .set('Authorization', `Bearer ${await server.token()}`)
    .set('Content-Type', 'application/fhir+ndjson')
    .send(`${ndjson.join('')}{"resourceType":"Observation","status":"${word()}"}\nno JSON ${word()}\n`)
  const [taken, refused] = (body as { parameter: { valueInteger: number }[] }).parameter
  expect([taken?.valueInteger, refused?.valueInteger]).toEqual([imported.length, 2])
  const client = await server.client('system/*.rs')
  const { manifest } = await exported(client, '/fhir/$export')
  const types = (await lines(client, manifest.output)).map(({ resourceType }) => resourceType)
  expect(imported.filter((type) => !types.includes(type))).toEqual([])
  expect(await later(`/fhir/Patient?_id=${patient}`)).toContain(stem)
  await write([{ resourceType: 'Patient', id: `${stem}-watched`, name: [{ family: watched }] }])
  for (let tries = 0; told === 0 && tries < 200; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50))
  expect(told).toBeGreaterThan(0)
}, 120_000)

/** The answer to a search that is done after it was accepted. */
async function later(url: string): Promise<string> {
  const accepted = await care.get(url).set('Prefer', 'respond-async').expect(202)
  for (;;) {
    const answer = await care.get(accepted.headers['content-location'] ?? '')
    if (answer.status !== 202) return answer.text
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

it('leaves none at rest, in logs, in statements or their parameters', async () => {
  expect(printed.join('\n')).toMatch(/POST \/fhir/) // the log was heard
  expect(statements.join('')).toMatch(/INSERT INTO clinical\.resource/) // PostgreSQL's too
  expect(await look(forbidden)).toEqual([])
}, 120_000)

it('would have seen one in a table, a long value, a deleted row, a statement, a parameter', async () => {
  const owner = new pg.Client({ connectionString: cluster.url })
  await owner.connect()
  await owner.query('CREATE SCHEMA planted; CREATE TABLE planted.leak (held text, bytes bytea)')
  await owner.query('CREATE TABLE planted.long (held text); CREATE TABLE planted.gone (held text)')
  await keepUncompressed()
  await owner.query('INSERT INTO planted.leak VALUES ($1, $2)', [`a ${stem}`, Buffer.from(stem, 'utf16le')])
  await owner.query(
    `INSERT INTO planted.long SELECT string_agg(md5(n::text), '') || $1 FROM generate_series(1, 200) n`,
    [stem],
  )
  await owner.query('INSERT INTO planted.gone VALUES ($1)', [btoa(`?${stem}>`)])
  await owner.query('DELETE FROM planted.gone')
  await owner.query('CHECKPOINT')
  const { rows } = await owner.query<{ toast: string; gone: string }>(
    `SELECT pg_relation_filepath(reltoastrelid) AS toast, pg_relation_filepath('planted.gone') AS gone
     FROM pg_class WHERE oid = 'planted.long'::regclass`,
  )
  await owner.end()
  const base = join(folder, 'cluster/data/base')
  const found = await look(needles([stem]), base)
  const inFile = (path = 'none') => `file ${path.replace(/^base./, '')}: ${stem}`
  const places = [
    'table planted.leak: ',
    'table planted.long: ',
    'statements: ',
    inFile(rows[0]?.toast),
    inFile(rows[0]?.gone),
  ]
  expect(places.filter((place) => !found.some((one) => one.startsWith(place)))).toEqual([])
}, 120_000)
