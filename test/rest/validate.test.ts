import type { OperationOutcome, Parameters } from 'fhir/r4.js'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer({ COFFRE_VALIDATION: 'structure,Patient=profile,Basic=off' })
  client = await server.client()
})

afterAll(() => server.close())

const patient = { resourceType: 'Patient', gender: 'female' }
const backwards = { ...patient, name: [{ period: { start: '2024', end: '2023' } }] }
const perOne = 'error invariant Patient.name[0].period'

function parameters(...parameter: NonNullable<Parameters['parameter']>): Parameters {
  return { resourceType: 'Parameters', parameter }
}

/** Status, and each issue but warnings as `severity code expression`. */
async function told(answer: ReturnType<Client['get']>): Promise<(string | number)[]> {
  const { status, body } = await answer
  const lines = (body as OperationOutcome).issue
    .filter(({ severity }) => severity !== 'warning')
    .map(({ severity, code, expression }) => [severity, code, ...(expression ?? [])].join(' '))
  return [status, ...lines]
}

describe('$validate', () => {
  it('answers 200 and that all is well', async () => {
    expect(await told(client.post('/fhir/Patient/$validate', patient))).toEqual([
      200,
      'information informational',
    ])
  })

  it('answers 200 with the faults, invariants among them, at any level of validation on write', async () => {
    expect(await told(client.post('/fhir/Patient/$validate', backwards))).toEqual([200, perOne])
    const asParameter = parameters({ name: 'resource', resource: backwards })
    expect(await told(client.post('/fhir/Patient/$validate', asParameter))).toEqual([200, perOne])
    const basic = { resourceType: 'Basic' }
    expect(await told(client.post('/fhir/Basic/$validate', basic))).toEqual([
      200,
      'error required Basic.code',
    ])
  })

  it('answers 200 with a fault to a resource of another type', async () => {
    expect(await told(client.post('/fhir/Observation/$validate', patient))).toEqual([
      200,
      'error structure resourceType',
    ])
  })

  it('checks against the profile that is named', async () => {
    const profile = 'http://hl7.org/fhir/StructureDefinition/SimpleQuantity'
    expect(
      await told(client.post(`/fhir/Patient/$validate?profile=${encodeURIComponent(profile)}`, patient)),
    ).toEqual([200, 'error structure Patient'])
    const unknown = parameters(
      { name: 'mode', valueCode: 'profile' },
      { name: 'profile', valueUri: 'https://elsewhere.example/x' },
      { name: 'resource', resource: patient },
    )
    expect(await told(client.post('/fhir/Patient/$validate', unknown))).toEqual([
      200,
      'error not-supported Patient',
    ])
  })

  it('says for mode create what the level of validation on write would refuse', async () => {
    const claiming = { ...patient, meta: { profile: ['https://elsewhere.example/x'] } }
    const resource = { name: 'resource', resource: claiming as never }
    const mode = (valueCode: string) => parameters({ name: 'mode', valueCode }, resource)
    expect(await told(client.post('/fhir/Patient/$validate', mode('create')))).toEqual([
      200,
      'error not-supported Patient.meta.profile[0]',
    ])
    expect(await told(client.post('/fhir/Patient/$validate', parameters(resource)))).toEqual([
      200,
      'information informational',
    ])
  })

  it('says for mode update that the id is another', async () => {
    const update = parameters(
      { name: 'mode', valueCode: 'update' },
      { name: 'resource', resource: { ...patient, id: 'b' } },
    )
    expect(await told(client.post('/fhir/Patient/a/$validate', update))).toEqual([
      200,
      'error value Patient.id',
    ])
  })

  it('judges the current version of an instance, by GET', async () => {
    await client.put('/fhir/Observation/v', {
      ...{ resourceType: 'Observation', id: 'v', status: 'final', code: { text: 'x' } },
      effectivePeriod: { start: '2024', end: '2023' },
    })
    expect(await told(client.get('/fhir/Observation/v/$validate'))).toEqual([
      200,
      'error invariant Observation.effective',
    ])
  })

  it('for mode delete asks whether there is something to delete, and the right to', async () => {
    await client.put('/fhir/Patient/d', { ...patient, id: 'd' })
    const url = '/fhir/Patient/d/$validate?mode=delete'
    expect(await told(client.get(url))).toEqual([200, 'information informational'])
    expect((await (await server.client('system/Patient.r')).get(url)).status).toBe(403)
    expect((await client.get('/fhir/Patient/nobody/$validate?mode=delete')).status).toBe(404)
  })

  it.each([
    ['without a resource', 'get', '/fhir/Patient/$validate'],
    ['with a mode that there is not', 'get', '/fhir/Patient/x/$validate?mode=write'],
    ['of mode profile without one', 'get', '/fhir/Patient/x/$validate?mode=profile'],
    ['with a parameter that there is not', 'get', '/fhir/Patient/x/$validate?strict=true'],
  ] as const)('answers 400 %s', async (_, method, url) => {
    expect((await client[method](url)).status).toBe(400)
  })
})

describe('validation on write', () => {
  it('asks of each type what its level says: create, update, transaction and patch alike', async () => {
    const created = await client.post('/fhir/Patient', backwards)
    const updated = await client.put('/fhir/Patient/w', { ...backwards, id: 'w' })
    const entry = [{ resource: backwards, request: { method: 'POST', url: 'Patient' } }]
    const bundled = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
    expect([created.status, updated.status, bundled.status]).toEqual([422, 422, 422])
    await client.put('/fhir/Patient/w', { ...patient, id: 'w' })
    const patch = [{ op: 'add', path: '/name', value: backwards.name }]
    const patched = await client
      .patch('/fhir/Patient/w', JSON.stringify(patch))
      .set('Content-Type', 'application/json-patch+json')
    expect([patched.status, (patched.body as OperationOutcome).issue[0]?.code]).toEqual([422, 'invariant'])
    expect((await client.post('/fhir/Basic', { resourceType: 'Basic' })).status).toBe(201)
  })

  it('of a level that is not known stops the start', async () => {
    await expect(startServer({ COFFRE_VALIDATION: 'Animal=off' })).rejects.toThrow(/^COFFRE_VALIDATION: /)
  })
})
