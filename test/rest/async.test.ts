import pg from 'pg'
import { randomUUID } from 'node:crypto'
import supertest, { type Test } from 'supertest'
import { claimJob } from '../../src/interactions/async/jobs.ts'
import { AsyncWorkers } from '../../src/rest/async-workers.ts'
import { cleanerId, startServer, type Client, type TestServer } from '../support/server.ts'

/** Takes requests and does none; then another process on the same database does them. */
let idle: TestServer
let client: Client
let busy: TestServer | undefined

beforeAll(async () => {
  idle = await startServer({ COFFRE_WORKERS: 0 })
  client = await idle.client()
  for (const value of ['one', 'two']) await client.post('/fhir/Basic', basic(value))
})

afterAll(async () => {
  await busy?.close()
  await idle.close()
})

const basic = (value: string) => ({
  resourceType: 'Basic',
  code: { text: 'Anne Le Goff' },
  identifier: [{ system: 'urn:a', value }],
})
const deferred = (test: Test) => test.set('Prefer', 'respond-async')
const bundle = (type: string, ...entry: object[]) => ({ resourceType: 'Bundle', type, entry })
const post = (value: string, more: object = {}) => ({
  resource: basic(value),
  request: { method: 'POST', url: 'Basic', ...more },
})

/** @returns the status URL */
async function kickOff(test: Test): Promise<string> {
  const answer = await deferred(test)
  expect([answer.status, answer.text]).toEqual([202, ''])
  return answer.headers['content-location'] ?? ''
}

interface Result {
  readonly type: string
  readonly entry: {
    readonly resource?: {
      readonly total?: number
      readonly entry?: { readonly response: { readonly status: string } }[]
    }
    readonly response: { readonly status: string; readonly outcome?: object }
  }[]
}

async function result(url: string): Promise<Result> {
  for (;;) {
    const answer = await client.get(url)
    if (answer.status !== 202) return answer.body as Result
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function rows(text: string): Promise<Record<string, unknown>[]> {
  const database = new pg.Client({ connectionString: idle.databaseUrl })
  await database.connect()
  const found = await database.query<Record<string, unknown>>(text)
  await database.end()
  return found.rows
}

describe('Prefer: respond-async', () => {
  it('answers 202 with Content-Location, then 202 with X-Progress and Retry-After while it waits', async () => {
    const url = await kickOff(client.get('/fhir/Basic?identifier=urn:a|one'))
    expect(url).toMatch(new RegExp(`^${idle.url}/fhir/_async/[0-9a-f-]{36}$`))
    const status = await client.get(url)
    expect([status.status, status.headers['x-progress'], status.headers['retry-after']]).toEqual([
      202,
      'waiting',
      '1',
    ])
  })

  it('answers at once what is quick, and refuses at once what cannot be routed or is no batch', async () => {
    expect((await deferred(client.post('/fhir/Basic', basic('now')))).status).toBe(201)
    expect((await deferred(client.get('/fhir/Potient?_id=1'))).status).toBe(404)
    expect((await deferred(client.post('/fhir', bundle('collection')))).status).toBe(400)
  })

  it('keeps what was asked sealed at rest', async () => {
    await kickOff(client.get('/fhir/Patient?family=canary-of-a-query'))
    await kickOff(client.post('/fhir', bundle('batch', post('canary-of-a-body'))))
    const stored = await rows('SELECT * FROM async.job')
    expect(stored.length).toBeGreaterThan(1)
    const text = stored
      .flatMap((row) =>
        Object.values(row).map((one) => (Buffer.isBuffer(one) ? one.toString('latin1') : String(one))),
      )
      .join()
    expect(text).not.toMatch(/canary|Le Goff|system\/|"parameters"/)
  })

  it('is for the very client, at the very base, with scopes that reach as far', async () => {
    const url = await kickOff(client.get('/fhir/Basic'))
    const others = [
      await idle.client('system/*.cruds', '/fhir', cleanerId),
      await idle.client('system/Basic.rs'),
    ]
    const answers = await Promise.all(others.map((other) => other.get(url)))
    expect(answers.map(({ status }) => status)).toEqual([404, 403])
    expect((await supertest(url).get('')).status).toBe(401)
    expect((await client.get(`${idle.url}/fhir/_async/${randomUUID()}`)).status).toBe(404)
    expect((await client.get(`${idle.url}/fhir/_async/x`)).status).toBe(404)
    expect((await others[0]?.delete(url))?.status).toBe(404)
    expect((await client.get(url)).status).toBe(202)
  })

  it('is cancelled by DELETE', async () => {
    const url = await kickOff(client.get('/fhir/Basic'))
    expect((await client.delete(url)).status).toBe(202)
    expect((await client.get(url)).status).toBe(404)
    expect((await client.delete(url)).status).toBe(404)
  })

  it('is forgotten when its token is revoked before it begins', async () => {
    const other = await idle.client()
    const url = await kickOff(other.post('/fhir', bundle('transaction', post('revoked'))))
    const [job = {}] = await rows('SELECT * FROM async.job ORDER BY created_at DESC LIMIT 1')
    await rows(
      `DELETE FROM auth.artifact WHERE expires_at = (SELECT max(expires_at) FROM auth.artifact WHERE model = 'ClientCredentials')`,
    )
    expect(url).toContain(String(job['id']))
    revoked = url
  })

  let revoked: string
  const waiting = new Map<string, string>()

  it('takes searches, histories, operations, batches and transactions', async () => {
    waiting.set('search', await kickOff(client.get('/fhir/Basic?identifier=urn:a|two&_total=accurate')))
    waiting.set('post search', await kickOff(client.post('/fhir/Basic/_search', '').type('form')))
    waiting.set('history', await kickOff(client.get('/fhir/Basic/_history')))
    waiting.set('refused', await kickOff(client.get('/fhir/Basic?colour=red')))
    waiting.set(
      'batch',
      await kickOff(
        client.post('/fhir', bundle('batch', post('b1'), { request: { method: 'GET', url: 'Basic/none' } })),
      ),
    )
    waiting.set(
      'transaction',
      await kickOff(client.post('/fhir', bundle('transaction', post('t1'), post('t2')))),
    )
    waiting.set(
      'failed transaction',
      await kickOff(
        client.post(
          '/fhir',
          bundle('transaction', post('t3'), { request: { method: 'GET', url: 'Basic/none' } }),
        ),
      ),
    )
    expect(waiting.size).toBe(7)
  })

  it('does what waited after a restart, and answers 200 with a batch-response', async () => {
    const { keyringFile: COFFRE_KEYRING, COFFRE_CLIENTS_FILE } = idle.settings
    const shared = {
      DATABASE_URL: idle.databaseUrl,
      COFFRE_PUBLIC_URL: idle.url,
      COFFRE_KEYRING,
      COFFRE_CLIENTS_FILE,
    }
    busy = await startServer(shared)
    const of = (name: string) => result(waiting.get(name) ?? '')
    expect(await of('search')).toMatchObject({
      type: 'batch-response',
      entry: [
        { resource: { resourceType: 'Bundle', type: 'searchset', total: 1 }, response: { status: '200' } },
      ],
    })
    expect((await of('history')).entry).toMatchObject([{ resource: { type: 'history' } }])
    expect((await of('refused')).entry).toMatchObject([
      { response: { status: '400', outcome: { issue: [{ severity: 'error' }] } } },
    ])
    const [batched] = (await of('batch')).entry
    expect(batched?.resource?.entry?.map(({ response }) => response.status)).toEqual(['201', '404'])
    const [transacted] = (await of('transaction')).entry
    expect(transacted?.resource?.entry?.map(({ response }) => response.status)).toEqual(['201', '201'])
    expect((await of('failed transaction')).entry).toMatchObject([{ response: { status: '404' } }])
    expect((await client.get('/fhir/Basic?identifier=t1,t3&_summary=count')).body).toMatchObject({ total: 1 })
    expect((await client.get(revoked)).status).toBe(404)
    expect((await client.get('/fhir/Basic?identifier=revoked&_summary=count')).body).toMatchObject({
      total: 0,
    })
  })

  it('keeps a result for a day, in the format that is asked for, then forgets it', async () => {
    const url = waiting.get('search') ?? ''
    const answer = await client.get(url)
    expect(Date.parse(answer.headers['expires'] ?? '') - Date.now()).toBeGreaterThan(23 * 3_600_000)
    const xml = await client.get(url).set('Accept', 'application/fhir+xml')
    expect(xml.text).toMatch(/^<(\?xml|Bundle)/)
    await rows(
      `UPDATE async.job SET expires_at = now() - interval '1 minute' WHERE id = '${url.split('/').at(-1)}'`,
    )
    expect((await client.get(url)).status).toBe(404)
  })

  it('is on record as an access of its caller, and once more when the result is fetched', async () => {
    const events = (await rows('SELECT body FROM audit.event')).map(
      ({ body }) =>
        JSON.parse(String(body)) as {
          subtype: { code: string }[]
          outcome: string
          agent: { who: { identifier: { value: string } } }[]
        },
    )
    const of = (code: string) => events.filter(({ subtype }) => subtype.some((one) => one.code === code))
    expect(of('history-type')).toHaveLength(1)
    expect(JSON.stringify(of('history-type'))).toContain('test-client')
    expect(of('async-result').length).toBeGreaterThan(5)
    expect(new Set(of('async-result').map(({ outcome }) => outcome))).toEqual(new Set(['0', '4']))
    expect(of('async-delete')).toHaveLength(3)
  })
})

describe('a worker that dies', () => {
  it('leaves a transaction to the next one, and never begins a batch again', async () => {
    await busy?.close()
    busy = undefined
    const transaction = await kickOff(client.post('/fhir', bundle('transaction', post('after'))))
    const batch = await kickOff(client.post('/fhir', bundle('batch', post('twice'))))
    for (const lease of [randomUUID(), randomUUID()]) {
      expect(await idle.store.transaction('care', (tx) => claimJob(tx, lease, 60))).toBeDefined()
    }
    expect((await client.get(batch)).headers['x-progress']).toBe('running')
    await rows(`UPDATE async.job SET lease_until = now() - interval '1 second' WHERE state = 'running'`)
    const worker = idle.app.get(AsyncWorkers, { strict: false }).worker()
    while (await worker.step());
    expect((await result(transaction)).entry).toMatchObject([{ response: { status: '200' } }])
    expect((await result(batch)).entry).toMatchObject([{ response: { status: '500' } }])
    const found = await client.get('/fhir/Basic?identifier=after,twice&_summary=count')
    expect(found.body).toMatchObject({ total: 1 })
  })
})
