import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

interface History {
  readonly type: string
  readonly total?: number
  readonly link: { readonly relation: string; readonly url: string }[]
  readonly entry: {
    readonly fullUrl: string
    readonly resource?: { readonly id: string; readonly meta: { readonly versionId: string } }
    readonly request: { readonly method: string; readonly url: string }
    readonly response: { readonly status: string; readonly etag: string; readonly lastModified: string }
  }[]
}

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  const patient = { resourceType: 'Patient', id: 'IPP-99', gender: 'female' }
  await client.put('/fhir/Patient/IPP-99', patient)
  await client.put('/fhir/Patient/IPP-99', { ...patient, active: true })
  await client.delete('/fhir/Patient/IPP-99')
  await client.put('/fhir/Basic/one', { resourceType: 'Basic', id: 'one', code: { text: 'x' } })
  await client.post('/fhir/Basic', { resourceType: 'Basic', code: { text: 'x' } })
})

afterAll(() => server.close())

async function history(path: string): Promise<History> {
  const answer = await client.get(path.startsWith('http') ? path : `/fhir/${path}`)
  expect([path, answer.status]).toEqual([path, 200])
  return answer.body as History
}

describe('history', () => {
  it('lists the versions of a resource, newest first, its deletion included', async () => {
    const bundle = await history('Patient/IPP-99/_history')
    expect(bundle.type).toBe('history')
    expect(
      bundle.entry.map(({ request, response }) => [
        request.method,
        request.url,
        response.status,
        response.etag,
      ]),
    ).toEqual([
      ['DELETE', 'Patient/IPP-99', '204', 'W/"3"'],
      ['PUT', 'Patient/IPP-99', '200', 'W/"2"'],
      ['PUT', 'Patient/IPP-99', '201', 'W/"1"'],
    ])
    expect(bundle.entry.map(({ resource }) => resource?.meta.versionId)).toEqual([undefined, '2', '1'])
    expect(new Set(bundle.entry.map(({ fullUrl }) => fullUrl))).toEqual(
      new Set([`${server.url}/fhir/Patient/IPP-99`]),
    )
  })

  it('lists a type and the whole system', async () => {
    expect((await history('Basic/_history')).entry).toHaveLength(2)
    expect((await history('_history')).entry).toHaveLength(5)
  })

  it('pages over sealed links without a gap or a repeat', async () => {
    const etags: string[] = []
    for (let next: string | undefined = '_history?_count=2'; next !== undefined;) {
      const page: History = await history(next)
      etags.push(...page.entry.map(({ fullUrl, response }) => fullUrl + response.etag))
      next = page.link.find(({ relation }) => relation === 'next')?.url
    }
    expect([etags.length, new Set(etags).size]).toEqual([5, 5])
  })

  it('shows how each version came to be: by POST, by PUT as create, by PUT after a deletion', async () => {
    const came = async (path: string) =>
      (await history(path)).entry.map(({ request, response }) => `${request.method} ${response.status}`)
    const { body } = await client.post('/fhir/Basic', { resourceType: 'Basic', code: { text: 'x' } })
    const { id } = body as { id: string }
    await client.put(`/fhir/Basic/${id}`, { resourceType: 'Basic', id, code: { text: 'y' } })
    await client.delete(`/fhir/Basic/${id}`)
    await client.put(`/fhir/Basic/${id}`, { resourceType: 'Basic', id, code: { text: 'z' } })
    await client.patch(`/fhir/Basic/${id}`, [{ op: 'add', path: '/language', value: 'fr' }])
    expect(await came(`Basic/${id}/_history`)).toEqual([
      'PUT 200',
      'PUT 201',
      'DELETE 204',
      'PUT 200',
      'POST 201',
    ])
    expect(await came('Basic/one/_history')).toEqual(['PUT 201'])
    await client.delete(`/fhir/Basic/${id}`)
  })

  it('tells the total of a resource, and of all that fits on one page', async () => {
    expect((await history('Patient/IPP-99/_history?_count=1')).total).toBe(3)
    expect((await history('Patient/_history')).total).toBe(3)
    expect(await history('Patient/_history?_count=1')).not.toHaveProperty('total')
    const narrow = await server.client('system/Patient.rs?gender=female')
    expect((await narrow.get('/fhir/Patient/IPP-99/_history?_count=1')).body).not.toHaveProperty('total')
  })

  it('lists with _at the versions that were current at some time of the period', async () => {
    const versions = (await history('Patient/IPP-99/_history')).entry.map(
      ({ response }) => response.lastModified,
    )
    const [deleted = '', second = '', first = ''] = versions
    const at = async (query: string) =>
      (await history(`Patient/IPP-99/_history?${query}`)).entry.map(({ response }) => response.etag)
    expect(await at(`_at=${first}`)).toEqual(['W/"1"'])
    expect(await at(`_at=${second}`)).toEqual(['W/"2"'])
    expect(await at(`_at=ge${second}`)).toEqual(['W/"3"', 'W/"2"'])
    expect(await at(`_at=lt${deleted}`)).toEqual(['W/"2"', 'W/"1"'])
    expect(await at(`_at=le${first}`)).toEqual(['W/"1"'])
    expect(await at(`_at=gt${deleted}`)).toEqual(['W/"3"'])
    expect(await at(`_at=${first.slice(0, 4)}`)).toHaveLength(3)
    expect(await history('Patient/IPP-99/_history?_at=1999')).not.toHaveProperty('entry')
    expect(await at(`_at=ge${first}&_since=${second}&_count=1`)).toEqual(['W/"3"'])
    expect((await history(`Patient/_history?_at=${second}`)).entry).toHaveLength(1)
  })

  it('begins at _since', async () => {
    const all = await history('_history')
    const since = all.entry[1]?.response.lastModified ?? ''
    expect((await history(`_history?_since=${since}`)).entry).toHaveLength(2)
  })

  it.each(['Patient/nobody/_history', 'Basic/none/_history'])('answers 404 for %s', async (path) => {
    expect((await client.get(`/fhir/${path}`)).status).toBe(404)
  })

  it.each(['_since=yesterday', '_count=many', 'colour=red', '_at=soon', '_at=ap2020', '_at=2020&_at=2021'])(
    'refuses %s',
    async (query) => {
      expect((await client.get(`/fhir/Basic/_history?${query}`)).status).toBe(400)
    },
  )
})
