import type { LoggerService } from '@nestjs/common'
import pg from 'pg'
import supertest from 'supertest'
import { connect } from 'node:net'
import { runInNewContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'
import { fhirType, startServer, type TestServer } from '../support/server.ts'
import { canary, type BadRequest } from './bad-request.ts'
import { badRequests } from './bad-requests.ts'
import { harmlessSearches } from './bad-searches.ts'
import { badMessagesOf } from './bad-sockets.ts'
import { hostileTerminology } from './bad-terminology.ts'
import { largeRequests } from './bad-transport.ts'
import { sendAll, sendMessage, type BadAnswer } from './send-bad.ts'

/** Nobody's mistake or malice gets more than a 4xx that says what is wrong: the server lives, and keeps nothing of it. */
const all = [...badRequests, ...largeRequests]

/** Milliseconds that any of them may take. */
const longest = 5_000
/** Bytes: what a server keeps in caches of bounded size. */
const mostKept = 64 * 1024 * 1024

let server: TestServer
let token: string
let before: { readonly rows: string; readonly bytes: number }
let answers: ReadonlyMap<BadRequest, BadAnswer>
const logged: string[] = []

beforeAll(async () => {
  const settings = {
    COFFRE_SUBSCRIPTION_ENDPOINTS: 'https://ehr.example/hooks/',
    COFFRE_IMPORT_SOURCES: 'https://ehr.example/import/',
  }
  server = await startServer(settings, logger)
  token = await server.token()
  const there = { resourceType: 'Patient', id: 'there', gender: 'male', name: [{ given: ['A', 'B'] }] }
  const prepared = await sendAll(server.url, token, [there, ...hostileTerminology].map(stored))
  expect(prepared.map(({ status }) => status)).toEqual(prepared.map(() => 201))
  before = { rows: await rowCounts(), bytes: bytesInUse() }
  const [small, large] = [
    await sendAll(server.url, token, badRequests),
    await sendAll(server.url, token, largeRequests, 1),
  ]
  answers = new Map([...small, ...large].map((answer, index) => [all[index] as BadRequest, answer]))
}, 60_000)

afterAll(() => server.close())

const log = (...told: unknown[]) => logged.push(told.map(String).join(' '))
const logger: LoggerService = { log, error: log, warn: log, fatal: log, debug: log, verbose: log }

function stored(resource: { resourceType: string; id: string }): BadRequest {
  const { resourceType, id } = resource
  return {
    what: id,
    method: 'PUT',
    path: `/fhir/${resourceType}/${id}`,
    body: JSON.stringify(resource),
    status: 201,
  }
}

/** Rows of every clinical and identity table. */
async function rowCounts(): Promise<string> {
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname IN ('clinical', 'identity') ORDER BY 1`,
  )
  const counts: string[] = []
  for (const { name } of tables) {
    const { rows } = await client.query<{ n: string }>(`SELECT count(*) n FROM ${name}`)
    counts.push(`${name} ${rows[0]?.n ?? ''}`)
  }
  await client.end()
  return counts.join(', ')
}

/** What is left after a collection: the heap, and buffers outside of it. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

it('are at least five hundred, no two alike', () => {
  const texts = all.map(({ method, path, headers, body }) =>
    [method, path, JSON.stringify(headers), body?.toString().slice(0, 5000), body?.length].join(' '),
  )
  expect(new Set(texts).size).toBe(all.length)
  expect(all.length).toBeGreaterThanOrEqual(500)
})

it.each(all.map((bad) => [bad.what.slice(0, 120), bad] as const))('refuses %s', (_what, bad) => {
  const answer = answers.get(bad)
  expect([answer?.status, answer?.headers['content-type']]).toEqual([bad.status, expect.stringMatching(json)])
  const outcome = JSON.parse(answer?.text ?? '') as { resourceType: string; issue: readonly object[] }
  expect(outcome.resourceType).toBe('OperationOutcome')
  expect(outcome.issue.length).toBeGreaterThan(0)
  expect(outcome.issue.length).toBeLessThanOrEqual(100)
  expect(answer?.text).not.toContain(canary)
})

const json = /^application\/fhir\+json; charset=utf-8$/

it('takes no more than five seconds for any of them', async () => {
  const slow = all.filter((bad) => (answers.get(bad)?.milliseconds ?? Infinity) > longest)
  // what waited for others, on a machine that does much else, is asked again alone
  const again = await sendAll(server.url, token, slow, 1)
  const slowAlone = slow.filter((_, index) => (again[index]?.milliseconds ?? Infinity) > longest)
  expect(slowAlone.map(({ what }) => what)).toEqual([])
}, 60_000)

it('finds nothing by what would hurt elsewhere, where it can be meant', async () => {
  const asked = harmlessSearches.map((path) => ({ what: path, path, status: 200 }))
  const found = await sendAll(server.url, token, asked)
  expect(found.map(({ status }) => status)).toEqual(found.map(() => 200))
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

it('answers messages that no client sends with 4xx and an OperationOutcome', async () => {
  const messages = badMessagesOf(token)
  const texts = await Promise.all(messages.map(([, message]) => sendMessage(server.url, message)))
  const wrong = messages.filter((_, index) => {
    const text = texts[index] ?? ''
    const isRefusal = /^HTTP\/1.1 4\d\d /.test(text) && text.includes('"resourceType":"OperationOutcome"')
    return !isRefusal || text.includes(canary)
  })
  expect(wrong.map(([what]) => what)).toEqual([])
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

it('writes nothing of them into its log, and nothing that broke', () => {
  expect(logged.some((line) => line.includes('/fhir'))).toBe(true)
  expect(logged.filter((line) => line.includes(canary) || / 5\d\d \d+ ms/.test(line))).toEqual([])
})

it('is alive after all of it, and keeps nothing of it', async () => {
  expect((await supertest(server.url).get('/health/ready')).body).toEqual({ status: 'up', database: 'up' })
  expect(await rowCounts()).toBe(before.rows)
  expect(bytesInUse() - before.bytes).toBeLessThan(mostKept)
  expect({}).not.toHaveProperty('polluted')
  const good = await supertest(server.url)
    .post('/fhir/Patient')
    .set({ Authorization: `Bearer ${token}`, 'Content-Type': fhirType })
    .send('{"resourceType":"Patient"}')
  expect(good.status).toBe(201)
})
