import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SettingsError } from '../../src/config.ts'
import type { Settings } from '../../src/config.ts'
import { freshDatabase } from '../support/database.ts'
import { askToken, assertion, clientKey, Folder, startAuthApp, type ClientKey } from './authorization-app.ts'

let database: Awaited<ReturnType<typeof freshDatabase>>
let folder: Folder
let key: ClientKey

beforeAll(async () => {
  database = await freshDatabase()
  folder = new Folder()
  key = await clientKey('ES384')
})

afterAll(async () => {
  await database.drop()
  folder.remove()
})

async function start(given: Partial<Settings>): Promise<NestFastifyApplication> {
  return startAuthApp(database.url, folder, given)
}

/** What start says when it is refused. */
async function refusal(given: Partial<Settings>): Promise<string> {
  try {
    await (await start(given)).close()
    return 'it started'
  } catch (error) {
    if (error instanceof SettingsError) return error.message
    throw error
  }
}

describe('COFFRE_CLIENTS_FILE', () => {
  const good = () => ({ client_id: 'c', scope: 'system/*.rs', jwks: { keys: [key.publicJwk] } })

  it.each<[string, (client: object) => unknown, string]>([
    ['not JSON', () => '{', 'not JSON that can be read'],
    ['an object', () => ({}), 'not a JSON array'],
    ['a text for a client', () => ['c'], 'entry 1: not an object'],
    [
      'a misspelt member',
      (client) => [{ ...client, scopes: 'x' }],
      'entry 1: property scopes should not exist',
    ],
    ['no scope', (client) => [{ ...client, scope: undefined }], 'entry 1: scope: a string of SMART scopes'],
    [
      'a scope of another kind',
      (c) => [{ ...c, scope: 'system/*.rs profile' }],
      'entry 1: scope: holds what is no SMART scope',
    ],
    [
      'an origin with a path',
      (c) => [{ ...c, allowed_origins: ['https://app.example/'] }],
      'entry 1: allowed_origins: [ "https://host" ], without a path; http on loopback alone',
    ],
    [
      'an origin that anybody on the way can play',
      (c) => [{ ...c, allowed_origins: ['http://app.example'] }],
      'entry 1: allowed_origins: [ "https://host" ], without a path; http on loopback alone',
    ],
    [
      'no keys',
      (c) => [{ ...c, jwks: undefined }],
      'entry 1: jwks: this or jwks_uri, and not both, goes with private_key_jwt',
    ],
    [
      'both kinds of keys',
      (c) => [{ ...c, jwks_uri: 'https://a.example/' }],
      'entry 1: jwks: this or jwks_uri, and not both, goes with private_key_jwt',
    ],
    [
      'keys over http',
      (c) => [{ ...c, jwks: undefined, jwks_uri: 'http://a.example/' }],
      'entry 1: jwks_uri: https, unless the host is loopback',
    ],
    [
      'an unknown grant',
      (c) => [{ ...c, grants: ['all'] }],
      'entry 1: grants: of bulk-identified, delete-multiple, expunge, import, introspect, launch, merge, reindex',
    ],
    [
      'a flow that is not on',
      (c) => [{ ...c, grant_types: ['implicit'] }],
      'entry 1: grant_types: of authorization_code, refresh_token, client_credentials',
    ],
    [
      'Backend Services for whoever comes',
      (c) => [
        { ...c, jwks: undefined, token_endpoint_auth_method: 'none', grant_types: ['client_credentials'] },
      ],
      'entry 1: grant_types: client_credentials is for clients with a key',
    ],
    [
      'a redirect to a script',
      (c) => [{ ...c, grant_types: ['authorization_code'], redirect_uris: ['javascript:alert(1)'] }],
      "entry 1: redirect_uris: https, http on loopback, or an app's own com.example.app:/",
    ],
    [
      'an app that is sent nowhere',
      (c) => [{ ...c, grant_types: ['authorization_code'] }],
      'entry 1: redirect_uris: go with the grant authorization_code',
    ],
    [
      'a secret that nothing asks for',
      (c) => [{ ...c, client_secret_hash: '0'.repeat(64) }],
      'entry 1: client_secret_hash: goes with client_secret_basic',
    ],
    ['the same client twice', (c) => [c, c], 'a client_id that is there twice'],
  ])('stops the start, in one line, when it holds %s', async (_, content, message) => {
    const file = folder.write('bad.json', content(good()))
    expect(await refusal({ COFFRE_CLIENTS_FILE: file })).toBe(`COFFRE_CLIENTS_FILE: ${message}`)
  })

  it('stops the start when a key in it is private', async () => {
    const jwks = { keys: [{ ...key.publicJwk, d: 'c2VjcmV0' }] }
    const message = await refusal({ COFFRE_CLIENTS_FILE: folder.write('bad.json', [{ ...good(), jwks }]) })
    expect(message).toMatch(/^COFFRE_CLIENTS_FILE: entry 1: jwks:/)
    expect(message).not.toContain('c2VjcmV0')
  })

  it('stops the start when it is not there', async () => {
    expect(await refusal({ COFFRE_CLIENTS_FILE: `${folder.path}/none.json` })).toBe(
      'COFFRE_CLIENTS_FILE: not JSON that can be read',
    )
  })

  it('takes effect anew at each start', async () => {
    for (const scope of ['system/*.rs', 'system/Patient.r']) {
      const app = await start({ COFFRE_CLIENTS_FILE: folder.write('clients.json', [{ ...good(), scope }]) })
      const answer = await askToken(app, {
        scope: 'system/*.cruds',
        client_assertion: await assertion(key, 'c'),
      })
      expect(answer.body.scope).toBe(scope)
      await app.close()
    }
  })
})

describe('A64 a client registered by jwks_uri', () => {
  let server: Server
  let uri: string
  let app: NestFastifyApplication

  beforeAll(async () => {
    server = createServer((_request, response) => response.end(JSON.stringify({ keys: [key.publicJwk] })))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
    const client = { client_id: 'remote', scope: 'system/*.rs', jwks_uri: uri }
    app = await start({ COFFRE_CLIENTS_FILE: folder.write('remote.json', [client]) })
  })

  afterAll(async () => {
    await app.close()
    await new Promise((closed) => server.close(closed))
  })

  it('has its assertions verified by the keys that are there', async () => {
    const scope = 'system/*.rs'
    const good = await askToken(app, { scope, client_assertion: await assertion(key, 'remote') })
    expect(good.status).toBe(200)
    const forged = { ...(await clientKey('ES384')), kid: key.kid }
    const bad = await askToken(app, { scope, client_assertion: await assertion(forged, 'remote') })
    expect([bad.status, bad.body.error]).toEqual([401, 'invalid_client'])
  })

  it('A60 may name its registered URL as jku, and no other', async () => {
    const scope = 'system/*.rs'
    const own = await assertion(key, 'remote', {}, { jku: uri })
    expect((await askToken(app, { scope, client_assertion: own })).status).toBe(200)
    const other = await assertion(key, 'remote', {}, { jku: `${uri}2` })
    expect((await askToken(app, { scope, client_assertion: other })).body.error).toBe('invalid_client')
  })
})

describe('COFFRE_USERS_FILE', () => {
  const good = { username: 'u', name: 'U', roles: ['auditor'], password: 'correct horse battery' }

  it.each<[string, object, string]>([
    ['a short password', { password: 'short' }, 'entry 1: password: at least 12 characters'],
    ['no password', { password: undefined }, 'entry 1: one of password and passwordHash is needed'],
    [
      'an unknown role',
      { roles: ['king'] },
      'entry 1: roles: of requester, committee, director, steward, dpo, auditor, admin, physician',
    ],
    [
      'another kind of hash',
      { password: undefined, passwordHash: '$2b$x' },
      'entry 1: passwordHash: an argon2id hash',
    ],
  ])('stops the start, in one line, when it holds %s', async (_, change, message) => {
    const file = folder.write('users.json', [{ ...good, ...change }])
    expect(await refusal({ COFFRE_USERS_FILE: file })).toBe(`COFFRE_USERS_FILE: ${message}`)
  })
})

it('stops the start when a trusted issuer would be asked for its keys in clear', async () => {
  const issuers = JSON.stringify([{ issuer: 'https://id.example', jwks_uri: 'http://id.example/jwks' }])
  expect(await refusal({ COFFRE_TRUSTED_ISSUERS: issuers })).toBe(
    'COFFRE_TRUSTED_ISSUERS: entry 1: jwks_uri: https, unless the host is loopback',
  )
})
