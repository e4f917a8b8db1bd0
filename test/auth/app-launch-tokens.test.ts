import type { Response } from 'supertest'
import supertest from 'supertest'
import { AuthorizedApps } from '../../src/auth/oauth/authorized-apps.ts'
import { People } from '../../src/auth/people/people.ts'
import { Sessions } from '../../src/auth/people/sessions.ts'
import { ResearchBases } from '../../src/auth/research-bases.ts'
import { App, Browser, codeOf, walk } from '../support/app-launch.ts'
import { launchWorld, secret, type LaunchWorld } from '../support/app-launch-world.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { assertion, assertionType, clientKey, type ClientKey } from './authorization-app.ts'

const publicUrl = 'http://localhost:8080'
const rounds = Number(process.env['COFFRE_TEST_REDEMPTION_ROUNDS'] ?? 3)

let key: ClientKey
let world: LaunchWorld
/** another process's, on the same database */
let second: TestServer
let app: App

beforeAll(async () => {
  key = await clientKey('ES384', 'app-key')
  world = await launchWorld({ COFFRE_PUBLIC_URL: publicUrl }, [key.publicJwk])
  second = await startServer({
    COFFRE_PUBLIC_URL: publicUrl,
    DATABASE_URL: world.server.databaseUrl,
    COFFRE_DATA_DIR: world.server.settings.COFFRE_DATA_DIR,
  })
  app = new App(world.server, 'public')
})

afterAll(async () => {
  await second.close()
  await world.close()
})

async function code(
  given: Record<string, string | undefined> = {},
  by = app,
  browser = new Browser(world.server),
) {
  await browser.signIn('doctor')
  return codeOf(walk(world.server, browser, by.authorizeUrl(given), { patient: world.patient }))
}

const online = { scope: 'openid patient/Observation.rs online_access' }

/** The status of a read with an access token, in one process or the other. */
async function status(token: unknown, at: TestServer = world.server): Promise<number> {
  const answer = await supertest(at.url)
    .get('/fhir/Observation')
    .set({ Authorization: `Bearer ${String(token)}` })
  return answer.status
}

/** As if it had been some time ago. */
function later(model: string): Promise<unknown> {
  return world.query(
    `UPDATE auth.artifact SET consumed_at = consumed_at - interval '1 minute' WHERE model = $1`,
    [model],
  )
}

const errorOf = ({ status: code, body }: Response) => [code, (body as { error?: unknown }).error]

describe('the token endpoint', () => {
  it('A23 A24 answers in four fields that nobody may keep', async () => {
    const { body, headers } = await app.redeem(await code())
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 })
    expect([typeof body.access_token, typeof body.scope]).toEqual(['string', 'string'])
    expect([headers['cache-control'], headers['pragma']]).toEqual(['no-store', 'no-cache'])
    expect(await status(body.access_token)).toBe(200)
  })

  it.each<[string, Record<string, string | undefined> | undefined]>([
    ['no verifier', { code_verifier: undefined }],
    ['a blank one', { code_verifier: '' }],
    ['another', { code_verifier: 'a'.repeat(43) }],
    ['the challenge', undefined],
  ])('A26 refuses a code with %s', async (_, given) => {
    const challenge = { code_verifier: app.parameters().get('code_challenge') ?? '' }
    const answer = await app.redeem(await code(), given ?? challenge)
    expect(errorOf(answer)).toEqual([400, expect.stringMatching(/^invalid_(grant|request)$/)])
  })

  it('A25 refuses a bad code, and one of another client, redirect or base', async () => {
    expect(errorOf(await app.redeem('made-up'))).toEqual([400, 'invalid_grant'])
    const limited = new App(world.server, 'limited')
    expect(errorOf(await app.redeem(await code(), { client_id: limited.clientId }))).toEqual([
      400,
      'invalid_grant',
    ])
    const elsewhere = { redirect_uri: 'https://app.example/other' }
    expect(errorOf(await app.redeem(await code(), elsewhere))).toEqual([400, 'invalid_grant'])
    const good = await code()
    const atBase = await supertest(`${world.server.url}/auth/research/p1`)
      .post('/token')
      .type('form')
      .send({
        grant_type: 'authorization_code',
        ...{ code: good, client_id: 'public', code_verifier: app.verifier },
        redirect_uri: 'https://app.example/callback',
      })
    expect(atBase.status).toBe(400)
  })

  it('A27 knows an app by its secret, of which only a hash is kept', async () => {
    const by = new App(world.server, 'basic')
    const basic = (text: string) =>
      `Basic ${Buffer.from(`basic:${encodeURIComponent(text)}`).toString('base64')}`
    expect(errorOf(await by.redeem(await code({}, by), {}, basic('wrong')))).toEqual([401, 'invalid_client'])
    expect((await by.redeem(await code({}, by), {}, basic(secret))).status).toBe(200)
    expect(errorOf(await by.redeem(await code({}, by)))).toEqual([401, 'invalid_client'])
    const { rows } = await world.query(`SELECT metadata::text FROM auth.client`)
    expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it('A27 knows an app by its key', async () => {
    const by = new App(world.server, 'keyed')
    const signed = await assertion(key, 'keyed', { aud: `${publicUrl}/auth/token` })
    const proof = { client_assertion: signed, client_assertion_type: assertionType }
    expect((await by.redeem(await code({}, by), proof)).status).toBe(200)
    expect(errorOf(await by.redeem(await code({}, by)))).toEqual([401, 'invalid_client'])
  })

  it('gives Backend Services to nobody without a key, whatever a registration says', async () => {
    const metadata = {
      client_id: 'hollow',
      scope: 'system/*.rs',
      token_endpoint_auth_method: 'none',
      grant_types: ['client_credentials'],
    }
    await world.query(`INSERT INTO auth.client VALUES ('hollow', $1, 'system/*.rs', '{}')`, [
      JSON.stringify(metadata),
    ])
    const asked = { grant_type: 'client_credentials', client_id: 'hollow', scope: 'system/*.rs' }
    expect((await app.token(asked)).status).toBe(400)
  })

  it('A21 takes a code for a minute, and once: who comes again ends what it gave', async () => {
    const used = await code()
    const { body } = await app.redeem(used)
    await later('AuthorizationCode')
    expect(errorOf(await app.redeem(used))).toEqual([400, 'invalid_grant'])
    expect(await status(body.access_token)).toBe(401)
    const stale = await code()
    const { rows } = await world.query(
      `SELECT max(expires_at) <= now() + interval '60 seconds' AS short FROM auth.artifact
       WHERE model = 'AuthorizationCode'`,
    )
    expect(rows[0]?.['short']).toBe(true)
    await world.query(`UPDATE auth.artifact SET expires_at = now() WHERE model = 'AuthorizationCode'`)
    expect(errorOf(await app.redeem(stale))).toEqual([400, 'invalid_grant'])
  })
})

describe('refresh', () => {
  it('A35 A37 gives less when less is asked for, never more, and all again the next time', async () => {
    const scope = 'openid patient/Observation.rs patient/Condition.read offline_access'
    const { body } = await app.redeem(await code({ scope }))
    const less = await app.refresh(body.refresh_token, { scope: 'patient/Condition.r' })
    expect([less.status, less.body.scope]).toEqual([200, 'patient/Condition.r'])
    expect(less.headers['cache-control']).toBe('no-store')
    const wider = await app.refresh(less.body.refresh_token, { scope: 'patient/*.rs' })
    expect(errorOf(wider)).toEqual([400, 'invalid_scope'])
    const all = await app.refresh(less.body.refresh_token)
    expect(all.body).toMatchObject({ scope: body.scope, patient: world.patient, token_type: 'Bearer' })
  })

  it('A36 refuses a token that nobody gave', async () => {
    expect(errorOf(await app.refresh('made-up'))).toEqual([400, 'invalid_grant'])
  })

  it('A37 renews the token with each use, and ends the family when one is used again', async () => {
    const { body } = await app.redeem(await code())
    const renewed = await app.refresh(body.refresh_token)
    expect(renewed.body.refresh_token).not.toBe(body.refresh_token)
    await later('RefreshToken')
    expect(errorOf(await app.refresh(body.refresh_token))).toEqual([400, 'invalid_grant'])
    expect(errorOf(await app.refresh(renewed.body.refresh_token))).toEqual([400, 'invalid_grant'])
    expect(await status(renewed.body.access_token)).toBe(401)
  })

  it('A37 is bound to its client', async () => {
    const { body } = await app.redeem(await code())
    const other = await app.refresh(body.refresh_token, { client_id: 'limited' })
    expect(other.status).toBe(400)
  })

  it('A37 ends with the sign-in for online access', async () => {
    const browser = new Browser(world.server)
    const { body } = await app.redeem(await code(online, app, browser))
    expect(String(body.scope)).toContain('online_access')
    await world.query(`DELETE FROM auth.session`)
    expect(await status(body.access_token)).toBe(401)
    expect(errorOf(await app.refresh(body.refresh_token))).toEqual([400, 'invalid_grant'])
  })

  it('A38 finds a public client by its token', async () => {
    const { body } = await app.redeem(await code())
    expect((await app.refresh(body.refresh_token, { client_id: undefined })).status).toBe(200)
    const basic = new App(world.server, 'basic')
    const login = `Basic ${Buffer.from(`basic:${encodeURIComponent(secret)}`).toString('base64')}`
    const confidential = await basic.redeem(await code({}, basic), {}, login)
    const unnamed = await app.refresh(confidential.body.refresh_token, { client_id: undefined })
    expect(errorOf(unnamed)).toEqual([401, 'invalid_client'])
  })

  it('A39 lets offline access live for a quarter, begun anew by each use', async () => {
    const { body } = await app.redeem(await code())
    await world.query(`UPDATE auth.artifact SET expires_at = now() + interval '1 day' WHERE model = 'Grant'`)
    await app.refresh(body.refresh_token)
    const { rows } = await world.query(
      `SELECT max(expires_at) > now() + interval '89 days' AS long FROM auth.artifact WHERE model = 'Grant'`,
    )
    expect(rows[0]?.['long']).toBe(true)
  })
})

describe('of 8 at a time in two processes one wins', () => {
  const other = () => new App(second, 'public')
  const eightAtATime = async (redeem: (by: App) => PromiseLike<Response>) => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => redeem(at % 2 ? app : other())))
    const won = answers.filter((answer) => answer.status === 200)
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array<number>(7).fill(400)])
    expect(await status(won[0]?.body.access_token)).toBe(200)
  }

  it('a code', async () => {
    for (let round = 0; round < rounds; round++) {
      const one = await code()
      await eightAtATime((by) => by.redeem(one, { code_verifier: app.verifier }))
    }
  })

  it('a refresh token', async () => {
    for (let round = 0; round < rounds; round++) {
      const { body } = await app.redeem(await code())
      await eightAtATime((by) => by.refresh(body.refresh_token))
    }
  })
})

describe('authorized apps', () => {
  it('are seen by who let them in, and thrown out at once in every process', async () => {
    await world.query(`DELETE FROM auth.artifact`)
    const { body } = await app.redeem(await code())
    const apps = world.server.app.get(AuthorizedApps, { strict: false })
    const [found, ...others] = await apps.of('doctor')
    expect(others).toEqual([])
    expect(found).toMatchObject({ clientId: 'public', name: 'An app', base: `${publicUrl}/fhir` })
    expect(found?.words).toContain('offline_access')
    expect(await status(body.access_token, second)).toBe(200)
    const nurse = await person('nurse')
    const grantId = String(found?.grantId)
    await expect(apps.revoke(nurse, grantId, undefined)).rejects.toMatchObject({ status: 404 })
    await apps.revoke(await person('doctor'), grantId, undefined)
    expect(await status(body.access_token)).toBe(401)
    expect(errorOf(await app.refresh(body.refresh_token))).toEqual([400, 'invalid_grant'])
    expect(await apps.of('doctor')).toEqual([])
  })
})

describe('a research base', () => {
  it('lets in the members of its permit, to read and with no patient', async () => {
    const members = { clientIds: ['public'], userIds: ['doctor'] }
    world.server.app
      .get(ResearchBases, { strict: false })
      .provideFrom({ load: (permit) => Promise.resolve(permit === 'p1' ? members : undefined) })
    const by = new App(world.server, 'public', `${world.server.url}/auth/research/p1`)
    const asked = {
      aud: `${publicUrl}/research/p1/fhir`,
      scope: 'openid fhirUser launch/patient user/*.cruds patient/*.rs',
    }
    const { body } = await by.redeem(await code(asked, by))
    expect(body.scope).toBe('openid user/*.rs')
    expect(body).not.toHaveProperty('patient')
    const browser = new Browser(world.server)
    await browser.signIn('nurse')
    const end = await walk(world.server, browser, by.authorizeUrl(asked))
    expect(String(end)).toContain('error=access_denied')
    expect(await status(body.access_token)).toBe(401)
  })
})

async function person(username: string) {
  const found = await world.server.app.get(People, { strict: false }).find(username)
  const sessions = world.server.app.get(Sessions, { strict: false })
  const current = found && (await sessions.authenticate(`Bearer ${await sessions.open(found)}`))
  if (!current) throw new Error('nobody')
  return current
}
