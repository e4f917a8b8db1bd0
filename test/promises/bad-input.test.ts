import pg from 'pg'
import supertest from 'supertest'
import { connect } from 'node:net'
import { fhirType, startServer, type TestServer } from '../support/server.ts'
import { badBodies } from './bad-bodies.ts'
import { badMessages } from './bad-messages.ts'
import { canary, type BadRequest } from './bad-request.ts'
import { badUrls } from './bad-urls.ts'

/** Nobody's mistake or malice gets more than a 4xx that says what is wrong: the server lives, and keeps nothing of it. */
const badRequests = [...badBodies, ...badUrls, ...badMessages]

let server: TestServer
let token: string
let before: string

beforeAll(async () => {
  server = await startServer()
  token = await server.token()
  before = await rowCounts()
})

afterAll(() => server.close())

/** Rows of every clinical and identity table. */
async function rowCounts(): Promise<string> {
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  const tables = [
    'clinical.resource',
    'clinical.history',
    'clinical.range_index',
    'identity.sealed',
    'identity.blind_index',
    'identity.patient_id',
  ]
  const counts = await Promise.all(
    tables.map((table) => client.query<{ n: string }>(`SELECT count(*) n FROM ${table}`)),
  )
  await client.end()
  return tables.map((table, index) => `${table} ${counts[index]?.rows[0]?.n ?? ''}`).join(', ')
}

function send({ method = 'get', path, headers: given = {}, body }: BadRequest) {
  const agent = supertest(server.url)
  const test = agent[method](path).set({ Authorization: `Bearer ${token}` })
  if (body !== undefined) void test.set('Content-Type', fhirType)
  void test.set(given)
  return body === undefined ? test : test.send(body)
}

it('are at least a hundred', () => {
  expect(badRequests.length).toBeGreaterThanOrEqual(100)
})

it.each(badRequests.map((bad) => [bad.what, bad] as const))('refuses %s', async (_what, bad) => {
  const answer = await send(bad)
  expect([answer.status, answer.headers['content-type']]).toEqual([
    bad.status,
    'application/fhir+json; charset=utf-8',
  ])
  const outcome = JSON.parse(answer.text) as {
    resourceType: string
    issue: { diagnostics: string; code: string }[]
  }
  expect(outcome.resourceType).toBe('OperationOutcome')
  expect(outcome.issue.length).toBeGreaterThan(0)
  expect(outcome.issue.length).toBeLessThanOrEqual(100)
  expect(answer.text).not.toContain(canary)
})

it('refuses a body beyond 50 MB with 413', async () => {
  const answer = await supertest(server.url)
    .post('/fhir/Patient')
    .set({
      Authorization: `Bearer ${token}`,
      'Content-Type': fhirType,
      'Content-Length': String(51 * 1024 * 1024),
    })
    .send('{')
  expect([answer.status, (JSON.parse(answer.text) as { resourceType: string }).resourceType]).toEqual([
    413,
    'OperationOutcome',
  ])
})

it.each([
  'no HTTP at all\r\n\r\n',
  'GET /fhir/Patient HTTP/9.9\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
])('answers a message that is not HTTP with 400 and an OperationOutcome', async (message) => {
  const { hostname, port } = new URL(server.url)
  const text = await new Promise<string>((resolve, reject) => {
    let received = ''
    const socket = connect(Number(port), hostname, () => socket.write(message))
    socket
      .on('data', (data) => (received += data.toString()))
      .on('close', () => resolve(received))
      .on('error', reject)
  })
  expect(text).toMatch(/^HTTP\/1.1 4\d\d /)
  expect(text).toContain('"resourceType":"OperationOutcome"')
})

it('survives a client that hangs up in the middle of a body', async () => {
  const { hostname, port } = new URL(server.url)
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      const head = `POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${fhirType}\r\nContent-Length: 1000\r\n\r\n`
      socket.write(`${head}{"resourceType":"Patient",`, () => socket.destroy())
    })
    socket.on('close', () => resolve()).on('error', reject)
  })
  expect((await supertest(server.url).get('/health/ready')).status).toBe(200)
})

it('is alive after all of it, and keeps nothing of it', async () => {
  expect((await supertest(server.url).get('/health/ready')).body).toEqual({ status: 'up', database: 'up' })
  expect(await rowCounts()).toBe(before)
  const good = await supertest(server.url)
    .post('/fhir/Patient')
    .set({ Authorization: `Bearer ${token}`, 'Content-Type': fhirType })
    .send('{"resourceType":"Patient"}')
  expect(good.status).toBe(201)
})
