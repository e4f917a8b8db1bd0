import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import request from 'supertest'
import { randomUUID } from 'node:crypto'
import { ResearchBases } from '../../src/auth/research-bases.ts'
import { freshDatabase } from '../support/database.ts'
import { sql } from '../../src/store/sql.ts'
import { Store } from '../../src/store/store.ts'
import {
  askToken,
  assertion,
  assertionType,
  clientKey,
  Folder,
  publicUrl,
  startAuthApp,
  tokenUrl,
  type ClientKey,
} from './authorization-app.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let folder: Folder
let apps: NestFastifyApplication[]
let app: NestFastifyApplication
let store: Store
let ec: ClientKey
let rsa: ClientKey
let stranger: ClientKey

beforeAll(async () => {
  database = await freshDatabase()
  store = new Store(database.url)
  folder = new Folder()
  ;[ec, rsa, stranger] = await Promise.all([clientKey('ES384'), clientKey('RS384'), clientKey('ES384')])
  const twin = await clientKey('ES384', 'twin')
  const otherTwin = await clientKey('ES384', 'twin')
  const file = folder.write('clients.json', [
    { client_id: 'importer', scope: 'system/*.cruds', jwks: { keys: [ec.publicJwk, rsa.publicJwk] } },
    { client_id: 'exporter', scope: 'system/*.read', jwks: { keys: [rsa.publicJwk] } },
    { client_id: 'twins', scope: 'system/*.rs', jwks: { keys: [twin.publicJwk, otherTwin.publicJwk] } },
    {
      client_id: 'rsa-only',
      scope: 'system/*.rs',
      token_endpoint_auth_signing_alg: 'RS384',
      jwks: { keys: [ec.publicJwk, rsa.publicJwk] },
    },
  ])
  twins = twin
  apps = [
    await startAuthApp(database.url, folder, { COFFRE_CLIENTS_FILE: file }),
    await startAuthApp(database.url, folder, { COFFRE_CLIENTS_FILE: file }),
  ]
  app = apps[0] as NestFastifyApplication
})
let twins: ClientKey

afterAll(async () => {
  await Promise.all(apps.map((one) => one.close()))
  await store.close()
  await database.drop()
  folder.remove()
})

const scope = 'system/*.rs'
/** how often eight try at once to be the only one */
const races = Number(process.env['COFFRE_TEST_REDEMPTION_ROUNDS'] ?? 5)

describe('the token endpoint', () => {
  it.each(['ES384', 'RS384'])(
    'A58 issues a bearer token of five minutes for an assertion by %s',
    async (alg) => {
      const key = alg === 'ES384' ? ec : rsa
      const response = await askToken(app, { scope, client_assertion: await assertion(key, 'importer') })
      expect(response.status).toBe(200)
      expect(response.body).toEqual({
        access_token: expect.stringMatching(/^[A-Za-z0-9_-]{43,}$/),
        token_type: 'Bearer',
        expires_in: 300,
        scope,
      })
    },
  )

  it('A22 takes no JSON body', async () => {
    const client_assertion = await assertion(ec, 'importer')
    const response = await request(app.getHttpServer()).post('/auth/token').send({
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion,
      scope,
    })
    expect(response.status).toBe(400)
    expect(response.body).toMatchObject({ error: 'invalid_request' })
  })

  it('A23 gives expires_in as a number and scope as a string', async () => {
    const { body } = await askToken(app, { scope, client_assertion: await assertion(ec, 'importer') })
    expect([typeof body.expires_in, typeof body.scope]).toEqual(['number', 'string'])
  })

  it.each([200, 401])('A24 forbids caches to keep an answer of status %d', async (status) => {
    const key = status === 200 ? ec : stranger
    const response = await askToken(app, { scope, client_assertion: await assertion(key, 'importer') })
    expect(response.status).toBe(status)
    expect(response.headers['cache-control']).toBe('no-store')
    expect(response.headers['pragma']).toBe('no-cache')
  })

  it('A25 refuses an unknown client_id beside the assertion', async () => {
    const form = { scope, client_id: 'nobody', client_assertion: await assertion(ec, 'importer') }
    const response = await askToken(app, form)
    expect([400, 401]).toContain(response.status)
    expect(response.body).toHaveProperty('error')
  })

  it.each([
    ['grant_type', undefined, 400, 'invalid_request'],
    ['grant_type', 'authorization_code', 400, 'invalid_request'],
    ['grant_type', 'password', 400, 'unsupported_grant_type'],
    ['client_assertion_type', undefined, 401, 'invalid_client'],
    [
      'client_assertion_type',
      'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      401,
      'invalid_client',
    ],
    ['client_assertion', undefined, 401, 'invalid_client'],
    ['client_assertion', 'not.a.jwt', 401, 'invalid_client'],
    ['scope', undefined, 400, 'invalid_scope'],
    ['scope', '', 400, 'invalid_scope'],
  ])('A59 refuses %s=%s with %d %s', async (name, value, status, error) => {
    const client_assertion = await assertion(ec, 'importer')
    const response = await askToken(app, { scope, client_assertion, [name]: value })
    expect([response.status, response.body.error]).toEqual([status, error])
    expect(response.headers['content-type']).toMatch(/^application\/json/)
  })

  it('A59 answers in JSON even to who prefers HTML', async () => {
    const response = await askToken(app, { scope, client_assertion: 'x' }).set('Accept', 'text/html')
    expect(response.headers['content-type']).toMatch(/^application\/json/)
    expect(response.body).toEqual({ error: 'invalid_client', error_description: expect.any(String) })
  })
})

describe('a client assertion', () => {
  const refused = async (client_assertion: string) => {
    const response = await askToken(app, { scope, client_assertion })
    expect([response.status, response.body.error]).toEqual([401, 'invalid_client'])
  }
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

  it('A60 A65 is refused when another key signed it', async () => {
    await refused(await assertion({ ...stranger, kid: ec.kid }, 'importer'))
  })

  it('A60 is refused when its client is not registered', async () => {
    await refused(await assertion(ec, 'nobody'))
  })

  it('A60 is refused when its jku is not the registered one', async () => {
    await refused(await assertion(ec, 'importer', {}, { jku: 'https://elsewhere.example/jwks' }))
  })

  it.each([
    ['iss of another client', { iss: 'exporter' }],
    ['sub of another client', { sub: 'exporter' }],
    ['no iss', { iss: undefined }],
    ['no sub', { sub: undefined }],
    ['an aud that is the issuer', { aud: `${publicUrl}/auth` }],
    ['an aud that is a FHIR base', { aud: `${publicUrl}/fhir` }],
    ['an aud of another token endpoint', { aud: `${publicUrl}/auth/research/p1/token` }],
    ['an aud with a slash more', { aud: `${tokenUrl}/` }],
    ['an aud that is a list', { aud: [tokenUrl] }],
    ['no aud', { aud: undefined }],
    ['no exp', { exp: undefined }],
    ['an exp as text', { exp: '2999-01-01' }],
    ['no jti', { jti: undefined }],
  ])('A60 A61 is refused with %s', async (_, claims) => {
    await refused(await assertion(ec, 'importer', claims))
  })

  it('A61 is refused when it ended, or ends in more than five minutes', async () => {
    await refused(await assertion(ec, 'importer', { exp: inSeconds(-10) }))
    await refused(await assertion(ec, 'importer', { exp: inSeconds(320) }))
  })

  it('A61 is taken when its clock is three seconds ahead of ours', async () => {
    const client_assertion = await assertion(ec, 'importer', { exp: inSeconds(303) })
    expect((await askToken(app, { scope, client_assertion })).status).toBe(200)
  })

  it('A62 is good once', async () => {
    const client_assertion = await assertion(ec, 'importer')
    expect((await askToken(app, { scope, client_assertion })).status).toBe(200)
    await refused(client_assertion)
  })

  it('A62 is good once among eight at a time over two servers', async () => {
    for (let round = 0; round < races; round++) {
      const client_assertion = await assertion(ec, 'importer')
      const answers = await Promise.all(
        Array.from({ length: 8 }, async (_, index) =>
          askToken(apps[index % 2] as NestFastifyApplication, { scope, client_assertion }),
        ),
      )
      const statuses = answers.map((answer) => answer.status).sort()
      expect(statuses).toEqual([200, 401, 401, 401, 401, 401, 401, 401])
    }
  })

  it('A62 may bear the jti of another client', async () => {
    const jti = randomUUID()
    const first = await askToken(app, { scope, client_assertion: await assertion(ec, 'importer', { jti }) })
    const second = await askToken(app, { scope, client_assertion: await assertion(rsa, 'exporter', { jti }) })
    expect([first.status, second.status]).toEqual([200, 200])
  })

  it('A63 is refused without a kid, with an unknown kid, or when two keys have its kid', async () => {
    await refused(await assertion(ec, 'importer', {}, { kid: undefined }))
    await refused(await assertion(ec, 'importer', {}, { kid: 'unknown' }))
    await refused(await assertion(twins, 'twins'))
  })

  it('A63 is refused by an algorithm that the client did not register', async () => {
    await refused(await assertion(ec, 'rsa-only'))
    const taken = await askToken(app, { scope, client_assertion: await assertion(rsa, 'rsa-only') })
    expect(taken.status).toBe(200)
  })

  it('A63 is refused when it is not signed, or with a shared secret', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: 'importer', sub: 'importer', aud: tokenUrl, exp: inSeconds(300), jti: randomUUID() }
    await refused(`${encode({ alg: 'none', kid: ec.kid })}.${encode(claims)}.`)
    await refused(`${encode({ alg: 'HS384', kid: ec.kid })}.${encode(claims)}.${encode({})}`)
  })
})

describe('the scope of a backend token', () => {
  const granted = async (asked: string, client = 'importer') => {
    const key = client === 'importer' ? ec : rsa
    const response = await askToken(app, { scope: asked, client_assertion: await assertion(key, client) })
    return response.status === 200
      ? (response.body.scope as string)
      : `${response.status} ${response.body.error}`
  }

  it.each([
    ['launch fhirUser', '400 invalid_scope'],
    ['user/*.rs', '400 invalid_scope'],
    ['patient/*.rs', '400 invalid_scope'],
    ['system/Observation.dus', '400 invalid_scope'],
    ['system/Unheard.rs', '400 invalid_scope'],
    ['system/Patient.rs launch user/Patient.rs', 'system/Patient.rs'],
    ['system/Patient.read system/Observation.cud', 'system/Observation.cud system/Patient.rs'],
    ['system/Observation.rs?category=laboratory', 'system/Observation.rs?category=laboratory'],
  ])('A34 A66 asked as %p is %p', async (asked, expected) => {
    expect(await granted(asked)).toBe(expected)
  })

  it.each([
    ['system/*.write', '400 invalid_scope'],
    ['system/Observation.cud', '400 invalid_scope'],
    ['system/*.*', 'system/*.rs'],
    ['system/*.cruds', 'system/*.rs'],
    ['system/Patient.write system/Patient.read', 'system/Patient.rs'],
  ])('A66 of a client that may only read, asked as %p is %p', async (asked, expected) => {
    expect(await granted(asked, 'exporter')).toBe(expected)
  })
})

describe('a research base', () => {
  const path = '/auth/research/p1/token'
  const aud = publicUrl + path

  it('issues tokens to the clients that its permit names, for reading only', async () => {
    const load = (id: string) =>
      Promise.resolve(id === 'p1' ? { clientIds: ['importer'], userIds: [] } : undefined)
    app.get(ResearchBases).provideFrom({ load })
    const named = await askToken(
      app,
      { scope: 'system/*.cruds', client_assertion: await assertion(ec, 'importer', { aud }) },
      path,
    )
    expect([named.status, named.body.scope]).toEqual([200, 'system/*.rs'])
    const other = await askToken(
      app,
      { scope, client_assertion: await assertion(rsa, 'exporter', { aud }) },
      path,
    )
    expect([other.status, other.body.error]).toEqual([400, 'unauthorized_client'])
  })

  it('takes no assertion made for the care base', async () => {
    const response = await askToken(app, { scope, client_assertion: await assertion(ec, 'importer') }, path)
    expect([response.status, response.body.error]).toEqual([401, 'invalid_client'])
  })

  it('issues nothing where governance has opened nothing', async () => {
    const closed = apps[1] as NestFastifyApplication
    const client_assertion = await assertion(ec, 'importer', { aud })
    const response = await askToken(closed, { scope, client_assertion }, path)
    expect([response.status, response.body.error]).toEqual([400, 'unauthorized_client'])
  })
})

describe('the database', () => {
  it('holds no token: only its SHA-256', async () => {
    const { body } = await askToken(app, { scope, client_assertion: await assertion(ec, 'importer') })
    const [row] = await store.read('care', (tx) =>
      tx.query<{ rows: string }>(sql`SELECT json_agg(artifact)::text AS rows FROM auth.artifact`),
    )
    expect(row?.rows).toContain('ClientCredentials')
    expect(row?.rows).not.toContain(body.access_token)
  })

  it('gives the research role no right on schema auth', async () => {
    const look = store.read('research', (tx) => tx.query(sql`SELECT * FROM auth.client`))
    await expect(look).rejects.toThrow(/permission denied for schema auth/)
  })
})
