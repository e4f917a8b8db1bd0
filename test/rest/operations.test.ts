import type { Bundle, Observation, OperationOutcome, Parameters } from 'fhir/r4.js'
import { Sweeper } from '../../src/identity/sweeper.ts'
import { sql } from '../../src/store/sql.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})
afterAll(() => server.close())

describe('$meta', () => {
  const tag = (code: string, display?: string) => ({
    system: 'http://example.org/tags',
    code,
    ...(display ? { display } : {}),
  })
  const meta = (given: object) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'meta', valueMeta: given }],
  })
  const returned = (body: unknown) => (body as Parameters).parameter?.[0]?.valueMeta

  beforeAll(() =>
    client
      .put('/fhir/Basic/tagged', {
        resourceType: 'Basic',
        id: 'tagged',
        code: { text: 'a' },
        meta: { tag: [tag('a')] },
      })
      .expect(201),
  )

  it('returns the meta of a resource, and of one of its versions', async () => {
    const { body } = await client.get('/fhir/Basic/tagged/$meta').expect(200)
    expect(returned(body)).toMatchObject({ versionId: '1', tag: [tag('a')] })
    const { body: first } = await client.get('/fhir/Basic/tagged/_history/1/$meta').expect(200)
    expect(returned(first)).toEqual(returned(body))
  })

  it('adds what is not there by system and code, in a version of its own, and takes it away again', async () => {
    const given = { tag: [tag('a', 'another display'), tag('b')], profile: ['http://example.org/profile'] }
    const { body } = await client.post('/fhir/Basic/tagged/$meta-add', meta(given)).expect(200)
    expect(returned(body)).toMatchObject({
      versionId: '2',
      tag: [tag('a'), tag('b')],
      profile: ['http://example.org/profile'],
    })
    const { body: less } = await client.post('/fhir/Basic/tagged/$meta-delete', meta(given)).expect(200)
    expect(returned(less)).toMatchObject({ versionId: '3' })
    expect(returned(less)).not.toHaveProperty('tag')
    const found = (await client.get('/fhir/Basic?_tag=b')).body as Bundle
    expect(found.total).toBe(0)
  })

  it('makes no version when there is nothing to change', async () => {
    const { body } = await client
      .post('/fhir/Basic/tagged/$meta-delete', meta({ tag: [tag('z')] }))
      .expect(200)
    expect(returned(body)?.versionId).toBe('3')
  })

  it('loses none of several that are added at once', async () => {
    const codes = ['p', 'q', 'r', 's', 't']
    await Promise.all(
      codes.map((code) =>
        client.post('/fhir/Basic/tagged/$meta-add', meta({ tag: [tag(code)] })).expect(200),
      ),
    )
    const { body } = await client.get('/fhir/Basic/tagged/$meta').expect(200)
    expect(
      returned(body)
        ?.tag?.map(({ code }) => code)
        .sort(),
    ).toEqual(codes)
    await client
      .post('/fhir/Basic/tagged/$meta-delete', meta({ tag: codes.map((code) => tag(code)) }))
      .expect(200)
  })

  it.each([
    ['a GET of what changes', () => client.get('/fhir/Basic/tagged/$meta-add'), 405],
    ['no meta', () => client.post('/fhir/Basic/tagged/$meta-add', { resourceType: 'Parameters' }), 400],
    ['a meta that is none', () => client.post('/fhir/Basic/tagged/$meta-add', meta({ tag: 'a' })), 422],
    ['a parameter that it does not have', () => client.get('/fhir/Basic/tagged/$meta?colour=red'), 400],
    ['a resource that is not there', () => client.get('/fhir/Basic/nobody/$meta'), 404],
    ['an operation that is not there', () => client.get('/fhir/Basic/tagged/$everything'), 404],
    ['a whole type, whose labels are in no list', () => client.get('/fhir/Basic/$meta'), 404],
  ])('refuses %s', async (_, call, expected) => {
    const { status, body } = await call()
    expect([status, (body as OperationOutcome).resourceType]).toEqual([expected, 'OperationOutcome'])
  })

  it('asks for the right to update', async () => {
    const reader = await server.client('system/Basic.rs')
    await reader.get('/fhir/Basic/tagged/$meta').expect(200)
    await reader.post('/fhir/Basic/tagged/$meta-add', meta({ tag: [tag('c')] })).expect(403)
  })
})

describe('$lastn', () => {
  const loinc = (code: string) => ({ system: 'http://loinc.org', code })
  const local = (code: string) => ({ system: 'http://example.org/local', code })
  let patient: string

  const observe = (code: object, day: number, given: object = {}) => ({
    request: { method: 'POST', url: 'Observation' },
    resource: {
      resourceType: 'Observation',
      status: 'final',
      category: [
        {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
          ],
        },
      ],
      subject: { reference: `Patient/${patient}` },
      code,
      effectiveDateTime: `2024-03-${String(day).padStart(2, '0')}`,
      valueInteger: day,
      ...given,
    },
  })
  const last = async (query: string) => {
    const { body } = await client.get(`/fhir/Observation/$lastn?patient=${patient}&${query}`).expect(200)
    const entries = (body as Bundle<Observation>).entry ?? []
    return entries.map(({ resource }) => resource?.valueInteger)
  }

  beforeAll(async () => {
    patient = ((await client.post('/fhir/Patient', { resourceType: 'Patient' })).body as { id: string }).id
    const entry = [
      ...[1, 2, 3].map((day) => observe({ coding: [loinc('2339-0')] }, day)),
      // the same by translation, over two steps
      observe({ coding: [loinc('2339-0'), local('GLU')] }, 4),
      observe({ coding: [local('GLU')] }, 5),
      observe({ coding: [loinc('718-7')] }, 10),
      observe({ coding: [loinc('718-7')] }, 10, { status: 'preliminary' }),
      observe({ coding: [loinc('718-7')] }, 9),
      observe({ text: 'Humeur' }, 20),
      observe({ text: 'humeur' }, 21),
    ]
    await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry }).expect(200)
  })

  it('returns the last of each code, newest first; codes are one over translations, texts are told apart', async () => {
    expect(await last('category=laboratory')).toEqual([21, 20, 10, 10, 5])
  })

  it('returns as many as max says, and all of equal time', async () => {
    expect(await last('category=laboratory&max=3')).toEqual([21, 20, 10, 10, 9, 5, 4, 3])
    expect(await last('code=718-7&max=1')).toEqual([10, 10])
  })

  it('looks at what the other criteria leave', async () => {
    expect(await last('category=laboratory&date=lt2024-03-05')).toEqual([4])
    expect(await last('category=imaging')).toEqual([])
  })

  it.each([
    ['without a patient', 'category=laboratory'],
    ['without a code or category', 'patient=1'],
    ['with a max that is none', 'patient=1&code=1&max=0'],
    ['with an order of its own', 'patient=1&code=1&_sort=date'],
    ['with a parameter that is not there', 'patient=1&code=1&colour=red'],
  ])('is refused %s', async (_, query) => {
    await client.get(`/fhir/Observation/$lastn?${query}`).expect(400)
  })

  it('shows what the scopes reach', async () => {
    const narrow = await server.client('system/Observation.rs?code=http://loinc.org|718-7')
    const { body } = await narrow
      .get(`/fhir/Observation/$lastn?patient=${patient}&category=laboratory`)
      .expect(200)
    expect((body as Bundle<Observation>).entry?.map(({ resource }) => resource?.valueInteger)).toEqual([
      10, 10,
    ])
    const blind = await server.client('system/Patient.rs')
    await blind.get(`/fhir/Observation/$lastn?patient=${patient}&category=laboratory`).expect(403)
  })
})

describe('$expunge', () => {
  const flags = (...names: string[]) => ({
    resourceType: 'Parameters',
    parameter: names.map((name) => ({ name, valueBoolean: true })),
  })
  const basic = (text: string) => ({ resourceType: 'Basic', id: 'worn', code: { text } })
  const sealedRows = () =>
    server.store.transaction('care', async (tx) => {
      const [row] = await tx.vault.query<{ n: number }>(sql`SELECT count(*)::int AS n FROM identity.sealed`)
      return row?.n ?? 0
    })

  it('takes former versions out of the history and the vault, and leaves the current one', async () => {
    for (const text of ['one', 'two', 'three']) await client.put('/fhir/Basic/worn', basic(text))
    const before = await sealedRows()
    const { body } = await client
      .post('/fhir/Basic/worn/$expunge', flags('expungePreviousVersions'))
      .expect(200)
    expect((body as Parameters).parameter).toEqual([{ name: 'count', valueInteger: 2 }])
    // where the vault is on another server they go once it is certain that the versions are gone
    await server.app.get(Sweeper, { strict: false }).sweep(0)
    expect(await sealedRows()).toBe(before - 2)
    await client.get('/fhir/Basic/worn/_history/1').expect(404)
    expect((await client.get('/fhir/Basic/worn').expect(200)).body).toMatchObject({ code: { text: 'three' } })
  })

  it('makes as if a deleted resource had never been', async () => {
    await client.delete('/fhir/Basic/worn').expect(204)
    await client.get('/fhir/Basic/worn').expect(410)
    await client.post('/fhir/Basic/worn/$expunge', flags('expungeDeletedResources')).expect(200)
    await client.get('/fhir/Basic/worn').expect(404)
    await client.get('/fhir/Basic/worn/_history').expect(404)
  })

  it.each([
    ['nothing to say what', { resourceType: 'Parameters' }, 400],
    ['everything at once', flags('expungeEverything'), 400],
    ['a resource that is not there', flags('expungePreviousVersions'), 404],
  ])('refuses %s', async (_, body, status) => {
    await client.post('/fhir/Basic/worn/$expunge', body).expect(status)
  })
})
