import { Client as KitClient } from 'fhir-kit-client'
import { startServer, type TestServer } from '../support/server.ts'

/** A client that is not ours, as it is published: what it sends is what integrators send. */
describe('fhir-kit-client', () => {
  let server: TestServer
  let kit: KitClient
  let patient: string
  const observation = () => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: `Patient/${patient}` },
  })
  const totalOf = (bundle: unknown) => (bundle as { total?: number }).total

  beforeAll(async () => {
    server = await startServer()
    kit = new KitClient({ baseUrl: `${server.url}/fhir`, bearerToken: await server.token() })
    const created = await kit.create({
      resourceType: 'Patient',
      body: { resourceType: 'Patient', gender: 'male' },
    })
    patient = String(created['id'])
    await kit.create({ resourceType: 'Observation', body: observation() })
  })
  afterAll(() => server.close())

  it('searches a type, a compartment and the whole base', async () => {
    const searchParams = { code: 'http://loinc.org|718-7' }
    expect(totalOf(await kit.search({ resourceType: 'Observation', searchParams }))).toBe(1)
    const compartment = { resourceType: 'Patient', id: patient }
    expect(totalOf(await kit.compartmentSearch({ resourceType: 'Observation', compartment }))).toBe(1)
    const types = { _type: 'Patient,Observation' }
    expect(totalOf(await kit.systemSearch({ searchParams: types }))).toBe(2)
  })

  it('patches, and sees the version in the history', async () => {
    const jsonPatch = [{ op: 'replace' as const, path: '/gender', value: 'female' }]
    expect(await kit.patch({ resourceType: 'Patient', id: patient, jsonPatch })).toMatchObject({
      gender: 'female',
    })
    expect(totalOf(await kit.history({ resourceType: 'Patient', id: patient }))).toBe(2)
  })

  it('calls operations by GET and by POST', async () => {
    const everything = await kit.operation({
      name: 'everything',
      resourceType: 'Patient',
      id: patient,
      method: 'GET',
    })
    expect((everything as { entry?: unknown[] }).entry).toHaveLength(2)
    const outcome = await kit.operation({
      name: 'validate',
      resourceType: 'Patient',
      input: { resourceType: 'Patient', gender: 'nobody' },
    })
    const { issue } = outcome as { issue?: { code: string; severity: string }[] }
    expect(issue?.[0]).toMatchObject({ severity: 'error', code: 'code-invalid' })
  })

  it('writes a transaction', async () => {
    const entry = [{ request: { method: 'POST', url: 'Observation' }, resource: observation() }]
    const answer = await kit.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry } })
    expect(answer).toMatchObject({ type: 'transaction-response', entry: [{ response: { status: '201' } }] })
  })
})
