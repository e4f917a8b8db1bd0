import type { AuditEvent } from 'fhir/r4.js'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import supertest from 'supertest'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let token: string

beforeAll(async () => {
  server = await startServer()
  token = await server.token()
}, 60_000)
afterAll(() => server.close())

const send = (method: 'get' | 'post' | 'put' | 'head', path: string, bearer = token) =>
  supertest(server.url)[method](path).set('Authorization', `Bearer ${bearer}`)
const fhir = 'application/fhir+json'
/** supertest reads bodies of unknown types as bytes only when told to */
const content = (path: string) => send('get', path).buffer(true).responseType('blob')

describe('The content of a Binary', () => {
  const bytes = randomBytes(10_000)

  it('is stored under its own type, and comes back byte by byte', async () => {
    const created = await send('post', '/fhir/Binary').type('image/png').send(bytes)
    expect(created.status).toBe(201)
    const path = created.headers['location']?.replace(server.url, '').replace(/\/_history.*/, '') ?? ''
    const read = await content(path).set('Accept', 'image/png')
    expect([read.status, read.headers['content-type'], read.headers['etag']]).toEqual([
      200,
      'image/png',
      'W/"1"',
    ])
    expect(bytes.equals(read.body as Buffer)).toBe(true)
    const resource = await send('get', path).set('Accept', fhir)
    expect(resource.body).toMatchObject({
      ...{ resourceType: 'Binary', contentType: 'image/png', data: bytes.toString('base64') },
    })
  })

  it('has versions, under the id in the URL', async () => {
    for (const text of ['one', 'two']) {
      const put = await send('put', '/fhir/Binary/b').type('text/plain').send(text)
      expect(put.body).toMatchObject({ id: 'b', contentType: 'text/plain' })
    }
    expect((await send('get', '/fhir/Binary/b')).text).toBe('two')
    expect((await send('get', '/fhir/Binary/b/_history/1').set('Accept', '*/*')).text).toBe('one')
    const head = await send('head', '/fhir/Binary/b')
    expect([head.status, head.headers['content-type'], head.headers['content-length']]).toEqual([
      200,
      'text/plain',
      '3',
    ])
  })

  it('comes as the resource to whoever names a type of FHIR, a format or a part of it', async () => {
    await send('put', '/fhir/Binary/c').type('text/plain').send('text')
    const types = async (path: string, accept: string) => (await send('get', path).set('Accept', accept)).type
    expect(await types('/fhir/Binary/c', `text/plain, ${fhir};q=0.5`)).toBe(fhir)
    expect(await types('/fhir/Binary/c', 'application/fhir+xml')).toBe('application/fhir+xml')
    expect(await types('/fhir/Binary/c?_format=json', 'text/plain')).toBe(fhir)
    expect(await types('/fhir/Binary/c?_summary=true', '*/*')).toBe(fhir)
    expect(await types('/fhir/Binary/c', 'application/json')).toBe('text/plain')
    expect(await types('/fhir/Binary/none', 'text/plain')).toBe(fhir)
  })

  it('may be JSON or NDJSON; the two types of FHIR say that a resource comes', async () => {
    await send('put', '/fhir/Binary/j').type('application/json').send('{"a":1}')
    expect((await send('get', '/fhir/Binary/j')).text).toBe('{"a":1}')
    await send('put', '/fhir/Binary/n').type('application/fhir+ndjson').send('{"a":1}\n{"a":2}\n')
    expect((await send('get', '/fhir/Binary/n')).text).toBe('{"a":1}\n{"a":2}\n')
    const resource = { resourceType: 'Binary', id: 'k', contentType: 'text/csv', data: 'YTti' }
    await send('put', '/fhir/Binary/k').type(fhir).send(resource)
    const read = await send('get', '/fhir/Binary/k')
    expect([read.type, read.text]).toEqual(['text/csv', 'a;b'])
  })

  it('never runs in a browser', async () => {
    await send('put', '/fhir/Binary/h').type('text/html; charset=utf-8').send('<script>alert(1)</script>')
    const { headers, text } = await send('get', '/fhir/Binary/h').set('Accept', 'text/html,*/*;q=0.8')
    expect(text).toBe('<script>alert(1)</script>')
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
    })
  })

  it('keeps its security context, when that is a reference', async () => {
    const put = (context: string) =>
      send('put', '/fhir/Binary/s').type('text/plain').set('X-Security-Context', context).send('x')
    expect((await put('Patient/x y')).status).toBe(400)
    const good = await put('DocumentReference/1')
    expect(good.body).toMatchObject({ securityContext: { reference: 'DocumentReference/1' } })
    expect((await send('get', '/fhir/Binary/s')).headers['x-security-context']).toBe('DocumentReference/1')
  })

  it('is refused when its type is none', async () => {
    const answer = await send('put', '/fhir/Binary/t').set('Content-Type', 'nonsense').send('x')
    expect(answer.status).toBe(415)
  })

  it('is on record when it is read, as every read is', async () => {
    const database = new pg.Client(server.databaseUrl)
    await database.connect()
    const reads = async () => {
      const { rows } = await database.query<{ body: string }>('SELECT body FROM audit.event')
      const events = rows.map(({ body }) => JSON.parse(body) as AuditEvent)
      return events.filter(
        ({ action, entity }) =>
          action === 'R' && entity?.some(({ what }) => what?.reference?.startsWith('Binary/')),
      )
    }
    const before = (await reads()).length
    expect((await send('get', '/fhir/Binary/b').set('Accept', 'text/plain')).status).toBe(200)
    expect(await reads()).toHaveLength(before + 1)
    await database.end()
  })

  it('needs the scope that the resource needs', async () => {
    const narrow = await server.token('system/Observation.cruds')
    const [put, get] = [
      await send('put', '/fhir/Binary/b', narrow).type('text/plain').send('x'),
      await send('get', '/fhir/Binary/b', narrow),
    ]
    expect([put.status, get.status]).toEqual([403, 403])
  })
})
