import supertest from 'supertest'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})

afterAll(() => server.close())

const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  subject: { reference: 'Patient/pat-1' },
  valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
}

describe('create', () => {
  it('answers 201 with Location, ETag, Last-Modified and the resource under an id of ours', async () => {
    const answer = await client.post('/fhir/Observation', { ...observation, id: 'mine' })
    expect(answer.status).toBe(201)
    const { id, meta } = answer.body as { id: string; meta: { versionId: string; lastUpdated: string } }
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    expect(answer.headers).toMatchObject({
      location: `${server.url}/fhir/Observation/${id}/_history/1`,
      etag: 'W/"1"',
      'last-modified': new Date(Math.floor(Date.parse(meta.lastUpdated) / 1000) * 1000).toUTCString(),
      'content-type': 'application/fhir+json; charset=utf-8',
    })
    expect(answer.body).toEqual({ ...observation, id, meta })
    const read = await client.get(`/fhir/Observation/${id}`)
    expect([read.status, read.text]).toEqual([200, answer.text])
  })

  it('sends what Prefer: return asks for', async () => {
    const minimal = await client.post('/fhir/Observation', observation).set('Prefer', 'return=minimal')
    expect([minimal.status, minimal.text]).toEqual([201, ''])
    const outcome = await client
      .post('/fhir/Observation', observation)
      .set('Prefer', 'return=OperationOutcome')
    expect(outcome.body).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'information' }],
    })
  })

  it('refuses an element that the definitions do not have with 422, and names it', async () => {
    const answer = await client.post('/fhir/Observation', { ...observation, colour: 'red' })
    expect(answer.status).toBe(422)
    expect(answer.body).toMatchObject({ issue: [{ expression: ['Observation.colour'] }] })
  })
})

describe('update', () => {
  const patient = { resourceType: 'Patient', id: 'pat-1', name: [{ family: 'Le Goff', given: ['Anne'] }] }

  it('creates under the id that the client chose, then writes new versions', async () => {
    const created = await client.put('/fhir/Patient/pat-1', patient)
    expect([created.status, created.headers['etag']]).toEqual([201, 'W/"1"'])
    const updated = await client.put('/fhir/Patient/pat-1', { ...patient, active: true })
    expect([updated.status, updated.headers['etag']]).toEqual([200, 'W/"2"'])
    const read = await client.get('/fhir/Patient/pat-1')
    expect(read.body).toMatchObject({ ...patient, active: true, meta: { versionId: '2' } })
  })

  it.each([
    ['another id in the body', '/fhir/Patient/pat-2', { ...patient, id: 'pat-3' }, 400],
    ['no id in the body', '/fhir/Patient/pat-2', { resourceType: 'Patient' }, 400],
    ['another type in the body', '/fhir/Patient/pat-2', { resourceType: 'Group', id: 'pat-2' }, 400],
  ])('refuses %s', async (_what, path, body, status) => {
    const answer = await client.put(path, body)
    expect([answer.status, answer.body.resourceType]).toEqual([status, 'OperationOutcome'])
  })

  it('makes no version when nothing changes: 200 with the ETag and Last-Modified that were', async () => {
    const path = '/fhir/Observation/same'
    const text = (value: string, meta = '"meta":{"tag":[{"code":"a"}]},') =>
      `{"resourceType":"Observation","id":"same",${meta}"status":"final","code":{"text":"x"},` +
      `"subject":{"reference":"Patient/IPP-7"},"valueQuantity":{"value":${value}}}`
    const first = await client.put(path, text('1.50'))
    expect(first.status).toBe(201)
    const { text: stored, headers } = await client.get(path)
    const reordered = text('1.50').replace(
      '"status":"final","code":{"text":"x"}',
      '"code":{"text":"x"},"status":"final"',
    )
    for (const body of [text('1.50'), stored, reordered]) {
      const again = await client.put(path, body)
      expect([again.status, again.headers['etag']]).toEqual([200, 'W/"1"'])
      expect(again.headers['last-modified']).toBe(headers['last-modified'])
      expect(again.headers['location']).toBe(first.headers['location'])
    }
    expect((await client.get(`${path}/_history`)).body).toHaveProperty('entry.length', 1)
    const digits = await client.put(path, text('1.5'))
    const untagged = await client.put(path, text('1.5', ''))
    expect([digits, untagged].map((one) => one.headers['etag'])).toEqual(['W/"2"', 'W/"3"'])
  })

  it('refuses a stale If-Match with 412 and takes the right one', async () => {
    const path = '/fhir/Basic/lock'
    const basic = { resourceType: 'Basic', id: 'lock', code: { text: 'x' } }
    await client.put(path, basic)
    expect((await client.put(path, basic).set('If-Match', 'W/"7"')).status).toBe(412)
    const changed = { ...basic, code: { text: 'y' } }
    expect((await client.put(path, changed).set('If-Match', 'W/"1"')).status).toBe(200)
    expect((await client.put(path, changed).set('If-Match', 'W/"1"')).status).toBe(412)
    expect(
      (await client.put('/fhir/Basic/none', { ...basic, id: 'none' }).set('If-Match', 'W/"1"')).status,
    ).toBe(412)
  })
})

describe('If-None-Match', () => {
  const basic = (text: string) => ({ resourceType: 'Basic', id: 'new', code: { text } })

  it('of * lets an update create and not replace: 412, inside a transaction too', async () => {
    const put = (text: string) => client.put('/fhir/Basic/new', basic(text)).set('If-None-Match', '*')
    expect([(await put('a')).status, (await put('b')).status]).toEqual([201, 412])
    const request = { method: 'PUT', url: 'Basic/new', ifNoneMatch: '*' }
    const entry = [{ resource: basic('c'), request }]
    const answer = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
    expect(answer.status).toBe(412)
    expect((await client.put('/fhir/Basic/new', basic('d')).set('If-None-Match', 'W/"1"')).status).toBe(412)
    expect((await client.get('/fhir/Basic/new')).body).toMatchObject(basic('a'))
  })

  it('of * answers 304 to a read of what is there', async () => {
    expect((await client.get('/fhir/Basic/new').set('If-None-Match', '*')).status).toBe(304)
    expect((await client.get('/fhir/Basic/never').set('If-None-Match', '*')).status).toBe(404)
  })
})

describe('read', () => {
  it('answers 404 for what was never there, 410 after a delete, and 304 for a copy that is still good', async () => {
    expect((await client.get('/fhir/Patient/nobody')).status).toBe(404)
    const made = await client.put('/fhir/Basic/gone', {
      resourceType: 'Basic',
      id: 'gone',
      code: { text: 'x' },
    })
    const again = await client.get('/fhir/Basic/gone').set('If-None-Match', made.headers['etag'] ?? '')
    expect([again.status, again.text]).toEqual([304, ''])
    const since = await client
      .get('/fhir/Basic/gone')
      .set('If-Modified-Since', made.headers['last-modified'] ?? '')
    expect(since.status).toBe(304)
    expect((await client.delete('/fhir/Basic/gone')).status).toBe(204)
    expect((await client.get('/fhir/Basic/gone')).status).toBe(410)
    expect((await client.delete('/fhir/Basic/gone')).status).toBe(204)
  })

  it('takes an If-Match of the current version for a delete, and refuses a stale one', async () => {
    await client.put('/fhir/Basic/kept', { resourceType: 'Basic', id: 'kept', code: { text: 'x' } })
    expect((await client.delete('/fhir/Basic/kept').set('If-Match', 'W/"7"')).status).toBe(412)
    expect((await client.get('/fhir/Basic/kept')).status).toBe(200)
    expect((await client.delete('/fhir/Basic/kept').set('If-Match', 'W/"1"')).status).toBe(204)
  })

  it('brings a deleted resource back under the next version', async () => {
    const basic = { resourceType: 'Basic', id: 'back', code: { text: 'x' } }
    await client.put('/fhir/Basic/back', basic)
    await client.delete('/fhir/Basic/back')
    const back = await client.put('/fhir/Basic/back', basic)
    expect([back.status, back.headers['etag']]).toEqual([201, 'W/"3"'])
  })

  it('answers any version, and 410 for a deletion', async () => {
    const version = (n: number) => client.get(`/fhir/Basic/back/_history/${n}`)
    expect((await version(1)).body).toMatchObject({ id: 'back', meta: { versionId: '1' } })
    expect((await version(2)).status).toBe(410)
    expect((await version(3)).headers['etag']).toBe('W/"3"')
    expect((await version(4)).status).toBe(404)
  })

  it('leaves out what _summary and _elements do not ask for, and tags it SUBSETTED', async () => {
    await client.put('/fhir/Observation/shape', { ...observation, id: 'shape', note: [{ text: 'hello' }] })
    const summary = await client.get('/fhir/Observation/shape?_summary=true')
    expect(summary.body).not.toHaveProperty('note')
    expect(summary.body).toHaveProperty('valueQuantity')
    const elements = await client.get('/fhir/Observation/shape?_elements=note')
    expect(Object.keys(elements.body as object).sort()).toEqual([
      'code',
      'id',
      'meta',
      'note',
      'resourceType',
      'status',
    ])
    expect(elements.body).toMatchObject({ meta: { tag: [{ code: 'SUBSETTED' }] } })
  })

  it('lays the answer out for people when asked to, digits and all', async () => {
    const digits =
      '{"resourceType":"Observation","id":"digits","status":"final","code":{"text":"{x"},"valueQuantity":{"value":1.50}}'
    await client.put('/fhir/Observation/digits', digits)
    const answer = await client.get('/fhir/Observation/digits?_pretty=true')
    expect(answer.text).toContain('\n  "valueQuantity": {\n    "value": 1.50\n  }\n')
    expect(answer.text).toContain('"text": "{x"')
  })
})

describe('negotiation', () => {
  it.each([
    ['Accept: text/turtle', 'get', '/fhir/Patient', { Accept: 'text/turtle' }, 406],
    ['_format=ttl', 'get', '/fhir/Patient?_format=ttl', {}, 406],
    ['a body that is not JSON', 'post', '/fhir/Patient', { 'Content-Type': 'text/plain' }, 415],
    [
      'a body of R3',
      'post',
      '/fhir/Patient',
      { 'Content-Type': 'application/fhir+json; fhirVersion=3.0' },
      415,
    ],
    ['a method that is not there', 'delete', '/fhir/Patient/pat-1/_history', {}, 405],
    ['a type that is none', 'get', '/fhir/Potient', {}, 404],
    ['an operation that is none', 'get', '/fhir/Patient/$frobnicate', {}, 404],
  ] as const)('answers %s with %s %s %j: %i', async (_what, method, path, headers, status) => {
    const token = await server.token()
    const agent = supertest(server.url)
    const test = agent[method](path).set({ Authorization: `Bearer ${token}`, ...headers })
    const answer = await (method === 'get' ? test : test.send('x'))
    expect(answer.status).toBe(status)
    const outcome = JSON.parse(answer.text) as { resourceType: string }
    expect(outcome.resourceType).toBe('OperationOutcome')
    if (status === 405) expect(answer.headers['allow']).toBe('GET, HEAD')
  })

  it('answers 401 with a challenge when there is no token, but for discovery, metadata and health', async () => {
    const open = supertest(server.url)
    const refused = await open.get('/fhir/Patient/pat-1')
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer/)
    for (const path of [
      '/fhir/metadata',
      '/fhir/.well-known/smart-configuration',
      '/health/live',
      '/health/ready',
      '/',
    ]) {
      expect([path, (await open.get(path)).status]).toEqual([path, 200])
    }
  })

  it('A8: lets any origin read the CapabilityStatement', async () => {
    const answer = await supertest(server.url).get('/fhir/metadata').set('Origin', 'https://app.example')
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    const data = await client.get('/fhir/Patient/pat-1').set('Origin', 'https://app.example')
    expect(data.headers).not.toHaveProperty('access-control-allow-origin')
  })
})
