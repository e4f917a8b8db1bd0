import { operatorSink } from '../../src/import/operator-sink.ts'
import type { ImportSink } from '../../src/import/sink.ts'
import type { Resource } from '../../src/fhir/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** What the sink is given again after a crash: the command had not come to write it down. */
describe('an import that was broken off', () => {
  let server: TestServer
  let sink: ImportSink
  beforeAll(async () => {
    server = await startServer()
    sink = operatorSink(server.app)
  })
  afterAll(() => server.close())

  const versions = async (type: string) => {
    const client = await server.client()
    const { body } = (await client.get(`/fhir/${type}?_count=1000`).expect(200)) as {
      body: { entry?: { resource: { meta: { versionId: string } } }[] }
    }
    return (body.entry ?? []).map(({ resource }) => resource.meta.versionId)
  }
  const transaction: Resource = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: ['a', 'b'].map((name) => ({
      fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000000${name}`,
      resource: { resourceType: 'Patient', name: [{ family: name }] },
      request: { method: 'POST', url: 'Patient' },
    })),
  }

  it('creates what a transaction creates once, however often it is given', async () => {
    const at = { source: 'first file', line: 3 }
    const results = [await sink.importBundle(transaction, at), await sink.importBundle(transaction, at)]
    expect(results[1]).toEqual(results[0])
    expect(await versions('Patient')).toEqual(['1', '1'])
  })

  it('creates it again from another line, another file, or when the file is to be imported again', async () => {
    await sink.importBundle(transaction, { source: 'first file', line: 4 })
    await sink.importBundle(transaction, { source: 'second file', line: 3 })
    await sink.forget('first file')
    await sink.importBundle(transaction, { source: 'first file', line: 3 })
    await sink.importBundle(transaction, { source: 'second file', line: 3 })
    expect(await versions('Patient')).toHaveLength(8)
  })

  it('carries out a transaction that was refused before: nothing of it is there', async () => {
    const at = { source: 'third file', line: 1 }
    const location = (status: string): Resource => ({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          resource: { resourceType: 'Location', status },
          request: { method: 'POST', url: 'Location' },
        },
        {
          resource: { resourceType: 'Location' },
          request: { method: 'PUT', url: 'Location?_id=none&_id=such' },
        },
      ],
    })
    await expect(sink.importBundle(location('no status of FHIR'), at)).rejects.toMatchObject({ status: 422 })
    expect(await versions('Location')).toEqual([])
    await sink.importBundle(location('active'), at)
    expect(await versions('Location')).toHaveLength(2)
  })

  it('creates each resource without an id once, and updates those with one', async () => {
    const organization = (name: string, id?: string): Resource => ({
      ...{ resourceType: 'Organization', name },
      ...(id === undefined ? {} : { id }),
    })
    const items = [
      { line: 1, resource: organization('one') },
      { line: 2, entry: 0, resource: organization('two') },
      { line: 2, entry: 1, resource: organization('three') },
      { line: 3, resource: organization('four', 'org-4') },
    ]
    await sink.importBatch(items.slice(0, 2), 'fourth file')
    const results = await sink.importBatch(items, 'fourth file')
    expect(results.map((result) => 'refused' in result)).toEqual([false, false, false, false])
    await sink.importBatch([...items, { line: 3, resource: organization('five', 'org-4') }], 'fourth file')
    expect((await versions('Organization')).sort()).toEqual(['1', '1', '1', '2'])
  })
})
