import pg from 'pg'
import { Erasing, settledMs } from '../../src/governance/erasing.ts'
import { splitDatabases } from '../support/database.ts'
import { writeRecord } from '../support/erasure.ts'
import { signIn, usersFile } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Two databases of one cluster stand for two servers. */
let databases: Awaited<ReturnType<typeof splitDatabases>>
let server: TestServer
let vault: pg.Client

beforeAll(async () => {
  databases = await splitDatabases()
  server = await startServer({
    COFFRE_USERS_FILE: usersFile({ dora: ['dpo'], stella: ['steward'] }),
    DATABASE_URL: databases.url,
    COFFRE_IDENTITY_DATABASE_URL: databases.vaultUrl,
  })
  vault = new pg.Client({ connectionString: databases.vaultUrl })
  await vault.connect()
}, 60_000)

afterAll(async () => {
  await vault.end()
  await server.close()
  await databases.drop()
})

it('erases a patient whose vault is on a server of its own, and looks through both', async () => {
  const care = await server.client()
  await writeRecord(care, 'IPP-erased')
  await writeRecord(care, 'IPP-other')
  const ask = { patient: 'IPP-erased', ground: 'objection', retention: 'kept-by-source' }
  const asked = await (await signIn(server, 'dora')).post('/governance/erasures', ask).expect(201)
  const path = `/governance/erasures/${(asked.body as { id: string }).id}`
  await (await signIn(server, 'stella')).post(`${path}/confirm`, { patient: 'IPP-erased' }).expect(200)
  await care.get('/fhir/Patient/IPP-erased').expect(404)
  const later = new Date(Date.now() + settledMs + 1000)
  expect(await server.app.get(Erasing, { strict: false }).proceedAll(later)).toBe(1)
  const { body } = await (await signIn(server, 'dora')).get(`${path}/certificate`).expect(200)
  const { places } = (body as { certificate: { places: Record<string, number> } }).certificate
  expect(places).toMatchObject({ 'identity.data_key': 0, 'identity.sealed': 0, 'clinical.resource': 0 })
  const left = await vault.query('SELECT count(DISTINCT patient)::int AS n FROM identity.sealed')
  expect(left.rows).toEqual([{ n: 1 }])
  await care.get('/fhir/Patient/IPP-other').expect(200)
})
