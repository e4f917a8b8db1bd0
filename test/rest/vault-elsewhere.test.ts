import pg from 'pg'
import { Sweeper } from '../../src/identity/sweeper.ts'
import { Database } from '../../src/store/database.ts'
import { splitDatabases } from '../support/database.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

interface Searchset {
  readonly entry?: readonly { readonly resource: { readonly id: string; readonly resourceType: string } }[]
}

/** Two databases of one cluster stand for two servers: no statement and no transaction reaches over both. */
describe('a vault on a server of its own', () => {
  let databases: Awaited<ReturnType<typeof splitDatabases>>
  let server: TestServer
  let client: Client
  let clinical: pg.Client
  let vault: pg.Client

  beforeAll(async () => {
    databases = await splitDatabases()
    server = await startServer({
      DATABASE_URL: databases.url,
      COFFRE_IDENTITY_DATABASE_URL: databases.vaultUrl,
    })
    client = await server.client()
    clinical = new pg.Client({ connectionString: databases.url })
    vault = new pg.Client({ connectionString: databases.vaultUrl })
    await Promise.all([clinical.connect(), vault.connect()])
  })
  afterAll(async () => {
    await Promise.all([clinical.end(), vault.end()])
    await server.close()
    await databases.drop()
  })

  const found = async (search: string) => {
    const { body } = (await client.get(`/fhir/${search}`).expect(200)) as { body: Searchset }
    return (body.entry ?? []).map(({ resource: { resourceType, id } }) => `${resourceType}/${id}`).sort()
  }
  const patient = (id: string, family: string) => ({
    ...{ resourceType: 'Patient', id, birthDate: '1951-04-03' },
    identifier: [{ system: 'urn:oid:1.2.3', value: `ipp-${id}` }],
    name: [{ family, given: ['Zélie'] }],
  })
  const observation = (id: string, subject: string) => ({
    ...{ resourceType: 'Observation', id, status: 'final', subject: { reference: `Patient/${subject}` } },
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    note: [{ text: 'seen at home' }],
  })
  const sealedRows = async () => {
    const { rows } = await vault.query<{ n: number }>('SELECT count(*)::int AS n FROM identity.sealed')
    return rows[0]?.n
  }
  const sweep = () => server.app.get(Sweeper, { strict: false }).sweep(0)

  it('has no schema of the other on either server', async () => {
    const schemas = `SELECT to_regnamespace('identity') IS NOT NULL AS vault, to_regnamespace('clinical') IS NOT NULL AS clinical`
    expect((await clinical.query(schemas)).rows).toEqual([{ vault: false, clinical: true }])
    expect((await vault.query(schemas)).rows).toEqual([{ vault: true, clinical: false }])
  })

  it('is ready when both answer', async () => {
    await client.get('/health/ready').expect(200)
  })

  it('gives back what was written, and each version of its history', async () => {
    await client.put('/fhir/Patient/versions', patient('versions', 'Barbier')).expect(201)
    await client.put('/fhir/Patient/versions', patient('versions', 'Chevalier')).expect(200)
    const { body: now } = await client.get('/fhir/Patient/versions').expect(200)
    expect(now).toMatchObject(patient('versions', 'Chevalier'))
    const { body: before } = await client.get('/fhir/Patient/versions/_history/1').expect(200)
    expect(before).toMatchObject(patient('versions', 'Barbier'))
  })

  it('finds a resource by its sealed values as they are now, before the sweep and after', async () => {
    for (const swept of [false, true]) {
      if (swept) await sweep()
      expect(await found('Patient?family=chevalier')).toEqual(['Patient/versions'])
      expect(await found('Patient?family=barbier')).toEqual([])
      expect(await found('Patient?identifier=urn:oid:1.2.3|ipp-versions')).toEqual(['Patient/versions'])
    }
    const { rows } = await vault.query('SELECT seal FROM identity.blind_index')
    expect(rows).toHaveLength(1)
    expect((await vault.query('SELECT FROM identity.pending')).rowCount).toBe(0)
  })

  it('answers chains, _has, _include, :not, :missing, :contains and sorts over it', async () => {
    await client.put('/fhir/Patient/chain', patient('chain', 'Garnier')).expect(201)
    await client.put('/fhir/Observation/chain', observation('chain', 'chain')).expect(201)
    const both = ['Observation/chain', 'Patient/chain']
    expect(await found('Observation?patient.identifier=ipp-chain&_include=Observation:patient')).toEqual(both)
    expect(await found('Patient?family=garnier&_revinclude=Observation:patient')).toEqual(both)
    expect(await found('Patient?_has:Observation:patient:code=718-7&family=garnier')).toEqual([
      'Patient/chain',
    ])
    expect(await found('Observation?patient.family=nobody')).toEqual([])
    expect(await found('Patient?identifier:not=ipp-chain')).toEqual(['Patient/versions'])
    expect(await found('Patient?family:missing=true')).toEqual([])
    expect(await found('Patient?family:contains=rnie')).toEqual(['Patient/chain'])
    expect(await found('Patient?birthdate=lt1960&_sort=-_lastUpdated')).toHaveLength(2)
  })

  it('creates on condition of a sealed identifier once', async () => {
    const search = `identifier=urn:oid:1.2.3|ipp-twice`
    const bundle = {
      ...{ resourceType: 'Bundle', type: 'transaction' },
      entry: [
        {
          resource: { ...patient('twice', 'Fontaine'), id: undefined },
          request: { method: 'POST', url: 'Patient', ifNoneExist: search },
        },
      ],
    }
    await Promise.all([1, 2, 3].map(() => client.post('/fhir', bundle)))
    expect(await found(`Patient?${search}`)).toHaveLength(1)
  })

  it('finds no more what is deleted, and destroys in the vault what is expunged', async () => {
    await client.put('/fhir/Patient/gone', patient('gone', 'Perrin')).expect(201)
    await sweep()
    const before = (await sealedRows()) ?? 0
    await client.delete('/fhir/Patient/gone').expect(204)
    expect(await found('Patient?family=perrin')).toEqual([])
    await client.post('/fhir/Patient/gone/$expunge', {
      resourceType: 'Parameters',
      parameter: [{ name: 'expungeDeletedResources', valueBoolean: true }],
    })
    await sweep()
    expect(await sealedRows()).toBe(before - 1)
  })

  it('leaves nothing that is found when the clinical server does not commit, and sweeps it away', async () => {
    await sweep()
    const before = await sealedRows()
    await clinical.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                          $$ BEGIN RAISE 'no commit today'; END $$`)
    await clinical.query(`CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON clinical.resource
                          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
    await client.put('/fhir/Patient/versions', patient('versions', 'Delmas')).expect(500)
    await clinical.query('DROP TRIGGER refuse ON clinical.resource')
    expect(await sealedRows()).toBe((before ?? 0) + 1)
    expect(await found('Patient?family=delmas')).toEqual([])
    expect(await found('Patient?family=chevalier')).toEqual(['Patient/versions'])
    expect(await sweep()).toBe(1)
    expect(await sealedRows()).toBe(before)
    expect(await found('Patient?family=chevalier')).toEqual(['Patient/versions'])
  })

  it('does not start when the settings would cut the clinical rows off from it', async () => {
    const without = { ...server.settings, COFFRE_IDENTITY_DATABASE_URL: undefined }
    const other = await splitDatabases()
    try {
      await expect(Database.open(Object.assign(Object.create(server.settings), without))).rejects.toThrow(
        'the vault of this database is on another server',
      )
      const empty = { ...without, COFFRE_IDENTITY_DATABASE_URL: other.vaultUrl }
      await expect(Database.open(Object.assign(Object.create(server.settings), empty))).rejects.toThrow(
        'that vault is empty',
      )
    } finally {
      await other.drop()
    }
  })
})
