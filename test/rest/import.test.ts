import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Bundle, OperationOutcome, Parameters } from 'fhir/r4.js'
import supertest from 'supertest'
import { startServer, type Client, type TestServer } from '../support/server.ts'

/** A source as a hospital's pipeline is one: files by path, answers that can be made to fail. */
const files = new Map<string, { body: Buffer | string; type?: string; status?: number }>()
let failing = 0
const source: Server = createServer((request, response) => {
  const file = files.get(request.url ?? '')
  if (failing-- > 0) return void response.writeHead(503).end()
  response.writeHead(file?.status ?? (file ? 200 : 404), {
    'Content-Type': file?.type ?? 'application/fhir+ndjson',
  })
  response.end(file?.body)
})

let sourceUrl: string
let server: TestServer
let client: Client
let token: string

beforeAll(async () => {
  await new Promise<void>((resolve) => source.listen(0, 'localhost', resolve))
  sourceUrl = `http://localhost:${(source.address() as AddressInfo).port}/`
  server = await startServer({ COFFRE_IMPORT_SOURCES: sourceUrl })
  token = await server.token()
  client = await server.client()
})
afterAll(async () => {
  await server.close()
  source.closeAllConnections()
  source.close()
})
beforeEach(() => (failing = 0))

const observation = (id: string, given: object = {}) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'a' },
  ...given,
})
const ndjson = (resources: readonly object[]) => resources.map((one) => `${JSON.stringify(one)}\n`).join('')
const post = (body: string | Buffer, headers: Record<string, string>, bearer = token) => {
  const request = supertest(server.url)
    .post('/fhir/$import')
    .set('Authorization', `Bearer ${bearer}`)
    .set(headers)
  return request.send(body)
}
const upload = (body: string | Buffer, headers: Record<string, string> = {}) =>
  post(body, { 'Content-Type': 'application/fhir+ndjson', ...headers })
const totalOf = async (query: string) =>
  ((await client.get(`/fhir/${query}`).expect(200)).body as Bundle).total
const counts = (body: unknown) =>
  (body as Parameters).parameter
    ?.filter(({ name }) => name !== 'refusal')
    .map(({ valueInteger }) => valueInteger)

describe('an upload of NDJSON', () => {
  it('imports each line under its id, and makes no version of what is there already', async () => {
    const lines = ndjson(Array.from({ length: 300 }, (_, index) => observation(`up-${index}`)))
    expect(counts((await upload(lines).expect(200)).body)).toEqual([300, 0])
    expect(counts((await upload(lines).expect(200)).body)).toEqual([300, 0])
    expect(await totalOf('Observation?_summary=count')).toBe(300)
    expect((await client.get('/fhir/Observation/up-1')).headers['etag']).toBe('W/"1"')
  })

  it('says which lines it refuses and why, and takes the others', async () => {
    const lines = `${ndjson([observation('ok-1')])}not json Zéphyrine\n${ndjson([
      observation('bad', { status: 'Zéphyrine' }),
      observation('ok-2'),
    ])}`
    const { body, text } = await upload(lines).expect(200)
    expect(counts(body)).toEqual([2, 2])
    const refusals = (body as Parameters).parameter?.filter(({ name }) => name === 'refusal')
    expect(refusals?.map(({ resource }) => (resource as OperationOutcome).issue[0]?.diagnostics)).toEqual([
      expect.stringMatching(/^line 2: /),
      expect.stringMatching(/^line 3: /),
    ])
    expect(text).not.toContain('phyrine')
  })

  it('takes gzip', async () => {
    const packed = gzipSync(ndjson([observation('packed')]))
    expect(counts((await upload(packed, { 'Content-Encoding': 'gzip' }).expect(200)).body)).toEqual([1, 0])
  })

  it('writes what the scopes reach and refuses the rest', async () => {
    const narrow = await server.token('system/Patient.cruds system/Observation.rs')
    const lines = ndjson([observation('beyond'), { resourceType: 'Patient', id: 'within' }])
    const { body } = await post(lines, { 'Content-Type': 'application/fhir+ndjson' }, narrow).expect(200)
    expect(counts(body)).toEqual([1, 1])
    await client.get('/fhir/Observation/beyond').expect(404)
  })
})

describe('an import of files', () => {
  const asked = (...names: string[]) => ({
    resourceType: 'Parameters',
    parameter: [
      { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
      { name: 'inputSource', valueUri: 'https://example.org/' },
      { name: 'storageDetail', part: [{ name: 'type', valueCode: 'https' }] },
      ...names.map((name) => ({
        name: 'input',
        part: [
          { name: 'type', valueCode: 'Observation' },
          { name: 'url', valueUrl: name.startsWith('http') ? name : sourceUrl + name },
        ],
      })),
    ],
  })
  const kickoff = (body: object, headers: Record<string, string> = { Prefer: 'respond-async' }) =>
    post(JSON.stringify(body), { 'Content-Type': 'application/fhir+json', ...headers })
  const ended = async (location: string) => {
    for (let tries = 0; tries < 200; tries++) {
      const answer = await client.get(location)
      if (answer.status !== 202) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('not ended in ten seconds')
  }

  it('fetches each, imports it, and says what was taken and what was refused', async () => {
    files.set('/one.ndjson', { body: ndjson([observation('file-1'), observation('file-2')]) })
    files.set('/two.ndjson.gz', {
      body: gzipSync(ndjson([observation('file-3'), observation('file-4', { status: 'wrong' })])),
    })
    failing = 1 // the source is not there at first
    const begun = await kickoff(asked('one.ndjson', 'two.ndjson.gz')).expect(202)
    const { status, body } = await ended(begun.headers['content-location'] ?? '')
    expect([status, body]).toEqual([
      200,
      {
        transactionTime: expect.stringMatching(/Z$/) as string,
        request: `${server.url}/fhir/$import`,
        output: [
          { type: 'Observation', inputUrl: `${sourceUrl}one.ndjson`, count: 2 },
          { type: 'Observation', inputUrl: `${sourceUrl}two.ndjson.gz`, count: 1 },
        ],
        error: [
          {
            type: 'OperationOutcome',
            inputUrl: `${sourceUrl}two.ndjson.gz`,
            count: 1,
            url: expect.stringContaining('/fhir/import-errors/') as string,
          },
        ],
      },
    ])
    const { error } = body as { error: { url: string }[] }
    const { body: text } = await client
      .get(error[0]?.url ?? '')
      .buffer(true)
      .parse(asText)
      .expect(200)
    expect((JSON.parse(text as string) as OperationOutcome).issue[0]?.expression).toEqual([
      'Observation.status',
    ])
    expect(await totalOf('Observation?_id=file-1,file-2,file-3,file-4')).toBe(3)
  }, 20_000)

  it('takes the plain JSON form too, and ends in an error when a file is not there', async () => {
    const body = {
      inputFormat: 'application/fhir+ndjson',
      input: [{ type: 'Observation', url: `${sourceUrl}none` }],
    }
    const begun = await kickoff(body).expect(202)
    const { status, body: outcome } = await ended(begun.headers['content-location'] ?? '')
    expect([status, (outcome as OperationOutcome).issue[0]?.code]).toEqual([500, 'business-rule'])
  }, 20_000)

  it('can be cancelled, and is seen by who started it alone', async () => {
    files.set('/long.ndjson', {
      body: ndjson(Array.from({ length: 200 }, (_, one) => observation(`long-${one}`))),
    })
    failing = 3
    const begun = await kickoff(asked('long.ndjson')).expect(202)
    const location = begun.headers['content-location'] ?? ''
    await supertest(server.url).get(new URL(location).pathname).expect(401)
    await client.delete(location).expect(202)
    await client.get(location).expect(404)
  })

  it.each([
    ['a source that is not listed', () => kickoff(asked('https://evil.example/a.ndjson')), 422],
    [
      'one that only begins like a listed one',
      () => kickoff(asked(sourceUrl.replace('localhost', 'localhost@evil.example'))),
      422,
    ],
    ['no input', () => kickoff(asked()), 400],
    [
      'another format',
      () =>
        kickoff({ ...asked('one.ndjson'), parameter: [{ name: 'inputFormat', valueString: 'text/csv' }] }),
      400,
    ],
    ['a type that is none', () => kickoff({ input: [{ type: 'Secret', url: `${sourceUrl}a` }] }), 400],
    ['no Prefer', () => kickoff(asked('one.ndjson'), {}), 400],
    [
      'a job that is nobody’s',
      () => client.get('/fhir/import-status/00000000-0000-4000-8000-000000000000'),
      404,
    ],
    ['a job that is none', () => client.get('/fhir/import-status/../x'), 404],
  ])('refuses %s', async (_, call, status) => {
    expect((await call()).status).toBe(status)
  })
})

function asText(
  answer: { on(event: string, listener: (chunk: Buffer) => void): void },
  done: (error: Error | null, text: string) => void,
): void {
  let text = ''
  answer.on('data', (chunk) => (text += chunk.toString()))
  answer.on('end', () => done(null, text))
}
