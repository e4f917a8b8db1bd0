import type { CapabilityStatement, CapabilityStatementRest } from 'fhir/r4.js'
import { decodeJwt } from 'jose'
import { createHash } from 'node:crypto'
import pg from 'pg'
import supertest from 'supertest'
import { parseScopes } from '../../src/access/scope.ts'
import { AuthSeal, sealedPlace } from '../../src/auth/auth-seal.ts'
import { Authorizations, type Consent } from '../../src/auth/oauth/authorizations.ts'
import { App, Browser, codeOf, redirectUri, walk } from '../support/app-launch.ts'
import { peopleFile } from '../support/people.ts'
import { addClient } from '../support/registered-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

const secret = 'a long secret of forty characters or so'
const rights = 'patient/*.cruds user/*.cruds'

let server: TestServer
let owner: pg.Client
let patient: string

beforeAll(async () => {
  server = await startServer({ COFFRE_USERS_FILE: peopleFile([{ username: 'dora', name: 'Dora' }]) })
  owner = new pg.Client({ connectionString: server.databaseUrl })
  await owner.connect()
  await addApp({ client_id: 'app', token_endpoint_auth_method: 'none' }, [])
  const client_secret_hash = createHash('sha256').update(secret).digest('hex')
  const basic = { token_endpoint_auth_method: 'client_secret_basic', client_secret_hash }
  await addApp({ client_id: 'resource-server', ...basic }, ['introspect'])
  const fhirUser = server.app
    .get(AuthSeal, { strict: false })
    .seal('Practitioner/p-1', sealedPlace.fhirUser('dora'))
  await owner.query(`UPDATE auth.person SET scope = $1, fhir_user = $2`, ['user/*.cruds', fhirUser])
  const backend = await server.client()
  patient = String((await backend.post('/fhir/Patient', { resourceType: 'Patient' })).body.id)
})

afterAll(async () => {
  await owner.end()
  await server.close()
})

function addApp(
  metadata: { readonly client_id: string } & Record<string, string>,
  grants: readonly string[],
): Promise<void> {
  const words = 'openid fhirUser launch/patient offline_access online_access'
  const app = {
    ...{ scope: `${words} ${rights}`, redirect_uris: [redirectUri], response_types: ['code'] },
    ...{ grant_types: ['authorization_code', 'refresh_token'], ...metadata },
  }
  return addClient(server, app, grants)
}

interface TokenResponse {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly scope: string
  readonly patient?: string
}

/** What an app gets that Dora has let in, with the browser that she did it in. */
async function launched(scope: string, emergencyReason?: string) {
  const app = new App(server, 'app')
  const browser = new Browser(server)
  await browser.signIn('dora')
  const consent = (all: Consent): Consent =>
    emergencyReason === undefined ? all : { ...all, scopes: parseScopes(scope, 'UTC'), emergencyReason }
  const person = { patient, consent }
  const answer = await app.redeem(await codeOf(walk(server, browser, app.authorizeUrl({ scope }), person)))
  expect(answer.status).toBe(200)
  return { app, token: answer.body as TokenResponse }
}

const refresh = (app: App, { refresh_token }: TokenResponse) =>
  app.token({ grant_type: 'refresh_token', refresh_token, client_id: 'app' })

const read = (path: string, token: string) => supertest(server.url).get(path).auth(token, { type: 'bearer' })

async function introspected(token: string): Promise<object> {
  const answer = await supertest(server.url)
    .post('/auth/introspect')
    .auth('resource-server', secret)
    .type('form')
    .send({ token })
  expect(answer.status).toBe(200)
  return answer.body as object
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((passed) => setTimeout(passed, 5))
}

it('A44: answers a token that is none with 401, a challenge and an OperationOutcome, whatever is asked', async () => {
  const answers = [
    ['get', `/fhir/Patient/${patient}`],
    ['get', '/fhir/Patient?_id=a'],
    ['post', '/fhir/Patient/_search'],
    ['post', '/fhir'],
    ['get', '/fhir/$export'],
    ['get', '/fhir/Group/g/$export'],
    ['get', '/fhir/$export/00000000-0000-4000-8000-000000000000'],
    ['post', '/fhir/Patient/$match'],
    ['get', '/fhir/_history'],
    ['get', '/fhir/Nonsense'],
  ] as const
  for (const [method, path] of answers) {
    const asked = supertest(server.url)[method](path)
    const answer = await asked.set('Authorization', `Bearer ${'x'.repeat(43)}`)
    const { resourceType } = JSON.parse(answer.text) as { resourceType: string }
    expect([path, answer.status, resourceType]).toEqual([path, 401, 'OperationOutcome'])
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="coffre", error="invalid_token"')
  }
})

it('A7: names in the CapabilityStatement the endpoints that discovery names', async () => {
  const [metadata, discovery] = await Promise.all(
    ['metadata', '.well-known/smart-configuration'].map((path) => supertest(server.url).get(`/fhir/${path}`)),
  )
  const [{ security }] = (JSON.parse(metadata?.text ?? '') as CapabilityStatement).rest as [
    CapabilityStatementRest,
  ]
  expect(security?.service?.[0]?.coding?.[0]?.code).toBe('SMART-on-FHIR')
  const uris = security?.extension?.find(({ url }) => url.endsWith('/StructureDefinition/oauth-uris'))
  const named = Object.fromEntries(
    (uris?.extension ?? []).map(({ url, valueUri }) => [endpointNames[url] ?? url, valueUri]),
  )
  expect(discovery?.body).toMatchObject(named)
  expect(Object.keys(named)).toEqual(expect.arrayContaining(['authorization_endpoint', 'token_endpoint']))
})

it('A4: an app gets all of the scopes that discovery lists, asked for at once', async () => {
  const { body } = await supertest(server.url).get('/fhir/.well-known/smart-configuration')
  const listed = (body.scopes_supported as string[]).filter(
    (scope) => !scope.startsWith('system/') && scope !== 'launch' && scope !== 'online_access',
  )
  const { token } = await launched(listed.join(' '))
  const words = listed.filter((scope) => !scope.includes('/*.'))
  expect(token.scope.split(' ').sort()).toEqual([...words, 'patient/*.cruds', 'user/*.cruds'].sort())
})

it('A54: introspection tells of an app’s token what the app was told', async () => {
  const { token } = await launched('openid fhirUser launch/patient patient/Observation.rs')
  const claims = decodeJwt(token.id_token ?? '')
  expect(await introspected(token.access_token)).toEqual({
    ...{ active: true, scope: token.scope, client_id: 'app', token_type: 'Bearer' },
    ...{ iss: claims.iss, sub: claims.sub, username: 'dora', aud: `${server.url}/fhir` },
    ...{ exp: expect.any(Number), iat: expect.any(Number), patient, fhirUser: claims['fhirUser'] },
  })
  expect([token.patient, claims['fhirUser']]).toEqual([patient, `${server.url}/fhir/Practitioner/p-1`])
})

it('A55, A56: introspection with a wrong secret is refused, and of an unknown token says nothing', async () => {
  const ask = (word: string) =>
    supertest(server.url)
      .post('/auth/introspect')
      .auth('resource-server', word)
      .type('form')
      .send({ token: 'x' })
  expect((await ask('wrong')).status).toBe(401)
  expect((await ask(secret)).body).toEqual({ active: false })
})

it('A51: user/ reaches at once no further than what the person may do now', async () => {
  const { token } = await launched('user/*.rs')
  const status = async (path: string) => (await read(path, token.access_token)).status
  expect([await status('/fhir/Observation'), await status('/fhir/Patient')]).toEqual([200, 200])
  await owner.query(`UPDATE auth.person SET scope = 'user/Patient.rs'`)
  await until(async () => (await status('/fhir/Observation')) === 403)
  expect(await status('/fhir/Patient')).toBe(200)
  expect(await introspected(token.access_token)).toMatchObject({ scope: 'user/Patient.rs' })
  await owner.query(`UPDATE auth.person SET scope = 'user/*.cruds'`)
})

it('A51: patient/ reaches no other patient', async () => {
  const backend = await server.client()
  const other = String((await backend.post('/fhir/Patient', { resourceType: 'Patient' })).body.id)
  const { token } = await launched('launch/patient patient/*.rs')
  const [own, strange] = [`/fhir/Patient/${patient}`, `/fhir/Patient/${other}`]
  expect((await read(own, token.access_token)).status).toBe(200)
  expect((await read(strange, token.access_token)).status).not.toBe(200)
})

it('A57: revoking a refresh token takes the app its access tokens, and the tokens of its family', async () => {
  const { app, token } = await launched('user/Patient.rs offline_access')
  const renewed = (await refresh(app, token)).body as TokenResponse
  const revoke = { token: renewed.refresh_token, client_id: 'app' }
  expect((await supertest(server.url).post('/auth/revoke').type('form').send(revoke)).status).toBe(200)
  for (const { access_token: value } of [token, renewed]) {
    expect((await read('/fhir/Patient', value)).status).toBe(401)
    expect(await introspected(value)).toEqual({ active: false })
  }
  expect((await refresh(app, renewed)).status).toBe(400)
})

it('A37: what was granted for as long as somebody is signed in ends when they sign out', async () => {
  const { app, token } = await launched('user/Patient.rs online_access')
  expect((await read('/fhir/Patient', token.access_token)).status).toBe(200)
  await owner.query(`DELETE FROM auth.session`)
  await until(async () => (await read('/fhir/Patient', token.access_token)).status === 401)
  expect((await refresh(app, token)).status).toBe(400)
})

it('breaking the glass adds the emergency scopes, and its accesses say so on record', async () => {
  await owner.query(`UPDATE auth.person SET scope = 'user/Patient.rs', emergency_scope = 'user/Condition.rs'`)
  server.app.get(Authorizations, { strict: false }).tellOfBrokenGlass(() => Promise.resolve())
  const ordinary = await launched('user/Patient.rs user/Condition.rs')
  expect((await read('/fhir/Condition', ordinary.token.access_token)).status).toBe(403)
  const { token } = await launched('user/Patient.rs user/Condition.rs', 'unconscious, no relatives')
  expect((await read('/fhir/Condition', token.access_token)).status).toBe(200)
  const { rows } = await owner.query<{ body: string }>(
    `SELECT body FROM audit.event WHERE body LIKE '%"BTG"%' AND body LIKE '%dora%'`,
  )
  expect(rows).not.toEqual([])
  expect(rows.map(({ body }) => body).join()).not.toContain('unconscious')
  await owner.query(`UPDATE auth.person SET scope = 'user/*.cruds', emergency_scope = ''`)
})

it('a token goes with its person', async () => {
  const { token } = await launched('user/Patient.rs')
  expect((await read('/fhir/Patient', token.access_token)).status).toBe(200)
  await owner.query(`DELETE FROM auth.person`)
  await until(async () => (await read('/fhir/Patient', token.access_token)).status === 401)
})

/** As discovery calls what the extension `oauth-uris` has. */
const endpointNames: Readonly<Record<string, string>> = {
  authorize: 'authorization_endpoint',
  token: 'token_endpoint',
  introspect: 'introspection_endpoint',
  revoke: 'revocation_endpoint',
  register: 'registration_endpoint',
  manage: 'management_endpoint',
}
