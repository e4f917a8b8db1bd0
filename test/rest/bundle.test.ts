import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})

afterAll(() => server.close())

interface Response {
  readonly entry: {
    readonly resource?: Record<string, unknown> & { readonly id: string }
    readonly response: { readonly status: string; readonly location?: string; readonly outcome?: object }
  }[]
}

const basic = (id?: string, more: object = {}) => ({
  resourceType: 'Basic',
  ...(id ? { id } : {}),
  code: { text: 'x' },
  ...more,
})
const post = (resource: object, more: object = {}) => ({
  resource,
  request: { method: 'POST', url: (resource as { resourceType: string }).resourceType },
  ...more,
})
const send = (type: 'batch' | 'transaction', entry: readonly (object | string)[], with_ = client) =>
  with_.post('/fhir', { resourceType: 'Bundle', type, entry })

async function count(type: string): Promise<number> {
  return ((await client.get(`/fhir/${type}?_summary=count`)).body as { total: number }).total
}

describe('transaction', () => {
  it('rewrites urn:uuid references to the ids that their targets get, wherever they are', async () => {
    const patient = 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a'
    const report = 'urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059'
    const answer = await send('transaction', [
      post(
        {
          resourceType: 'DiagnosticReport',
          status: 'final',
          code: { text: 'x' },
          subject: { reference: patient },
          extension: [{ url: 'http://example.org/where', valueUri: patient }],
          contained: [
            {
              resourceType: 'Observation',
              id: 'o',
              status: 'final',
              code: { text: 'x' },
              subject: { reference: patient },
            },
          ],
          result: [{ reference: '#o' }],
          text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${patient}</div>` },
        },
        { fullUrl: report },
      ),
      post(
        { resourceType: 'Patient', link: [{ other: { reference: patient }, type: 'seealso' }] },
        { fullUrl: patient },
      ),
    ])
    expect(answer.status).toBe(200)
    const { entry } = answer.body as Response
    expect(entry.map(({ response }) => response.status)).toEqual(['201', '201'])
    const reference = `Patient/${entry[1]?.resource?.id}`
    expect(entry[0]?.resource).toMatchObject({
      subject: { reference },
      extension: [{ valueUri: reference }],
      contained: [{ subject: { reference } }],
      text: { div: expect.stringContaining(patient) as string },
    })
    expect(entry[1]?.resource).toMatchObject({ link: [{ other: { reference } }] })
    const found = await client.get(`/fhir/DiagnosticReport?subject=${reference}&_summary=count`)
    expect(found.body).toMatchObject({ total: 1 })
  })

  it('resolves references that are relative to the server of a fullUrl', async () => {
    const fullUrl = 'http://other.example/fhir/Patient/77'
    const answer = await send('transaction', [
      post({ resourceType: 'Patient' }, { fullUrl }),
      post(
        { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: 'Patient/77' } },
        { fullUrl: 'http://other.example/fhir/Basic/1' },
      ),
    ])
    const { entry } = answer.body as Response
    expect(entry[1]?.resource).toMatchObject({ subject: { reference: `Patient/${entry[0]?.resource?.id}` } })
  })

  it('resolves conditional references, and refuses those that meet none or several', async () => {
    const identifier = (value: string) => [{ system: 'urn:ipp', value }]
    await client.put('/fhir/Patient/cond', {
      resourceType: 'Patient',
      id: 'cond',
      identifier: identifier('one'),
    })
    await client.post('/fhir/Patient', { resourceType: 'Patient', identifier: identifier('two') })
    await client.post('/fhir/Patient', { resourceType: 'Patient', identifier: identifier('two') })
    const about = (value: string) =>
      basic(undefined, { subject: { reference: `Patient?identifier=urn:ipp|${value}` } })
    const good = await send('transaction', [post(about('one'))])
    expect((good.body as Response).entry[0]?.resource).toMatchObject({
      subject: { reference: 'Patient/cond' },
    })
    for (const value of ['none', 'two']) {
      const bad = await send('transaction', [post(about(value))])
      expect([bad.status, bad.text.includes(value)]).toEqual([412, false])
    }
  })

  it('processes DELETE, POST, PUT, GET in this order and answers in the order of the entries', async () => {
    await client.put('/fhir/Basic/old', basic('old'))
    const answer = await send('transaction', [
      { request: { method: 'GET', url: 'Basic/new' } },
      { resource: basic('new'), request: { method: 'PUT', url: 'Basic/new' } },
      post(basic()),
      { request: { method: 'DELETE', url: 'Basic/old' } },
      { request: { method: 'GET', url: 'Basic/new/_history' } },
    ])
    const { entry } = answer.body as Response
    expect(entry.map(({ response }) => response.status)).toEqual(['200', '201', '201', '204', '200'])
    expect(entry[0]?.resource?.id).toBe('new')
  })

  it('leaves nothing behind when one entry fails, and names the entry', async () => {
    const before = await count('Basic')
    const answer = await send('transaction', [
      post(basic()),
      { resource: basic('half'), request: { method: 'PUT', url: 'Basic/half' } },
      { request: { method: 'GET', url: 'Basic/never-there' } },
    ])
    expect(answer.status).toBe(404)
    expect(answer.body).toMatchObject({ issue: [{ expression: ['Bundle.entry[2]'] }] })
    expect(await count('Basic')).toBe(before)
    const invalid = await send('transaction', [post(basic()), post({ ...basic(), colour: 'red' })])
    expect(invalid.body).toMatchObject({ issue: [{ expression: ['Bundle.entry[1].resource.colour'] }] })
    expect([invalid.status, await count('Basic')]).toEqual([422, before])
  })

  it('refuses two entries that write the same resource', async () => {
    const put = { resource: basic('twice'), request: { method: 'PUT', url: 'Basic/twice' } }
    expect((await send('transaction', [put, put])).status).toBe(400)
    expect(
      (await send('transaction', [put, { request: { method: 'DELETE', url: 'Basic/twice' } }])).status,
    ).toBe(400)
  })

  it('refuses an update of what a conditional delete of it deletes', async () => {
    const identifier = [{ system: 'urn:x', value: 'both' }]
    await client.put('/fhir/Patient/both', { resourceType: 'Patient', id: 'both', identifier })
    const put = {
      resource: { resourceType: 'Patient', id: 'both', active: true },
      request: { method: 'PUT', url: 'Patient/both' },
    }
    const deletion = { request: { method: 'DELETE', url: 'Patient?identifier=urn:x|both' } }
    expect((await send('transaction', [put, deletion])).status).toBe(400)
    expect((await client.get('/fhir/Patient/both')).headers['etag']).toBe('W/"1"')
  })

  it('creates anew what it deletes first, when a conditional create asks for it', async () => {
    const identifier = [{ system: 'urn:x', value: 'anew' }]
    await client.post('/fhir/Basic', basic(undefined, { identifier }))
    const criteria = 'identifier=urn:x|anew'
    const answer = await send('transaction', [
      post(basic(undefined, { identifier }), {
        request: { method: 'POST', url: 'Basic', ifNoneExist: criteria },
      }),
      { request: { method: 'DELETE', url: `Basic?${criteria}` } },
    ])
    expect((answer.body as Response).entry.map(({ response }) => response.status)).toEqual(['201', '204'])
  })

  it('calls operations that read, and refuses those that change something', async () => {
    const { body } = await client.post('/fhir/Basic', basic())
    const { id } = body as { id: string }
    const call = (method: string, url: string, resource?: object) => ({
      ...(resource ? { resource } : {}),
      request: { method, url },
    })
    const read = await send('transaction', [post(basic()), call('GET', `Basic/${id}/$meta`)])
    expect((read.body as Response).entry.map(({ response }) => response.status)).toEqual(['201', '200'])
    const before = await count('Basic')
    const tag = {
      resourceType: 'Parameters',
      parameter: [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }],
    }
    const change = await send('transaction', [post(basic()), call('POST', `Basic/${id}/$meta-add`, tag)])
    expect([change.status, await count('Basic')]).toEqual([400, before])
  })

  it('honours ifMatch and ifNoneExist of its entries', async () => {
    await client.put(
      '/fhir/Basic/guard',
      basic('guard', { identifier: [{ system: 'urn:x', value: 'guard' }] }),
    )
    const put = (ifMatch: string) => ({
      resource: basic('guard', { identifier: [{ system: 'urn:x', value: 'guard' }], language: 'fr' }),
      request: { method: 'PUT', url: 'Basic/guard', ifMatch },
    })
    expect((await send('transaction', [put('W/"9"')])).status).toBe(412)
    expect((await send('transaction', [put('W/"1"')])).status).toBe(200)
    const conditional = {
      fullUrl: 'urn:uuid:0e5b8f6e-5a0d-4c1c-9d9e-3f2f6f6f6f6f',
      resource: basic(),
      request: { method: 'POST', url: 'Basic', ifNoneExist: 'identifier=urn:x|guard' },
    }
    const before = await count('Basic')
    const answer = await send('transaction', [
      conditional,
      post(
        basic(undefined, {
          extension: [{ url: 'http://example.org/to', valueReference: { reference: conditional.fullUrl } }],
        }),
      ),
    ])
    const { entry } = answer.body as Response
    expect(entry.map(({ response }) => response.status)).toEqual(['200', '201'])
    expect(entry[1]?.resource).toMatchObject({
      extension: [{ valueReference: { reference: 'Basic/guard' } }],
    })
    expect(await count('Basic')).toBe(before + 1)
  })
})

describe('batch', () => {
  it('lets each entry succeed or fail on its own', async () => {
    const answer = await send('batch', [
      post(basic()),
      post({ ...basic(), colour: 'red' }),
      { request: { method: 'GET', url: 'Basic/never-there' } },
      { request: { method: 'GET', url: 'Basic?_summary=count' } },
      { request: { method: 'PATCH', url: 'Basic/x' } },
      { request: { method: 'POST', url: '' } },
      'nonsense',
    ])
    expect(answer.status).toBe(200)
    const { entry } = answer.body as Response
    expect(entry.map(({ response }) => response.status)).toEqual([
      '201',
      '422',
      '404',
      '200',
      '415',
      '400',
      '400',
    ])
    expect(entry[1]?.response.outcome).toMatchObject({
      issue: [{ expression: ['Bundle.entry[1].resource.colour'] }],
    })
  })

  it('gives a stored OperationOutcome as the resource that was read, not as the outcome of reading', async () => {
    const issue = [{ severity: 'error', code: 'processing', details: { text: 'x' } }]
    const outcome = { resourceType: 'OperationOutcome', id: 'kept', issue }
    await client.put('/fhir/OperationOutcome/kept', outcome).expect(201)
    const url = 'OperationOutcome/kept'
    const { entry } = (await send('batch', [{ request: { method: 'GET', url } }])).body as Response
    expect(entry[0]?.resource).toMatchObject(outcome)
    expect(entry[0]?.response.outcome).toBeUndefined()
  })

  it('reads on condition: 304 to a GET with the ifNoneMatch of the current version', async () => {
    const made = await client.put('/fhir/Basic/read', basic('read'))
    const get = (ifNoneMatch: string) => ({ request: { method: 'GET', url: 'Basic/read', ifNoneMatch } })
    const { body } = await send('batch', [get(made.headers['etag'] ?? ''), get('W/"9"')])
    const { entry } = body as Response
    expect(entry.map(({ response }) => response.status)).toEqual(['304', '200'])
    expect(entry[0]).not.toHaveProperty('resource')
  })

  it('A50: judges each entry by the scopes', async () => {
    const narrow = await server.client('system/Basic.rs')
    const answer = await send(
      'batch',
      [
        { request: { method: 'GET', url: 'Basic' } },
        { request: { method: 'GET', url: 'Patient' } },
        post(basic()),
      ],
      narrow,
    )
    expect((answer.body as Response).entry.map(({ response }) => response.status)).toEqual([
      '200',
      '403',
      '403',
    ])
    expect((await send('transaction', [post(basic())], narrow)).status).toBe(403)
  })
})
