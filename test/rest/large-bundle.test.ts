import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})

afterAll(() => server.close())

interface Response {
  readonly entry: { readonly response: { readonly status: string; readonly etag: string } }[]
}

describe('transactions of thousands of entries', () => {
  const patients = 500
  const perPatient = 9
  const urn = (n: number) => `urn:uuid:00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

  /** Patients under ids of the hospital's, with observations that refer to them. */
  const entries = (tag: string, some = patients) =>
    Array.from({ length: some }, (_, n) => n).flatMap((n) => [
      {
        fullUrl: urn(n),
        resource: { resourceType: 'Patient', id: `big-${n}`, name: [{ family: `F${n}`, given: [tag] }] },
        request: { method: 'PUT', url: `Patient/big-${n}` },
      },
      ...Array.from({ length: perPatient }, (_, k) => ({
        resource: {
          resourceType: 'Observation',
          id: `big-${n}-${k}`,
          status: 'final',
          code: { text: tag },
          subject: { reference: urn(n) },
        },
        request: { method: 'PUT', url: `Observation/big-${n}-${k}` },
      })),
    ])
  const quietly = (all: readonly object[]) =>
    client
      .post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry: all })
      .set('Prefer', 'return=minimal')

  it('of 5,000 are written whole, with their references resolved', async () => {
    const answer = await quietly(entries('first'))
    expect(answer.status).toBe(200)
    expect((answer.body as Response).entry).toHaveLength(patients * (perPatient + 1))
    expect(new Set((answer.body as Response).entry.map(({ response }) => response.status))).toEqual(
      new Set(['201']),
    )
    expect((await client.get('/fhir/Observation?subject=Patient/big-7&_summary=count')).body).toMatchObject({
      total: perPatient,
    })
  })

  it('wait for each other when they write the same in another order, and both are done', async () => {
    const answers = await Promise.all([
      quietly(entries('second', 50)),
      quietly(entries('third', 50).toReversed()),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const versions = answers.map(
      ({ body }) =>
        new Set(
          (body as { entry: { response: { etag: string } }[] }).entry.map(({ response }) => response.etag),
        ),
    )
    expect(
      versions
        .map((one) => [...one])
        .flat()
        .sort(),
    ).toEqual(['W/"2"', 'W/"3"'])
  })

  it('are deleted in one pass', async () => {
    const deletes = entries('gone').map(({ request }) => ({ request: { ...request, method: 'DELETE' } }))
    const answer = await quietly(deletes)
    expect(new Set((answer.body as Response).entry.map(({ response }) => response.status))).toEqual(
      new Set(['204']),
    )
    expect((await client.get('/fhir/Observation?_summary=count')).body).toMatchObject({ total: 0 })
    expect((await client.get('/fhir/Patient/big-7')).status).toBe(410)
  })
})
