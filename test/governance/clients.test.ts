import { createHash } from 'node:crypto'
import pg from 'pg'
import supertest from 'supertest'
import { App, Browser, codeOf, redirectUri, walk } from '../support/app-launch.ts'
import { password, peopleFile } from '../support/people.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** An administrator registers clients while the server runs. */
let server: TestServer
let admin: Record<string, string>
let patient: string

beforeAll(async () => {
  const users = peopleFile([
    { username: 'ada', roles: ['admin'] },
    { username: 'dora', scope: 'user/*.rs' },
  ])
  server = await startServer({ COFFRE_USERS_FILE: users })
  admin = await signIn('ada')
  const made = await (await server.client()).post('/fhir/Patient', { resourceType: 'Patient' })
  patient = String(made.body.id)
})

afterAll(() => server.close())

async function signIn(username: string): Promise<Record<string, string>> {
  const { body } = await supertest(server.url).post('/auth/login').send({ username, password })
  return { Authorization: `Bearer ${String(body.access_token)}` }
}

const at = (path: string) => `/governance/clients${path}`
const put = (id: string, body: object, by = admin) =>
  supertest(server.url)
    .put(at(`/${id}`))
    .set(by)
    .send(body)
const app = {
  client_id: 'carnet',
  client_name: 'Carnet',
  redirect_uris: [redirectUri],
  grant_types: ['authorization_code'],
  token_endpoint_auth_method: 'none',
  scope: 'launch/patient patient/*.rs',
}
const read = (token: string) =>
  supertest(server.url).get(`/fhir/Patient/${patient}`).set('Authorization', `Bearer ${token}`)

async function launch(): Promise<string> {
  const browser = new Browser(server)
  await browser.signIn('dora')
  const carnet = new App(server, 'carnet')
  const url = carnet.authorizeUrl({ scope: 'launch/patient patient/Patient.rs' })
  const { body } = await carnet.redeem(await codeOf(walk(server, browser, url, { patient })))
  return String(body.access_token)
}

it('is launched as soon as it is registered, and reaches no further as soon as its policy is narrower', async () => {
  expect((await put('carnet', app)).body).toMatchObject({ client_id: 'carnet', policy: 'patient/*.rs' })
  const token = await launch()
  expect((await read(token)).status).toBe(200)
  expect((await put('carnet', { ...app, scope: 'launch/patient patient/Observation.rs' })).status).toBe(200)
  expect((await read(token)).status).toBe(403)
  expect((await put('carnet', app)).status).toBe(200)
})

it('is taken away with all that it was issued', async () => {
  const token = await launch()
  expect((await supertest(server.url).delete(at('/carnet')).set(admin)).status).toBe(200)
  expect((await read(token)).status).toBe(401)
  expect((await supertest(server.url).get(at('/carnet')).set(admin)).status).toBe(404)
  expect((await supertest(server.url).delete(at('/carnet')).set(admin)).status).toBe(404)
})

it.each([
  ['a public client that asks in its own name', { grant_types: ['client_credentials'] }, 'grant_types'],
  ['an app without a redirect', { redirect_uris: [] }, 'redirect_uris'],
  ['a redirect over plain http', { redirect_uris: ['http://app.example/'] }, 'redirect_uris'],
  ['grants of a client that proves nothing', { grants: ['import'] }, 'grants'],
  ['a key set of a public client', { jwks_uri: 'https://app.example/jwks' }, 'jwks'],
  ['the scopes of a backend', { scope: 'system/*.rs' }, 'scope'],
  ['offline access and no way to use it', { scope: 'offline_access patient/*.rs' }, 'scope'],
  ['what is no scope', { scope: 'patient/*.rs everything' }, 'scope'],
  ['a secret of a client that shows none', { client_secret_hash: 'a'.repeat(64) }, 'client_secret_hash'],
  ['a member that is not known', { secret: 'x' }, 'secret'],
  ['another id than that of the URL', { client_id: 'other' }, 'client_id'],
])('is refused with %s, by the name of the member', async (_, given, member) => {
  const { status, body } = await put('wrong', { ...app, client_id: 'wrong', ...given })
  expect(status).toBe(400)
  expect(body.issue[0].expression).toEqual([expect.stringMatching(new RegExp(`^${member}`))])
  expect((await supertest(server.url).get(at('/wrong')).set(admin)).status).toBe(404)
})

it('gets a new secret that is shown once, and the one before is good no longer', async () => {
  const method = { token_endpoint_auth_method: 'client_secret_basic', client_secret_hash: 'a'.repeat(64) }
  await put('coffret', {
    ...{ ...app, ...method, client_id: 'coffret' },
    grant_types: ['authorization_code', 'refresh_token'],
  })
  const renew = () => supertest(server.url).post(at('/coffret/secret')).set(admin)
  const [first, second] = [(await renew()).body, (await renew()).body]
  const refresh = ({ client_secret: secret }: { client_secret: string }) =>
    supertest(server.url)
      .post('/auth/token')
      .auth('coffret', secret)
      .type('form')
      .send({ grant_type: 'refresh_token', refresh_token: 'x' })
  expect((await refresh(first)).body.error).toBe('invalid_client')
  expect((await refresh(second)).body.error).toBe('invalid_grant')
  const listed = await supertest(server.url).get(at('')).set(admin)
  const hash = createHash('sha256').update(String(second.client_secret)).digest('hex')
  expect([second.client_secret, hash].filter((kept) => listed.text.includes(String(kept)))).toEqual([])
})

it('is changed in the clients file alone when it is there: beside it, it would come back', async () => {
  const backend = supertest(server.url)
  expect((await put('test-client', { ...app, client_id: 'test-client' })).status).toBe(409)
  expect((await backend.delete(at('/test-client')).set(admin)).status).toBe(409)
  expect((await backend.post(at('/test-client/secret')).set(admin)).status).toBe(409)
})

it('is the business of administrators, and on record by the id of the client', async () => {
  const dora = await signIn('dora')
  expect((await put('carnet', app, dora)).status).toBe(403)
  expect((await supertest(server.url).get(at('')).set(dora)).status).toBe(403)
  const owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  const { rows } = await owner.query<{ body: string }>(
    `SELECT body::text AS body FROM audit.event WHERE body::text LIKE '%client-remove%'`,
  )
  await owner.end()
  expect(rows.some(({ body }) => body.includes('carnet'))).toBe(true)
})
