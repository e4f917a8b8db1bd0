import supertest from 'supertest'
import { startServer, type Client, type TestServer } from '../support/server.ts'
import { exported, kickoff, kickoffByPost, lines, manifestOf } from './bulk-client.ts'
import { observation, patient } from './world.ts'

let server: TestServer
let client: Client
let agent: ReturnType<typeof supertest>

beforeAll(async () => {
  server = await startServer()
  client = await server.client('system/*.cruds')
  agent = supertest(server.url)
  const put = (resource: object) => {
    const { resourceType, id } = resource as { resourceType: string; id: string }
    return client.put(`/fhir/${resourceType}/${id}`, resource).expect(201)
  }
  for (const id of ['IPP-1', 'IPP-2', 'IPP-3']) {
    await put(patient(id))
    await put(observation(`glucose-${id}`, id, '2345-7'))
    await put(observation(`creatinine-${id}`, id, '2160-0', { status: 'preliminary' }))
  }
  await put({ resourceType: 'Organization', id: 'chu', name: 'CHU' })
  const entity = (id: string) => ({ entity: { reference: `Patient/${id}` } })
  const group = { resourceType: 'Group', type: 'person', actual: true }
  await put({ ...group, id: 'two', member: [entity('IPP-1'), { ...entity('IPP-2'), inactive: false }] })
  await put({ ...group, id: 'one', member: [entity('IPP-1'), { ...entity('IPP-3'), inactive: true }] })
  await put({ resourceType: 'Group', id: 'definition', type: 'person', actual: false })
})

afterAll(() => server.close())

const ids = (resources: readonly { readonly id: string }[]) => resources.map(({ id }) => id).sort()

describe('kick-off', () => {
  it.each([
    ['/fhir/$export', ['Group', 'Observation', 'Organization', 'Patient']],
    ['/fhir/Patient/$export', ['Observation', 'Patient']],
    ['/fhir/Group/two/$export', ['Observation', 'Patient']],
  ])(
    'B3, B9: %s answers 202 with an absolute Content-Location, and exports every type',
    async (url, types) => {
      const started = await kickoff(client, url).expect(202)
      expect(started.headers['content-location']).toMatch(
        new RegExp(`^${server.url}/fhir/bulk-status/[0-9a-f-]{36}$`),
      )
      const { output } = await manifestOf(client, started.headers['content-location'] as string)
      expect(output.map(({ type }) => type)).toEqual(types)
    },
  )

  it.each(['application/fhir+json', 'application/json'])('B4: takes Parameters as %s', async (type) => {
    const parameter = [
      { name: '_type', valueString: 'Patient' },
      { name: 'patient', valueReference: { reference: 'Patient/IPP-2' } },
    ]
    const started = await kickoffByPost(client, '/fhir/Patient/$export', parameter).type(type).expect(202)
    const { output, request } = await manifestOf(client, started.headers['content-location'] as string)
    expect(ids(await lines(client, output))).toEqual(['IPP-2'])
    // B29: the URL, without what the body asked
    expect(request).toBe(`${server.url}/fhir/Patient/$export`)
  })

  it.each([
    ['B5: no Accept', {}, { Prefer: 'respond-async' }, 406],
    ['B5: Accept of something else', {}, { Accept: 'text/csv', Prefer: 'respond-async' }, 406],
    ['B5: no Prefer', {}, { Accept: 'application/fhir+json' }, 400],
    ['B5: Prefer of something else', {}, { Accept: 'application/fhir+json', Prefer: 'return=minimal' }, 400],
  ])('%s is refused with an OperationOutcome (B10)', async (_title, _none, headers, status) => {
    const refused = await client.get('/fhir/$export').set(headers).expect(status)
    expect(refused.headers['content-type']).toMatch('application/fhir+json')
    expect(JSON.parse(refused.text)).toMatchObject({ resourceType: 'OperationOutcome' })
  })

  it.each([undefined, 'Bearer', 'Bearer nonsense'])(
    'B7: 401 with the authorization %s',
    async (authorization) => {
      const asked = agent
        .get('/fhir/$export')
        .set({ Accept: 'application/fhir+json', Prefer: 'respond-async' })
      const refused = await (
        authorization === undefined ? asked : asked.set('Authorization', authorization)
      ).expect(401)
      expect(JSON.parse(refused.text)).toMatchObject({ resourceType: 'OperationOutcome' })
    },
  )

  it('B8: refuses a type that the scopes do not reach, and exports nothing else instead', async () => {
    const narrow = await server.client('system/Patient.rs')
    await kickoff(narrow, '/fhir/$export?_type=Patient,Observation').expect(403)
    await kickoff(narrow, '/fhir/$export?_typeFilter=Observation%3Fstatus%3Dfinal').expect(403)
    const { manifest } = await exported(narrow, '/fhir/$export')
    expect(manifest.output.map(({ type }) => type)).toEqual(['Patient'])
  })

  it('B19, B24: refuses patient at system level, and what it does not know', async () => {
    await kickoffByPost(client, '/fhir/$export', [{ name: 'patient', valueString: 'Patient/IPP-1' }]).expect(
      400,
    )
    await kickoff(client, '/fhir/$export?_until=2026-01-01T00:00:00Z').expect(400)
  })

  it('B18: refuses a patient that is unknown, or not in the Group', async () => {
    const parameter = (id: string) => [{ name: 'patient', valueReference: { reference: `Patient/${id}` } }]
    await kickoffByPost(client, '/fhir/Patient/$export', parameter('nobody')).expect(400)
    await kickoffByPost(client, '/fhir/Group/two/$export', parameter('IPP-3')).expect(400)
    await kickoffByPost(client, '/fhir/Group/two/$export', parameter('IPP-2')).expect(202)
  })

  it('B43: 404 for a Group that is not there, 403 for one that the client may not read', async () => {
    await kickoff(client, '/fhir/Group/nobody/$export').expect(404)
    await kickoff(await server.client('system/Patient.rs'), '/fhir/Group/two/$export').expect(403)
    await kickoff(client, '/fhir/Group/definition/$export').expect(422)
  })
})

describe('what is exported', () => {
  it('B35: whole resources as they are read, the latest version of each', async () => {
    await client.put('/fhir/Patient/IPP-3', patient('IPP-3', { gender: 'other' })).expect(200)
    const { manifest } = await exported(client, '/fhir/$export?_type=Patient')
    const read = await client.get('/fhir/Patient/IPP-3').expect(200)
    const all = await lines(client, manifest.output)
    expect(all.find(({ id }) => id === 'IPP-3')).toEqual(JSON.parse(read.text))
    expect(ids(all)).toEqual(['IPP-1', 'IPP-2', 'IPP-3'])
  })

  it('B41: of a Group its active members, and nothing of others', async () => {
    const { manifest } = await exported(client, '/fhir/Group/one/$export')
    expect(ids(await lines(client, manifest.output))).toEqual(['IPP-1', 'creatinine-IPP-1', 'glucose-IPP-1'])
  })

  it('B16: filters of one type are ORed, criteria of one filter ANDed, other types are not touched', async () => {
    const filters = ['Observation?code=2345-7&patient=IPP-1', 'Observation?code=2160-0&patient=IPP-2']
    const query = new URLSearchParams(filters.map((filter): [string, string] => ['_typeFilter', filter]))
    const { manifest } = await exported(client, `/fhir/$export?_type=Patient,Observation&${query.toString()}`)
    expect(ids(await lines(client, manifest.output))).toEqual([
      ...['IPP-1', 'IPP-2', 'IPP-3', 'creatinine-IPP-2', 'glucose-IPP-1'],
    ])
  })

  it('B16: filters by an element that lies sealed', async () => {
    const filter = encodeURIComponent('Patient?family=IPP-2')
    const { manifest } = await exported(client, `/fhir/$export?_type=Patient&_typeFilter=${filter}`)
    expect(ids(await lines(client, manifest.output))).toEqual(['IPP-2'])
  })

  it('a granular scope limits the export, and a filter does not widen it', async () => {
    const granular = await server.client('system/Observation.rs?code=http://loinc.org|2345-7')
    const { manifest } = await exported(granular, '/fhir/$export')
    expect(ids(await lines(granular, manifest.output))).toEqual([
      'glucose-IPP-1',
      'glucose-IPP-2',
      'glucose-IPP-3',
    ])
    const filter = encodeURIComponent('Observation?patient=IPP-1')
    const filtered = await exported(granular, `/fhir/$export?_typeFilter=${filter}`)
    expect(ids(await lines(granular, filtered.manifest.output))).toEqual(['glucose-IPP-1'])
  })

  it('B17: _elements keeps what was asked, what is mandatory, and says that it is a part', async () => {
    const { manifest } = await exported(
      client,
      '/fhir/$export?_type=Observation,Patient&_elements=Observation.subject',
    )
    const [first, ...others] = await lines(client, manifest.output)
    expect(Object.keys(first ?? {}).sort()).toEqual([
      'code',
      'id',
      'meta',
      'resourceType',
      'status',
      'subject',
    ])
    expect(first?.['meta']).toMatchObject({ tag: [{ code: 'SUBSETTED' }] })
    expect(others.find(({ resourceType }) => resourceType === 'Patient')).toHaveProperty('birthDate')
  })

  it('B13: _since gives what was written later, and nothing else', async () => {
    const before = await exported(client, '/fhir/$export?_type=Patient')
    await client.put('/fhir/Patient/IPP-2', patient('IPP-2', { gender: 'male' })).expect(200)
    const since = encodeURIComponent(before.manifest.transactionTime)
    const after = await exported(client, `/fhir/$export?_type=Patient&_since=${since}`)
    expect(ids(await lines(client, after.manifest.output))).toEqual(['IPP-2'])
  })

  it('B23: what lenient handling left out is in an error file, one OperationOutcome a line', async () => {
    const started = await kickoff(client, '/fhir/$export?_type=Patient&organizeOutputBy=Patient')
      .set('Prefer', 'respond-async, handling=lenient')
      .expect(202)
    const { error } = await manifestOf(client, started.headers['content-location'] as string)
    expect(error).toMatchObject([{ type: 'OperationOutcome', count: 1 }])
    expect(await lines(client, error)).toMatchObject([
      { resourceType: 'OperationOutcome', issue: [{ severity: 'warning', code: 'not-supported' }] },
    ])
  })
})
