import { createRemoteJWKSet, jwtVerify, decodeProtectedHeader } from 'jose'
import supertest from 'supertest'
import { AuthorizationServer } from '../../src/auth/oauth/authorization-server.ts'
import { Authorizations } from '../../src/auth/oauth/authorizations.ts'
import { App, Browser, codeOf, walk, type Person } from '../support/app-launch.ts'
import { launchWorld, password, type LaunchWorld } from '../support/app-launch-world.ts'

let world: LaunchWorld
let app: App

beforeAll(async () => {
  world = await launchWorld()
  app = new App(world.server, 'public')
})

afterAll(() => world.close())

async function signedIn(username: string): Promise<Browser> {
  const browser = new Browser(world.server)
  await browser.signIn(username, password)
  return browser
}

/** The token response of a whole launch. */
async function launched(
  given: Record<string, string | undefined> = {},
  username = 'doctor',
  person: Person = { patient: world.patient },
  by = app,
) {
  const browser = await signedIn(username)
  const code = await codeOf(walk(world.server, browser, by.authorizeUrl(given), person))
  return by.redeem(code)
}

/** The error that the app gets back. */
async function refusal(
  given: Record<string, string | undefined>,
  username = 'doctor',
  by = app,
): Promise<string> {
  const end = await walk(world.server, await signedIn(username), by.authorizeUrl(given), {
    patient: world.patient,
  })
  if (!(end instanceof URL)) return `page ${end.status}`
  const told = end.hash === '' ? end.searchParams : new URLSearchParams(end.hash.slice(1))
  expect(told.get('state')).toBe(by.state)
  return told.get('error') ?? 'none'
}

const scopesOf = (scope: unknown) => String(scope).split(' ').sort()
const as = (token: unknown) => ({ Authorization: `Bearer ${String(token)}` })

describe('the authorization endpoint', () => {
  it('A12 takes a POST, and makes it the GET of the same', async () => {
    const answer = await supertest(world.server.url)
      .post('/auth/authorize')
      .type('form')
      .send(app.parameters().toString())
    expect([answer.status, answer.headers['location']]).toEqual([303, app.authorizeUrl()])
  })

  it.each([
    ['another base', (url: string) => `${url}/research/p1/fhir`, 'invalid_request'],
    ['another server', () => 'https://elsewhere.example/fhir', 'invalid_request'],
    ['a path below it', (url: string) => `${url}/fhir/Patient`, 'invalid_request'],
    ['none', () => undefined, 'invalid_request'],
    ['a slash too many', (url: string) => `${url}/fhir/`, 'none'],
  ])('A13 compares aud with this base: %s', async (_, aud, error) => {
    expect(await refusal({ aud: aud(world.server.url) })).toBe(error)
  })

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['an unregistered redirect_uri', { redirect_uri: 'https://app.example/callback/' }],
    ['none', { redirect_uri: undefined }],
  ])('A14 shows an error page and sends nobody on: %s', async (_, given) => {
    const answer = await new Browser(world.server).get(app.authorizeUrl(given))
    expect([answer.status, answer.headers['location']]).toEqual([400, undefined])
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.text).not.toContain('app.example')
  })

  it('A14 lets others make the page', async () => {
    world.server.app
      .get(AuthorizationServer, { strict: false })
      .renderErrorsWith((_, error) => `our ${error}`)
    expect((await new Browser(world.server).get(app.authorizeUrl({ client_id: 'nobody' }))).text).toBe(
      'our invalid_client',
    )
  })

  it('A15 tells the app of other errors, with its state to the letter', async () => {
    expect(await refusal({ request: 'a.b.c' })).toBe('request_not_supported')
  })

  it.each(['public', 'basic', 'keyed'])('A16 wants PKCE by S256 of everyone: %s', async (clientId) => {
    const by = new App(world.server, clientId)
    const missing = { code_challenge: undefined, code_challenge_method: undefined }
    expect(await refusal(missing, 'doctor', by)).toBe('invalid_request')
    expect(await refusal({ code_challenge_method: 'plain' }, 'doctor', by)).toBe('invalid_request')
  })

  it('A34 drops what it does not know, and refuses when nothing is left', async () => {
    const strange = 'patient/Observation.dus patient/Nothing.rs system/*.rs somebody/*.rs'
    expect(await refusal({ scope: strange })).toBe('invalid_scope')
    const { body } = await launched({ scope: `${strange} patient/Patient.r` })
    expect(body.scope).toBe('patient/Patient.r')
  })

  it('asks for consent each time, and is told when there is none', async () => {
    expect(await refusal({ prompt: 'none' })).toMatch(/^(consent|login)_required$/)
  })

  it.each([{ prompt: 'login' }, { max_age: '0' }, { max_age: '60' }])(
    'refuses to say that somebody has just signed in: %j',
    async (given) => {
      expect(await refusal(given)).toBe('invalid_request')
    },
  )

  it('counts a sign-in as gone when its cookie is', async () => {
    const browser = await signedIn('doctor')
    await codeOf(walk(world.server, browser, app.authorizeUrl(), { patient: world.patient }))
    browser.signOut()
    await expect(walk(world.server, browser, app.authorizeUrl())).rejects.toThrow('nobody is signed in')
  })

  it('lets one browser not go on with what another began', async () => {
    const first = await new Browser(world.server).get(app.authorizeUrl())
    const stranger = await signedIn('doctor')
    const [request, response] = stranger.request(String(first.headers['location']))
    const authorizations = world.server.app.get(Authorizations, { strict: false })
    expect(await authorizations.pending(request, response)).toBeUndefined()
  })
})

describe('a launch', () => {
  it('A17 takes an EHR’s handle once, from its app and for its user alone', async () => {
    const handle = await launch({ patient: world.patient, encounter: world.encounter })
    const asked = { scope: 'launch openid patient/Observation.rs', launch: handle }
    expect(await refusal(asked, 'doctor', new App(world.server, 'basic'))).toBe('invalid_request')
    const { body } = await launched(asked)
    expect(body).toMatchObject({ patient: world.patient, encounter: world.encounter })
    expect(await refusal(asked)).toBe('invalid_request')
    const second = await launch({ patient: world.patient })
    const end = walk(world.server, await signedIn('nurse'), app.authorizeUrl({ ...asked, launch: second }))
    await expect(end).rejects.toMatchObject({ status: 403 })
  })

  it.each(['forged', 'ended', 'without its scope', 'without its parameter'])(
    'A17 refuses a handle that is %s',
    async (what) => {
      const handle = what === 'forged' ? 'made up' : await launch({ patient: world.patient })
      if (what === 'ended')
        await world.query(`UPDATE auth.artifact SET expires_at = now() WHERE model = 'Launch'`)
      const scope = what === 'without its scope' ? 'patient/*.rs' : 'launch patient/*.rs'
      expect(await refusal({ scope, launch: what === 'without its parameter' ? undefined : handle })).toBe(
        'invalid_request',
      )
    },
  )

  it('A17 is the business of clients with the grant launch, for records that they see', async () => {
    const ask = async (clientId: string, body: object) =>
      (await post(await world.server.token('system/*.rs', '/fhir', clientId), body)).status
    const good = { client_id: 'public', username: 'doctor', patient: world.patient }
    expect(await ask('test-client', good)).toBe(403)
    expect(await ask('ehr', { ...good, patient: 'not-there' })).toBe(404)
    expect(await ask('ehr', { ...good, patient: world.other, encounter: world.encounter })).toBe(400)
    expect(await ask('ehr', { ...good, username: 'not-there' })).toBe(400)
    expect(await ask('ehr', { ...good, client_id: 'test-client' })).toBe(400)
    expect(await ask('ehr', { ...good, fhirContext: [{ reference: 'Patient/1' }] })).toBe(400)
  })

  it('A18 has a patient chosen where one is needed, though nobody asked for launch/patient', async () => {
    const { body } = await launched({ scope: 'patient/Observation.rs' })
    expect([body.patient, body.scope]).toEqual([world.patient, 'patient/Observation.rs'])
    const choosing = launched({ scope: 'patient/Observation.rs' }, 'doctor', { patient: 'not-there' })
    await expect(choosing).rejects.toMatchObject({ status: 404 })
  })

  it('A18 is about themselves for patients, and about whom they stand for for relatives', async () => {
    for (const username of ['patient', 'mother']) {
      const { body } = await launched({}, username, { patient: world.other })
      expect(body.patient).toBe(world.patient)
    }
    const foreign = await launch({ patient: world.other }, 'patient')
    expect(await refusal({ scope: 'launch patient/*.rs', launch: foreign }, 'patient')).toBe('access_denied')
  })

  it('A19 grants what was left ticked, and no more than that', async () => {
    const { body } = await launched({ scope: 'patient/Observation.rs patient/Condition.rs' }, 'doctor', {
      patient: world.patient,
      consent: (all) => ({ ...all, scopes: all.scopes.filter(({ type }) => type === 'Condition') }),
    })
    expect(body.scope).toBe('patient/Condition.rs')
    const nothing = { patient: world.patient, consent: () => ({ scopes: [], offline: false }) }
    const end = await walk(
      world.server,
      await signedIn('doctor'),
      app.authorizeUrl({ scope: 'patient/*.rs' }),
      nothing,
    )
    expect(String(end)).toContain('error=access_denied')
  })

  it('A20 gives offline access to whoever consents to it', async () => {
    const { body } = await launched()
    expect(scopesOf(body.scope)).toContain('offline_access')
    const without = await launched({}, 'doctor', {
      patient: world.patient,
      consent: (all) => ({ ...all, offline: false }),
    })
    expect(scopesOf(without.body.scope)).not.toContain('offline_access')
    expect(without.body).not.toHaveProperty('refresh_token')
  })

  it('A28 A29 A30 A31 says for whom it is, with what beside, and how it should look', async () => {
    const fhirContext = [{ reference: 'ImagingStudy/1', role: 'launch' }]
    const context = { patient: world.patient, encounter: world.encounter, fhirContext, intent: 'reconcile' }
    const handle = await launch({ ...context, need_patient_banner: false })
    const { body } = await launched({ scope: 'launch patient/*.rs offline_access', launch: handle })
    expect(body).toMatchObject({ ...context, need_patient_banner: false })
    const { body: again } = await app.refresh(body.refresh_token)
    expect(again).toMatchObject({ ...context, need_patient_banner: false })
    const style = await supertest(String(body.smart_style_url)).get('')
    expect([style.status, typeof style.body.color_background]).toEqual([200, 'string'])
    const read = await supertest(world.server.url)
      .get(`/fhir/Patient/${world.patient}`)
      .set(as(body.access_token))
    expect(read.status).toBe(200)
  })

  it('A32 A33 grants v1 and v2 alike, granular scopes among them, within the person’s rights', async () => {
    const granular =
      'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory'
    const scope = `openid fhirUser launch/patient offline_access ${granular} patient/Condition.read user/Patient.write`
    const { body } = await launched({ scope })
    expect(scopesOf(body.scope)).toEqual(
      scopesOf(
        `openid fhirUser launch/patient offline_access ${granular} patient/Condition.rs user/Patient.cud`,
      ),
    )
    const nurse = await launched({ scope: 'patient/*.rs user/*.cruds' }, 'nurse')
    expect(scopesOf(nurse.body.scope)).toEqual([
      'patient/Observation.rs',
      'patient/Patient.rs',
      'user/Observation.rs',
      'user/Patient.rs',
    ])
    expect(await refusal({ scope: 'patient/*.rs' }, 'nobody')).toBe('invalid_scope')
    const limited = await launched(
      { scope: 'openid offline_access patient/*.rs' },
      'doctor',
      undefined,
      new App(world.server, 'limited'),
    )
    expect(limited.body.scope).toBe('patient/Observation.rs')
  })

  it('gives what breaking the glass adds for a reason alone, and when somebody is told', async () => {
    const broken: Person = {
      patient: world.patient,
      consent: (all) => ({ ...all, scopes: everything, emergencyReason: 'found unconscious' }),
    }
    const asked = { scope: 'patient/Condition.rs offline_access' }
    await expect(launched(asked, 'nurse', broken)).rejects.toMatchObject({ status: 403 })
    const told: unknown[] = []
    world.server.app
      .get(Authorizations, { strict: false })
      .tellOfBrokenGlass((event) => Promise.resolve(void told.push(event)))
    const { body } = await launched(asked, 'nurse', broken)
    expect(body.scope).toBe('patient/Condition.rs')
    expect(body).not.toHaveProperty('refresh_token')
    expect(told).toMatchObject([{ username: 'nurse', clientId: 'public', reason: 'found unconscious' }])
  })
})

describe('OpenID Connect', () => {
  it('A40 A41 A42 A43 signs who it is with a key that it publishes', async () => {
    const { body } = await launched({ nonce: 'n' })
    const issuer = `${world.server.url}/auth`
    const found = await supertest(issuer).get('/.well-known/openid-configuration')
    expect(found.body).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    })
    const keys = createRemoteJWKSet(new URL(String(found.body.jwks_uri)))
    const { payload } = await jwtVerify(String(body.id_token), keys, { issuer, audience: 'public' })
    expect(decodeProtectedHeader(String(body.id_token))).toMatchObject({
      alg: 'RS256',
      kid: expect.any(String),
    })
    expect(payload).toMatchObject({
      sub: 'doctor',
      nonce: 'n',
      exp: expect.any(Number),
      iat: expect.any(Number),
    })
    expect(payload['fhirUser']).toMatch(new RegExp(`^${world.server.url}/fhir/Practitioner/[^/]+$`))
    const read = await supertest(String(payload['fhirUser'])).get('').set(as(body.access_token))
    expect(read.status).toBe(200)
  })

  it('A41 keeps the private half of the key sealed', async () => {
    const { rows } = await world.query(`SELECT sealed FROM auth.signing_key`)
    expect(String(rows[0]?.['sealed'])).not.toContain('"d"')
  })
})

const everything = (['patient', 'user'] as const).map((context) => ({
  ...{ context, type: '*', filters: [] },
  permissions: new Set(['c', 'r', 'u', 'd', 's'] as const),
}))

function post(token: string, body: object) {
  return supertest(world.server.url).post('/auth/launch').set(as(token)).send(body)
}

/** A handle from the EHR. */
async function launch(context: object, username = 'doctor'): Promise<string> {
  const token = await world.server.token('system/*.rs', '/fhir', 'ehr')
  const { body } = await post(token, { client_id: 'public', username, ...context })
  return String(body.launch)
}
