import pg from 'pg'
import { createHash } from 'node:crypto'
import { writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Browser, codeOf, redirectUri, walk } from '../support/app-launch.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

const password = 'correct horse battery'
let server: TestServer
let backend: Client
let patient: string
let encounter: string

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffre-launch-'))
  const users = join(folder, 'users.json')
  writeFileSync(
    users,
    JSON.stringify(['dora', 'paul'].map((username) => ({ username, name: username, roles: [], password }))),
  )
  server = await startServer({ COFFRE_USERS_FILE: users })
  await addClients()
  backend = await server.client()
  const made = await backend.post('/fhir/Patient', { resourceType: 'Patient', name: [{ family: 'Essai' }] })
  patient = String(made.body.id)
  const met = await backend.post('/fhir/Encounter', {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: `Patient/${patient}` },
  })
  encounter = String(met.body.id)
})

afterAll(() => server.close())

async function addClients(): Promise<void> {
  const words = 'openid fhirUser launch launch/patient launch/encounter offline_access online_access'
  const app = {
    scope: `${words} patient/*.rs user/*.cruds`,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
  const owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  const add = (client: { client_id: string }) =>
    owner.query(`INSERT INTO auth.client (client_id, metadata, scope, grants) VALUES ($1, $2, $3, '{}')`, [
      client.client_id,
      JSON.stringify(client),
      'patient/*.rs user/*.cruds',
    ])
  await add({ ...app, client_id: 'public', token_endpoint_auth_method: 'none' } as never)
  const hash = createHash('sha256').update('a long secret of forty characters or so').digest('hex')
  await add({
    ...app,
    client_id: 'basic',
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret_hash: hash,
  } as never)
  await owner.query(`UPDATE auth.person SET scope = 'user/*.cruds'`)
  await owner.end()
}

it('A27 walks a public client from authorize to token', async () => {
  const app = new App(server, 'public')
  const browser = new Browser(server)
  await browser.signIn('dora', password)
  const code = await codeOf(walk(server, browser, app.authorizeUrl(), { patient }))
  const answer = await app.redeem(code)
  expect([answer.status, answer.body.patient]).toEqual([200, patient])
  expect(encounter).not.toBe('')
})
