import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import supertest from 'supertest'
import { Authorizations } from '../../src/auth/oauth/authorizations.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { App, walk, type Person } from '../support/app-launch.ts'
import { launchWorld, type LaunchWorld } from '../support/app-launch-world.ts'
import { Launches } from '../support/launches.ts'

let world: LaunchWorld
let launches: Launches
let app: App

beforeAll(async () => {
  world = await launchWorld()
  launches = new Launches(world)
  app = launches.app
})

afterAll(() => world.close())

const scopesOf = (scope: unknown) => String(scope).split(' ').sort()
const as = (token: unknown) => ({ Authorization: `Bearer ${String(token)}` })

describe('a launch', () => {
  it('A17 takes an EHR’s handle once, from its app and for its user alone', async () => {
    const handle = await launch({ patient: world.patient, encounter: world.encounter })
    const asked = { scope: 'launch openid patient/Observation.rs', launch: handle }
    expect(await launches.refusal(asked, 'doctor', new App(world.server, 'basic'))).toBe('invalid_request')
    const { body } = await launches.launched(asked)
    expect(body).toMatchObject({ patient: world.patient, encounter: world.encounter })
    expect(await launches.refusal(asked)).toBe('invalid_request')
    const second = await launch({ patient: world.patient })
    const end = walk(
      world.server,
      await launches.signedIn('nurse'),
      app.authorizeUrl({ ...asked, launch: second }),
    )
    await expect(end).rejects.toMatchObject({ status: 403 })
  })

  it.each(['forged', 'ended', 'without its scope', 'without its parameter'])(
    'A17 refuses a handle that is %s',
    async (what) => {
      const handle = what === 'forged' ? 'made up' : await launch({ patient: world.patient })
      if (what === 'ended')
        await world.query(`UPDATE auth.artifact SET expires_at = now() WHERE model = 'Launch'`)
      const scope = what === 'without its scope' ? 'patient/*.rs' : 'launch patient/*.rs'
      expect(
        await launches.refusal({ scope, launch: what === 'without its parameter' ? undefined : handle }),
      ).toBe('invalid_request')
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
    const { body } = await launches.launched({ scope: 'patient/Observation.rs' })
    expect([body.patient, body.scope]).toEqual([world.patient, 'patient/Observation.rs'])
    const choosing = launches.launched({ scope: 'patient/Observation.rs' }, 'doctor', {
      patient: 'not-there',
    })
    await expect(choosing).rejects.toMatchObject({ status: 404 })
  })

  it('A18 is about themselves for patients, and about whom they stand for for relatives', async () => {
    for (const username of ['patient', 'mother']) {
      const { body } = await launches.launched({}, username, { patient: world.other })
      expect(body.patient).toBe(world.patient)
    }
    const foreign = await launch({ patient: world.other }, 'patient')
    expect(await launches.refusal({ scope: 'launch patient/*.rs', launch: foreign }, 'patient')).toBe(
      'access_denied',
    )
  })

  it('A19 grants what was left ticked, and no more than that', async () => {
    const { body } = await launches.launched(
      { scope: 'patient/Observation.rs patient/Condition.rs' },
      'doctor',
      {
        patient: world.patient,
        consent: (all) => ({ ...all, scopes: all.scopes.filter(({ type }) => type === 'Condition') }),
      },
    )
    expect(body.scope).toBe('patient/Condition.rs')
    const nothing = { patient: world.patient, consent: () => ({ scopes: [], offline: false }) }
    const end = await walk(
      world.server,
      await launches.signedIn('doctor'),
      app.authorizeUrl({ scope: 'patient/*.rs' }),
      nothing,
    )
    expect(String(end)).toContain('error=access_denied')
  })

  it('A20 gives offline access to whoever consents to it', async () => {
    const { body } = await launches.launched()
    expect(scopesOf(body.scope)).toContain('offline_access')
    const without = await launches.launched({}, 'doctor', {
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
    const { body } = await launches.launched({ scope: 'launch patient/*.rs offline_access', launch: handle })
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
    const { body } = await launches.launched({ scope })
    expect(scopesOf(body.scope)).toEqual(
      scopesOf(
        `openid fhirUser launch/patient offline_access ${granular} patient/Condition.rs user/Patient.cud`,
      ),
    )
    const nurse = await launches.launched({ scope: 'patient/*.rs user/*.cruds' }, 'nurse')
    expect(scopesOf(nurse.body.scope)).toEqual([
      'patient/Observation.rs',
      'patient/Patient.rs',
      'user/Observation.rs',
      'user/Patient.rs',
    ])
    expect(await launches.refusal({ scope: 'patient/*.rs' }, 'nobody')).toBe('invalid_scope')
    const limited = await launches.launched(
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
    const authorizations = world.server.app.get(Authorizations, { strict: false })
    authorizations.tellOfBrokenGlass(() => Promise.reject(FhirError.forbidden('nobody is there')))
    await expect(launches.launched(asked, 'nurse', broken)).rejects.toMatchObject({ status: 403 })
    const told: unknown[] = []
    authorizations.tellOfBrokenGlass((event) => Promise.resolve(void told.push(event)))
    const { body } = await launches.launched(asked, 'nurse', broken)
    expect(body.scope).toBe('patient/Condition.rs')
    expect(body).not.toHaveProperty('refresh_token')
    expect(told).toMatchObject([{ username: 'nurse', clientId: 'public', reason: 'found unconscious' }])
  })
})

it('puts on record who let which app in, once for each time', async () => {
  const events = async () => {
    const { rows } = await world.query(
      `SELECT body FROM audit.event WHERE body LIKE '%"authorize"%' AND body LIKE '%"mother"%'`,
    )
    return rows.length
  }
  const before = await events()
  await launches.launched({}, 'mother')
  expect(await events()).toBe(before + 1)
})

describe('OpenID Connect', () => {
  it('A40 A41 A42 A43 signs who it is with a key that it publishes', async () => {
    const { body } = await launches.launched({ nonce: 'n' })
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
