import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})

afterAll(() => server.close())

const observation = (value: string) =>
  `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/IPP-1"},` +
  `"valueQuantity":{"value":${value}}}`

/** A new Observation. @returns its path below the server */
async function created(value = '1.50'): Promise<string> {
  const { body } = await client.post('/fhir/Observation', observation(value))
  return `/fhir/Observation/${(body as { id: string }).id}`
}

const replace = (path: string, value: object | string) => {
  const part = [
    { name: 'type', valueCode: 'replace' },
    { name: 'path', valueString: path },
    { name: 'value', ...(typeof value === 'string' ? { valueCode: value } : value) },
  ]
  return { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] }
}

describe('patch', () => {
  it('applies a JSON Patch: 200 with a new version, and the digits that were', async () => {
    const path = await created()
    const answer = await client.patch(path, [{ op: 'replace', path: '/status', value: 'amended' }])
    expect([answer.status, answer.headers['etag']]).toEqual([200, 'W/"2"'])
    expect(answer.text).toContain('"status":"amended"')
    expect(answer.text).toContain('"valueQuantity":{"value":1.50}')
    expect((await client.get(path)).text).toBe(answer.text)
    expect((await client.get(`${path}/_history/1`)).body).toMatchObject({ status: 'final' })
  })

  it('applies a FHIRPath Patch', async () => {
    const path = await created()
    const answer = await client.patch(path, replace('Observation.status', 'amended'))
    expect([answer.status, answer.headers['etag']]).toEqual([200, 'W/"2"'])
    expect(answer.body).toMatchObject({ status: 'amended' })
    const other = await client.patch(path, replace('Observation.value', { valueString: 'two' }))
    expect(other.text).toMatch(/"valueString":"two"/)
    expect(other.body).not.toHaveProperty('valueQuantity')
  })

  it('takes a FHIRPath Patch in XML', async () => {
    const path = await created()
    const part = (name: string, value: string) => `<part><name value="${name}"/>${value}</part>`
    const operation =
      part('type', '<valueCode value="replace"/>') +
      part('path', '<valueString value="Observation.status"/>') +
      part('value', '<valueCode value="amended"/>')
    const parameter = `<parameter><name value="operation"/>${operation}</parameter>`
    const body = `<Parameters xmlns="http://hl7.org/fhir">${parameter}</Parameters>`
    const answer = await client.patch(path, body).set('Content-Type', 'application/fhir+xml')
    expect([answer.status, answer.body]).toMatchObject([200, { status: 'amended' }])
  })

  it('makes no version when nothing changes', async () => {
    const path = await created()
    const answers = [
      await client.patch(path, [{ op: 'test', path: '/status', value: 'final' }]),
      await client.patch(path, replace('Observation.status', 'final')),
      await client.patch(path, { resourceType: 'Parameters' }),
    ]
    expect(answers.map(({ status, headers }) => [status, headers['etag']])).toEqual(
      Array(3).fill([200, 'W/"1"']),
    )
  })

  it('finds its resource by criteria: 404 for none, 412 for several', async () => {
    const url = (value: string) => `/fhir/Basic?identifier=urn:p|${value}`
    const basic = (value: string) => ({
      resourceType: 'Basic',
      code: { text: 'x' },
      identifier: [{ system: 'urn:p', value }],
    })
    for (const value of ['one', 'two', 'two']) await client.post('/fhir/Basic', basic(value))
    const language = [{ op: 'add', path: '/language', value: 'fr' }]
    const answers = [
      await client.patch(url('one'), language),
      await client.patch(url('none'), language),
      await client.patch(url('two'), language),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 412])
    expect(answers[0]?.body).toMatchObject({ language: 'fr' })
    const noSearch = await server.client('system/Basic.cru')
    expect((await noSearch.patch(url('one'), language)).status).toBe(403)
  })

  it('takes an If-Match of the current version, and refuses a stale one', async () => {
    const path = await created()
    const amend = (status: string) => client.patch(path, [{ op: 'replace', path: '/status', value: status }])
    expect((await amend('amended').set('If-Match', 'W/"2"')).status).toBe(412)
    expect((await amend('amended').set('If-Match', 'W/"1"')).status).toBe(200)
    expect((await amend('corrected').set('If-Match', 'W/"1"')).status).toBe(412)
  })

  it.each([
    ['a test that fails', 422, [{ op: 'test', path: '/status', value: 'amended' }]],
    ['a path that is not there', 422, [{ op: 'remove', path: '/component/0' }]],
    ['a result that is not valid', 422, [{ op: 'remove', path: '/status' }]],
    ['a change of the id', 422, [{ op: 'replace', path: '/id', value: 'other' }]],
    ['a removal of the id', 422, [{ op: 'remove', path: '/id' }]],
    ['a change of the type', 422, [{ op: 'replace', path: '/resourceType', value: 'Basic' }]],
    [
      'another resource in its place',
      422,
      [{ op: 'replace', path: '', value: { resourceType: 'Basic', code: { text: 'x' } } }],
    ],
    ['a change of versionId', 422, [{ op: 'replace', path: '/meta/versionId', value: '7' }]],
    [
      'a change of lastUpdated',
      422,
      [{ op: 'replace', path: '/meta/lastUpdated', value: '2020-01-01T00:00:00Z' }],
    ],
    ['a document that is no JSON Patch', 400, [{ op: 'frobnicate' }]],
    ['a path of the prototype', 400, [{ op: 'add', path: '/__proto__/polluted', value: true }]],
    [
      'a FHIRPath Patch without an operation',
      400,
      { resourceType: 'Parameters', parameter: [{ name: 'x' }] },
    ],
    ['Parameters that are not valid', 422, { resourceType: 'Parameters', parameter: 'x' }],
    ['a resource that is no patch', 415, { resourceType: 'Patient' }],
  ])('refuses %s with %i, and changes nothing', async (_what, status, body) => {
    const path = await created()
    const answer = await client.patch(path, body)
    expect([answer.status, (answer.body as { resourceType: string }).resourceType]).toEqual([
      status,
      'OperationOutcome',
    ])
    expect((await client.get(path)).headers['etag']).toBe('W/"1"')
  })

  it('answers 404 for what was never there and 410 for what is deleted', async () => {
    const path = await created()
    await client.delete(path)
    const language = [{ op: 'add', path: '/language', value: 'fr' }]
    expect((await client.patch(path, language)).status).toBe(410)
    expect((await client.patch('/fhir/Observation/never', language)).status).toBe(404)
    expect((await client.patch('/fhir/Patient/never', language)).status).toBe(404)
  })

  it('A49: needs u, and shows the resource to those alone who may read it', async () => {
    const path = await created()
    const amended = [{ op: 'replace', path: '/status', value: 'amended' }]
    const reader = await server.client('system/Observation.rs')
    expect((await reader.patch(path, amended)).status).toBe(403)
    const writer = await server.client('system/Observation.u')
    const answer = await writer.patch(path, amended)
    expect([answer.status, (answer.body as { resourceType: string }).resourceType]).toEqual([
      200,
      'OperationOutcome',
    ])
    const narrow = await server.client('system/Observation.u?status=amended')
    expect((await narrow.patch(path, [{ op: 'replace', path: '/status', value: 'final' }])).status).toBe(403)
  })

  it('leaves what identifies sealed, and the reference to the patient as it was', async () => {
    const path = await created()
    const answer = await client.patch(path, [{ op: 'add', path: '/note', value: [{ text: 'Anne Le Goff' }] }])
    expect(answer.body).toMatchObject({
      note: [{ text: 'Anne Le Goff' }],
      subject: { reference: 'Patient/IPP-1' },
    })
  })
})

describe('patch inside a Bundle', () => {
  const binary = (operations: object[]) => ({
    resourceType: 'Binary',
    contentType: 'application/json-patch+json',
    data: Buffer.from(JSON.stringify(operations)).toString('base64'),
  })
  const entry = (resource: object, url: string, more: object = {}) => ({
    resource,
    request: { method: 'PATCH', url, ...more },
  })
  const send = (type: string, entries: object[]) =>
    client.post('/fhir', { resourceType: 'Bundle', type, entry: entries })

  it.each(['batch', 'transaction'])('takes both kinds in a %s', async (type) => {
    const [one, two] = [(await created()).slice(6), (await created()).slice(6)]
    const answer = await send(type, [
      entry(binary([{ op: 'replace', path: '/status', value: 'amended' }]), one),
      entry(replace('Observation.status', 'corrected'), two),
    ])
    const { entry: entries } = answer.body as { entry: { response: object; resource: object }[] }
    expect(entries).toMatchObject([
      { response: { status: '200', etag: 'W/"2"' }, resource: { status: 'amended' } },
      { response: { status: '200', etag: 'W/"2"' }, resource: { status: 'corrected' } },
    ])
  })

  it('fails the whole transaction when one does not fit, or its ifMatch is stale', async () => {
    const [one, two] = [(await created()).slice(6), (await created()).slice(6)]
    const amend = (url: string, more: object = {}) =>
      entry(replace('Observation.status', 'amended'), url, more)
    const wrong = entry(binary([{ op: 'remove', path: '/nothing' }]), two)
    for (const [bad, status] of [
      [wrong, 422],
      [amend(two, { ifMatch: 'W/"5"' }), 412],
    ] as const) {
      const answer = await send('transaction', [amend(one), bad])
      expect(answer.status).toBe(status)
      expect(answer.body).toMatchObject({
        issue: [{ expression: [expect.stringContaining('Bundle.entry[1]')] }],
      })
      expect((await client.get(`/fhir/${one}`)).headers['etag']).toBe('W/"1"')
    }
  })

  it('resolves the references that it brings', async () => {
    const path = (await created()).slice(6)
    const fullUrl = 'urn:uuid:5f0c6a52-19c5-4b0a-9a4e-6d0a8f5f0a11'
    const answer = await send('transaction', [
      {
        fullUrl,
        resource: { resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' } },
        request: { method: 'POST', url: 'Encounter' },
      },
      entry(binary([{ op: 'add', path: '/encounter', value: { reference: fullUrl } }]), path),
    ])
    const { entry: entries } = answer.body as { entry: { resource: { id: string; encounter?: object } }[] }
    expect(entries[1]?.resource.encounter).toEqual({ reference: `Encounter/${entries[0]?.resource.id}` })
  })

  it('refuses a patch and an update of the same resource', async () => {
    const path = (await created()).slice(6)
    const put = {
      resource: { ...(JSON.parse(observation('1')) as object), id: path.split('/')[1] },
      request: { method: 'PUT', url: path },
    }
    expect(
      (await send('transaction', [entry(replace('Observation.status', 'amended'), path), put])).status,
    ).toBe(400)
  })
})
