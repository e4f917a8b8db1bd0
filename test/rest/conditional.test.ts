import { cleanerId, startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})

afterAll(() => server.close())

const basic = (more: object) => ({ resourceType: 'Basic', code: { text: 'x' }, ...more })

interface Response {
  readonly entry: { readonly resource?: { readonly id: string } }[]
}

const transaction = (resources: object[]) => {
  const entry = resources.map((resource) => ({ resource, request: { method: 'POST', url: 'Basic' } }))
  return client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
}

describe('conditional interactions', () => {
  it('updates the one match, creates when there is none, refuses several', async () => {
    const url = (value: string) => `/fhir/Basic?identifier=urn:cu|${value}`
    const body = (value: string) => basic({ identifier: [{ system: 'urn:cu', value }] })
    const created = await client.put(url('a'), body('a'))
    expect(created.status).toBe(201)
    const updated = await client.put(url('a'), body('a'))
    expect([updated.status, (updated.body as { id: string }).id]).toEqual([
      200,
      (created.body as { id: string }).id,
    ])
    await client.post('/fhir/Basic', body('a'))
    expect((await client.put(url('a'), body('a'))).status).toBe(412)
    expect((await client.put('/fhir/Basic', body('a'))).status).toBe(400)
  })

  it('deletes all matches for a client with the grant delete-multiple, in one transaction', async () => {
    const cleaner = await server.client('system/*.cruds', '/fhir', cleanerId)
    const url = (value: string) => `/fhir/Basic?identifier=urn:many|${value}`
    const body = (value: string) => basic({ identifier: [{ system: 'urn:many', value }] })
    await transaction(Array.from({ length: 1001 }, (_, n) => body(n < 3 ? 'few' : 'many')))
    expect((await client.delete(url('few'))).status).toBe(412)
    expect((await cleaner.delete(url('few')).set('If-Match', 'W/"1"')).status).toBe(412)
    expect((await cleaner.delete(url('few'))).status).toBe(204)
    await transaction(Array.from({ length: 3 }, () => body('many')))
    const refused = await cleaner.delete(url('many'))
    expect([refused.status, refused.body]).toMatchObject([412, { issue: [{ code: 'too-costly' }] }])
    const left = async (value: string) =>
      ((await client.get(`${url(value)}&_summary=count`)).body as { total: number }).total
    expect([await left('few'), await left('many')]).toEqual([0, 1001])
    const [one] = ((await client.get(`${url('many')}&_count=1`)).body as Response).entry
    await client.delete(`/fhir/Basic/${one?.resource?.id}`)
    expect([(await cleaner.delete(url('many'))).status, await left('many')]).toEqual([204, 0])
  })

  it('deletes the one match, refuses several', async () => {
    const url = '/fhir/Basic?identifier=urn:cd|1'
    const body = basic({ identifier: [{ system: 'urn:cd', value: '1' }] })
    const { id } = (await client.post('/fhir/Basic', body)).body as { id: string }
    await client.post('/fhir/Basic', body)
    expect((await client.delete(url)).status).toBe(412)
    expect((await client.delete(`/fhir/Basic/${id}`)).status).toBe(204)
    expect((await client.delete(url)).status).toBe(204)
    expect((await client.get('/fhir/Basic?identifier=urn:cd|1&_summary=count')).body).toMatchObject({
      total: 0,
    })
  })
})
