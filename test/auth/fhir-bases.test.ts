import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import request from 'supertest'
import { randomBytes } from 'node:crypto'
import { hashOf } from '../../src/auth/hash.ts'
import { ResearchBases } from '../../src/auth/research-bases.ts'
import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'
import {
  askToken,
  assertion,
  assertionType,
  clientKey,
  Folder,
  publicUrl,
  startAuthApp,
  type ClientKey,
} from './authorization-app.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let folder: Folder
let app: NestFastifyApplication
let store: Store
let key: ClientKey

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url)
  folder = new Folder()
  key = await clientKey('ES384')
  const jwks = { keys: [key.publicJwk] }
  const clients = [
    {
      client_id: 'warehouse',
      scope: 'system/*.cruds user/*.rs',
      jwks,
      grants: ['bulk-identified', 'introspect'],
    },
    { client_id: 'study', scope: 'system/*.rs user/*.rs', jwks },
  ]
  app = await startAuthApp(database.url, folder, {
    COFFRE_CLIENTS_FILE: folder.write('clients.json', clients),
  })
  const load = (id: string) =>
    Promise.resolve(['p1', 'p2'].includes(id) ? { clientIds: ['study'], userIds: ['member'] } : undefined)
  app.get(ResearchBases).provideFrom({ load })
})

afterAll(async () => {
  await app.close()
  await store.close()
  await database.drop()
  folder.remove()
})

async function tokenFor(clientId: string, scope: string, path = '/auth/token'): Promise<string> {
  const aud = publicUrl + path
  const answer = await askToken(
    app,
    { scope, client_assertion: await assertion(key, clientId, { aud }) },
    path,
  )
  expect(answer.status).toBe(200)
  return answer.body.access_token as string
}

const read = (path: string, token?: string) => {
  const asked = request(app.getHttpServer()).get(path)
  return token === undefined ? asked : asked.set('Authorization', `Bearer ${token}`)
}

describe('discovery', () => {
  const discover = async (base: string) => (await read(`${base}/.well-known/smart-configuration`)).body

  it.each([
    ['/fhir', '/auth'],
    ['/research/p1/fhir', '/auth/research/p1'],
  ])('A1, A2, A4, A6, A8: that of %s is public JSON, and names endpoints under %s', async (base, auth) => {
    const path = `${base}/.well-known/smart-configuration`
    const { status, headers, body } = await read(path).set('Accept', 'text/html')
    expect(status).toBe(200)
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(body).toMatchObject({
      authorization_endpoint: `${publicUrl}${auth}/authorize`,
      token_endpoint: `${publicUrl}${auth}/token`,
      revocation_endpoint: `${publicUrl}${auth}/revoke`,
      introspection_endpoint: `${publicUrl}${auth}/introspect`,
      grant_types_supported: ['authorization_code', 'client_credentials'],
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    })
  })

  it('A3, A40: names issuer and keys where people are told of by OpenID, and there alone', async () => {
    const { issuer, jwks_uri, capabilities } = await discover('/fhir')
    expect([issuer, jwks_uri]).toEqual([`${publicUrl}/auth`, `${publicUrl}/auth/jwks`])
    expect(capabilities).toContain('sso-openid-connect')
    const openId = await read('/auth/.well-known/openid-configuration')
    expect(openId.body).toMatchObject({ issuer, jwks_uri })
    for (const path of ['/auth/.well-known/openid-configuration', '/auth/jwks']) {
      const { headers } = await read(path).set('Origin', 'https://any.example')
      expect([path, headers['access-control-allow-origin']]).toEqual([path, 'https://any.example'])
    }
    const research = await discover('/research/p1/fhir')
    expect(research).not.toHaveProperty('issuer')
    expect(research.capabilities).not.toContain('sso-openid-connect')
  })

  it('A5: has the capabilities of apps that patients and clinicians launch', async () => {
    const { capabilities } = await discover('/fhir')
    const sets =
      'launch-standalone client-public client-confidential-symmetric client-confidential-asymmetric ' +
      'sso-openid-connect context-standalone-patient permission-offline permission-patient authorize-post ' +
      'permission-v2 permission-v1 launch-ehr context-banner context-style context-ehr-patient ' +
      'context-ehr-encounter permission-user'
    expect(capabilities).toEqual(expect.arrayContaining(sets.split(' ')))
  })

  it('A5: of a research base has no context, and no patient to be one of', async () => {
    const { capabilities, scopes_supported: scopes } = await discover('/research/p1/fhir')
    const all = [...capabilities, ...scopes].join(' ')
    expect(all).not.toMatch(/context-|launch-ehr|launch\/|patient|fhirUser|openid|c?ru?d?s?(?<=[cud]s?)$/)
    expect(scopes).toEqual(expect.arrayContaining(['user/*.rs', 'system/*.rs']))
  })

  it('A4: every endpoint that it names is there', async () => {
    for (const base of ['/fhir', '/research/p1/fhir']) {
      const document = (await discover(base)) as Record<string, unknown>
      const named = Object.entries(document).filter(([name]) => /_endpoint$|_uri$/.test(name))
      for (const [name, url] of named) {
        const path = String(url).slice(publicUrl.length)
        const isRead = ['jwks_uri', 'authorization_endpoint', 'management_endpoint'].includes(name)
        const answer = await request(app.getHttpServer())[isRead ? 'get' : 'post'](path)
        expect([name, answer.status]).not.toEqual([name, 404])
      }
    }
  })

  it('A4: lists only scopes that work for a backend', async () => {
    const ofSystem = (scopes: string[]) => scopes.filter((scope) => scope.startsWith('system/'))
    for (const scope of ofSystem((await discover('/fhir')).scopes_supported)) {
      await tokenFor('warehouse', scope)
    }
    for (const scope of ofSystem((await discover('/research/p1/fhir')).scopes_supported)) {
      await tokenFor('study', scope, '/auth/research/p1/token')
    }
  })

  it('is not found where no permit is active', async () => {
    expect((await read('/research/p9/fhir/.well-known/smart-configuration')).status).toBe(404)
  })
})

describe('a FHIR base', () => {
  it('A44 answers 401 with a challenge and an OperationOutcome to a request without a token', async () => {
    const { status, headers, body } = await read('/fhir/Probe')
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="coffre"')
    expect(body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'login' }] })
  })

  it.each([
    ['an unknown token', `Bearer ${'x'.repeat(43)}`],
    ['a JWT of nobody', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
    ['no scheme', 'x'.repeat(43)],
    ['another scheme', 'Basic dTpw'],
    ['nothing after the scheme', 'Bearer '],
    ['two tokens', `Bearer ${'x'.repeat(43)} ${'y'.repeat(43)}`],
  ])('A44 answers 401 to %s', async (_, authorization) => {
    const { status, headers, body } = await read('/fhir/Probe').set('Authorization', authorization)
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="coffre", error="invalid_token"')
    expect(body.resourceType).toBe('OperationOutcome')
  })

  it('lets a token in with the scopes and grants of its client', async () => {
    const { body } = await read('/fhir/Probe', await tokenFor('warehouse', 'system/Patient.rs'))
    expect(body).toEqual({
      caller: { clientId: 'warehouse', ip: '127.0.0.1' },
      base: '/fhir',
      scopes: ['system/Patient.rs'],
      grants: ['bulk-identified', 'introspect'],
    })
  })

  it('A52 refuses a token once it has expired', async () => {
    const token = await tokenFor('warehouse', 'system/*.rs')
    await store.transaction('care', (tx) =>
      tx.query(sql`UPDATE auth.artifact SET expires_at = now() WHERE id_hash = ${hashOf(token)}`),
    )
    expect((await read('/fhir/Probe', token)).status).toBe(401)
  })

  it('A52 refuses a token of another base: care on research, research on care, one permit on another', async () => {
    const care = await tokenFor('study', 'system/*.rs')
    const research = await tokenFor('study', 'system/*.rs', '/auth/research/p1/token')
    expect((await read('/fhir/Probe', care)).status).toBe(200)
    expect((await read('/research/p1/fhir/Probe', research)).status).toBe(200)
    expect((await read('/research/p1/fhir/Probe', care)).status).toBe(401)
    expect((await read('/research/p2/fhir/Probe', research)).status).toBe(401)
    expect((await read('/fhir/Probe', research)).status).toBe(401)
  })
})

describe('an app on a research base', () => {
  const issued = async (username: string) => {
    const value = randomBytes(32).toString('base64url')
    await store.transaction('care', async (tx) => {
      await tx.query(sql`INSERT INTO auth.person (username, name, roles, password_hash, scope)
        VALUES (${username}, 'X', '{}', '$argon2id$x', 'user/*.cruds') ON CONFLICT DO NOTHING`)
      const payload = { scope: 'openid user/*.cruds', aud: `${publicUrl}/research/p1/fhir`, iat: 1 }
      await tx.query(sql`INSERT INTO auth.artifact (id_hash, model, client_id, username, payload, expires_at)
        VALUES (${hashOf(value)}, 'AccessToken', 'study', ${username}, ${JSON.stringify(payload)}::jsonb,
          now() + interval '1 hour')`)
    })
    return value
  }

  it('A51: reads in the name of a person whom its permit names, and of nobody else', async () => {
    const member = await read('/research/p1/fhir/Probe', await issued('member'))
    expect([member.status, member.body.scopes]).toEqual([200, ['user/*.rs']])
    expect(member.body.caller).toMatchObject({ clientId: 'study', userId: 'member' })
    expect((await read('/research/p1/fhir/Probe', await issued('stranger'))).status).toBe(403)
  })
})

describe('a token', () => {
  const revoke = async (token: string, clientId: string) => {
    const client_assertion = await assertion(key, clientId)
    const form = { token, client_assertion_type: assertionType, client_assertion }
    return request(app.getHttpServer()).post('/auth/revoke').type('form').send(form)
  }

  it('A57 is refused as soon as its client has revoked it', async () => {
    const token = await tokenFor('warehouse', 'system/*.rs')
    expect((await read('/fhir/Probe', token)).status).toBe(200)
    expect((await revoke(token, 'warehouse')).status).toBe(200)
    expect((await read('/fhir/Probe', token)).status).toBe(401)
  })

  it('A57 stays good when another client revokes it', async () => {
    const token = await tokenFor('warehouse', 'system/*.rs')
    const { status, body } = await revoke(token, 'study')
    expect([status, body.error]).toEqual([400, 'invalid_request'])
    expect((await read('/fhir/Probe', token)).status).toBe(200)
  })
})

describe('introspection', () => {
  const introspect = (token: string, bearer: string, path = '/auth/introspect') =>
    request(app.getHttpServer()).post(path).auth(bearer, { type: 'bearer' }).type('form').send({ token })

  it('A54 A56 tells a client that holds the grant about the token of another', async () => {
    const token = await tokenFor('study', 'system/Patient.r')
    const { status, headers, body } = await introspect(token, await tokenFor('warehouse', 'system/*.rs'))
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toEqual({
      ...{ active: true, scope: 'system/Patient.r', client_id: 'study', token_type: 'Bearer' },
      ...{
        exp: expect.any(Number),
        iat: expect.any(Number),
        iss: `${publicUrl}/auth`,
        aud: `${publicUrl}/fhir`,
      },
    })
  })

  it('A55 says no more of an unknown token, or one of another base, than that it is not active', async () => {
    const bearer = await tokenFor('warehouse', 'system/*.rs')
    const research = await tokenFor('study', 'system/*.rs', '/auth/research/p1/token')
    for (const token of ['unknown', research]) {
      const { status, body } = await introspect(token, bearer)
      expect([status, body]).toEqual([200, { active: false }])
    }
  })

  it('A56: a client may show who it is by its assertion as well', async () => {
    const ask = async (token: string, clientId: string) => {
      const form = { client_assertion_type: assertionType, client_assertion: await assertion(key, clientId) }
      return request(app.getHttpServer())
        .post('/auth/introspect')
        .type('form')
        .send({ token, ...form })
    }
    const token = await tokenFor('study', 'system/Patient.r')
    const known = await ask(token, 'warehouse')
    expect([known.status, known.body.active, known.body.client_id]).toEqual([200, true, 'study'])
    for (const unknown of ['unknown', 'eyJhbGciOiJub25lIn0.e30.']) {
      const { status, body } = await ask(unknown, 'warehouse')
      expect([status, body]).toEqual([200, { active: false }])
    }
    const refused = await ask(token, 'study')
    expect([refused.status, refused.body]).toEqual([403, { error: 'access_denied' }])
  })

  it('is for nobody else', async () => {
    const token = await tokenFor('study', 'system/*.rs')
    expect((await introspect(token, token)).status).toBe(403)
    expect(
      (await request(app.getHttpServer()).post('/auth/introspect').type('form').send({ token })).status,
    ).toBe(401)
  })
})
