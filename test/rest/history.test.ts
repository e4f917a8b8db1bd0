import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

interface History {
  readonly type: string
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
      ['POST', 'Patient', '201', 'W/"1"'],
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

  it('begins at _since', async () => {
    const all = await history('_history')
    const since = all.entry[1]?.response.lastModified ?? ''
    expect((await history(`_history?_since=${since}`)).entry).toHaveLength(2)
  })

  it.each(['Patient/nobody/_history', 'Basic/none/_history'])('answers 404 for %s', async (path) => {
    expect((await client.get(`/fhir/${path}`)).status).toBe(404)
  })

  it.each(['_since=yesterday', '_count=many', 'colour=red'])('refuses %s', async (query) => {
    expect((await client.get(`/fhir/Basic/_history?${query}`)).status).toBe(400)
  })
})
