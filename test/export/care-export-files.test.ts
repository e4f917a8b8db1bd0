import { createHash } from 'node:crypto'
import supertest from 'supertest'
import { sql } from '../../src/store/sql.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'
import { exported, kickoff, lines, manifestOf, ndjson } from './bulk-client.ts'
import { observation, patient } from './world.ts'

let server: TestServer
let client: Client
let agent: ReturnType<typeof supertest>

beforeAll(async () => {
  server = await startServer()
  client = await server.client('system/*.cruds')
  agent = supertest(server.url)
  for (const id of ['IPP-1', 'IPP-2', 'IPP-3']) {
    await client.put(`/fhir/Patient/${id}`, patient(id)).expect(201)
    await client.put(`/fhir/Observation/o-${id}`, observation(`o-${id}`, id)).expect(201)
  }
})

afterAll(() => server.close())

describe('status', () => {
  it('B25: while it runs, 202 with a percentage and Retry-After in whole seconds', async () => {
    const started = await kickoff(client, '/fhir/$export').expect(202)
    const status = await client.get(started.headers['content-location'] as string).expect(202)
    expect(status.headers['x-progress']).toMatch(/^\d{1,3}%$/)
    expect(status.headers['retry-after']).toMatch(/^\d+$/)
    expect(status.headers).not.toHaveProperty('content-location')
    await manifestOf(client, started.headers['content-location'] as string)
  })

  it('B27 to B31: when done, 200 with the manifest and the day it expires', async () => {
    const { job } = await exported(client, '/fhir/$export?_type=Patient,Encounter')
    const status = await client.get(job).expect(200)
    expect(status.headers['content-type']).toMatch(/^application\/json/)
    expect(Date.parse(status.headers['expires'] as string)).toBeGreaterThan(Date.now())
    expect(status.body).toEqual({
      transactionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      request: `${server.url}/fhir/$export?_type=Patient,Encounter`,
      requiresAccessToken: true,
      // no empty file for Encounter
      output: [
        {
          type: 'Patient',
          url: expect.any(String) as string,
          count: 3,
          extension: expect.any(Object) as object,
        },
      ],
      error: [],
    })
  })

  it('B33: an export that fails answers with the OperationOutcome of its failure', async () => {
    const started = await kickoff(client, '/fhir/$export?_type=Patient').expect(202)
    const job = started.headers['content-location'] as string
    await manifestOf(client, job)
    await server.store.transaction('care', (tx) =>
      tx.query(sql`UPDATE export.job SET state = 'failed', failure = ${JSON.stringify([{ severity: 'error', code: 'exception', diagnostics: 'the export could not be made' }])}
                    WHERE id = ${job.slice(-36)}`),
    )
    const failed = await client.get(job).expect(500)
    expect(failed.headers['content-type']).toMatch('application/fhir+json')
    expect(JSON.parse(failed.text)).toMatchObject({ issue: [{ code: 'exception' }] })
  })
})

describe('files', () => {
  it('B35: are NDJSON whose lines, bytes and hash are as the manifest says', async () => {
    const { manifest } = await exported(client, '/fhir/$export?_type=Observation')
    const [item] = manifest.output
    const text = await ndjson(client, item?.url ?? '')
    expect(text.endsWith('}\n')).toBe(true)
    expect(text.trimEnd().split('\n')).toHaveLength(item?.count ?? 0)
    expect(item?.extension).toEqual({
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    })
  })

  it.each([
    ['gzip, deflate', 'gzip'],
    ['identity', undefined],
    ['gzip;q=0', undefined],
  ])('B38: Accept-Encoding %s gives Content-Encoding %s', async (accepted, coding) => {
    const { manifest } = await exported(client, '/fhir/$export?_type=Patient')
    const file = await client
      .get(manifest.output[0]?.url ?? '')
      .set('Accept-Encoding', accepted)
      .expect(200)
    expect(file.headers['content-encoding']).toBe(coding)
    expect(file.headers['content-type']).toMatch('application/fhir+ndjson')
  })

  it('B36: need a token', async () => {
    const { manifest, job } = await exported(client, '/fhir/$export?_type=Patient')
    await agent.get((manifest.output[0]?.url ?? '').slice(server.url.length)).expect(401)
    await agent.get(job.slice(server.url.length)).expect(401)
  })

  it('B34: need a token whose scopes reach the data', async () => {
    const { manifest, job } = await exported(client, '/fhir/$export?_type=Patient')
    const narrower = await server.client('system/Observation.rs')
    await narrower.get(manifest.output[0]?.url ?? '').expect(403)
    await narrower.get(job).expect(403)
    const granular = await server.client('system/Patient.rs?gender=female')
    await granular.get(manifest.output[0]?.url ?? '').expect(403)
  })

  it('B47: are reached with a renewed token of the same client', async () => {
    const { manifest, job } = await exported(client, '/fhir/$export?_type=Patient')
    const renewed = await server.client('system/*.rs')
    await renewed.get(job).expect(200)
    expect(await lines(renewed, manifest.output)).toHaveLength(3)
  })
})

describe('deletion', () => {
  it('B44: of a finished job: 202, then 404 for status, files and a second deletion', async () => {
    const { manifest, job } = await exported(client, '/fhir/$export?_type=Patient')
    await client.delete(job).expect(202)
    for (const gone of [client.get(job), client.delete(job), client.get(manifest.output[0]?.url ?? '')]) {
      const answer = await gone.expect(404)
      expect(JSON.parse(answer.text)).toMatchObject({ resourceType: 'OperationOutcome' })
    }
  })

  it('B44: of a running job', async () => {
    const started = await kickoff(client, '/fhir/$export').expect(202)
    const job = started.headers['content-location'] as string
    await client.delete(job).expect(202)
    await client.get(job).expect(404)
  })

  it.each(['bulk-status/nonsense', 'bulk-status/00000000-0000-0000-0000-000000000000', 'bulk-files/a/b'])(
    '404 for %s',
    async (path) => {
      await client.get(`/fhir/${path}`).expect(404)
    },
  )
})

describe('the trail', () => {
  it('holds kick-off, manifest, file and deletion, and no value of what was asked', async () => {
    const filter = encodeURIComponent('Patient?family=Canarywood')
    const { job } = await exported(client, `/fhir/$export?_type=Patient,Observation&_typeFilter=${filter}`)
    const status = await client.get(job).expect(200)
    const { output } = status.body as { output: { url: string }[] }
    await ndjson(client, output[0]?.url ?? '')
    await client.delete(job).expect(202)
    const rows = await server.store.read('audit', (tx) =>
      tx.query<{ body: string }>(sql`SELECT body FROM audit.event ORDER BY chain, sequence DESC LIMIT 20`),
    )
    const trail = rows.map(({ body }) => body).join('\n')
    for (const interaction of ['export', 'export-status', 'export-file', 'export-delete']) {
      expect(trail).toContain(`"${interaction}"`)
    }
    expect(trail).not.toMatch(/canarywood/i)
  })
})
