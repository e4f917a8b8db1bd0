import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose'
import request from 'supertest'
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freshDatabase } from '../support/database.ts'
import { clientKey, Folder, publicUrl, startAuthApp, type ClientKey } from './authorization-app.ts'

const issuer = 'https://id.hospital.example'

let database: Awaited<ReturnType<typeof freshDatabase>>
let folder: Folder
let app: NestFastifyApplication
let issuerKey: ClientKey
let issuerRsa: JWK
let issuerServer: Server

beforeAll(async () => {
  database = await freshDatabase()
  folder = new Folder()
  issuerKey = await clientKey('ES384')
  const rsa = await generateKeyPair('RS256', { extractable: true })
  issuerRsa = await exportJWK(rsa.privateKey)
  const keys = [issuerKey.publicJwk, { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' }]
  issuerServer = createServer((_request, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((listening) => issuerServer.listen(0, '127.0.0.1', listening))
  const jwks_uri = `http://127.0.0.1:${(issuerServer.address() as AddressInfo).port}/jwks`
  const scope = 'system/*.cruds user/*.rs'
  const grants = ['bulk-identified', 'introspect']
  const jwks = { keys: [(await clientKey('ES384')).publicJwk] }
  app = await startAuthApp(database.url, folder, {
    COFFRE_CLIENTS_FILE: folder.write('clients.json', [{ client_id: 'warehouse', scope, grants, jwks }]),
    COFFRE_TRUSTED_ISSUERS: JSON.stringify([{ issuer, jwks_uri }]),
  })
})

afterAll(async () => {
  await app.close()
  await new Promise((closed) => issuerServer.close(closed))
  await database.drop()
  folder.remove()
})

const read = (path: string, token: string) =>
  request(app.getHttpServer()).get(path).set('Authorization', `Bearer ${token}`)

describe('a JWT of a trusted issuer', () => {
  const jwt = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    by = issuerKey,
  ) => {
    const now = Math.floor(Date.now() / 1000)
    const all = {
      ...{ iss: issuer, aud: `${publicUrl}/fhir`, sub: 'dr-who', client_id: 'warehouse', jti: randomUUID() },
      ...{ scope: 'openid user/Observation.cruds', iat: now, exp: now + 60, ...claims },
    }
    const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    return new SignJWT(kept).setProtectedHeader({ alg: by.alg, kid: by.kid, ...header }).sign(by.privateKey)
  }

  it('is taken at the base it is for, within the policy of its client, without grants', async () => {
    const { status, body } = await read('/fhir/Probe', await jwt())
    expect(status).toBe(200)
    expect(body).toEqual({
      caller: { clientId: 'warehouse', userId: `${issuer}#dr-who`, ip: '127.0.0.1' },
      ...{ base: '/fhir', scopes: ['user/Observation.rs'], grants: [] },
    })
  })

  it.each([
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['for another audience', { aud: 'https://elsewhere.example' }],
    ['for a research base', { aud: `${publicUrl}/research/p1/fhir` }],
    ['for no audience', { aud: undefined }],
    ['that has ended', { exp: 1_700_000_000 }],
    ['that never ends', { exp: undefined }],
    ['of a client that is not registered', { client_id: 'stranger' }],
    ['of no client', { client_id: undefined }],
    ['without scopes', { scope: undefined }],
  ])('is refused when it is one %s', async (_, claims) => {
    expect((await read('/fhir/Probe', await jwt(claims))).status).toBe(401)
  })

  it('is refused when another key signed it, or its kid is unknown', async () => {
    const forged = { ...(await clientKey('ES384')), kid: issuerKey.kid }
    expect((await read('/fhir/Probe', await jwt({}, {}, forged))).status).toBe(401)
    expect((await read('/fhir/Probe', await jwt({}, { kid: 'unknown' }))).status).toBe(401)
  })

  it.each([
    ['relative', 'Practitioner/p-1'],
    ['absolute', `${publicUrl}/fhir/Practitioner/p-1`],
  ])('says who its person is in the records, when its fhirUser is %s', async (_, fhirUser) => {
    const scope = 'openid fhirUser user/Observation.rs'
    expect((await read('/fhir/Probe', await jwt({ fhirUser, scope }))).body.fhirUser).toBe('Practitioner/p-1')
    expect((await read('/fhir/Probe', await jwt({ fhirUser }))).body).not.toHaveProperty('fhirUser')
  })

  it('does not say so by a fhirUser of another server, or of no person', async () => {
    const scope = 'openid fhirUser user/Observation.rs'
    for (const fhirUser of ['https://elsewhere.example/fhir/Practitioner/p-1', 'Device/1', 7]) {
      expect((await read('/fhir/Probe', await jwt({ fhirUser, scope }))).body).not.toHaveProperty('fhirUser')
    }
  })

  it('is refused by an algorithm that is not pinned, under a key of its issuer', async () => {
    const status = async (alg: string) => {
      const privateKey = (await importJWK(issuerRsa, alg)) as CryptoKey
      const token = await jwt({}, { alg }, { ...issuerKey, kid: 'rsa', privateKey })
      return (await read('/fhir/Probe', token)).status
    }
    expect([await status('RS256'), await status('RS512'), await status('PS256')]).toEqual([200, 401, 401])
  })

  it('has no key fetched but from where its issuer was registered with', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked++
      response.end(JSON.stringify({ keys: [strangerKey.publicJwk] }))
    })
    const strangerKey = await clientKey('ES384')
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const jku = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
    const header = { jku, jwk: strangerKey.publicJwk }
    expect((await read('/fhir/Probe', await jwt({}, header, strangerKey))).status).toBe(401)
    expect(asked).toBe(0)
    await new Promise((closed) => server.close(closed))
  })

  it('is refused when it is signed with the public key as a shared secret', async () => {
    const secret = Buffer.from(JSON.stringify(issuerKey.publicJwk))
    const claims = { iss: issuer, aud: `${publicUrl}/fhir`, client_id: 'warehouse', scope: 'system/*.rs' }
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: issuerKey.kid })
      .setExpirationTime('1m')
      .sign(secret)
    expect((await read('/fhir/Probe', token)).status).toBe(401)
  })

  it('gets no patient scopes without a patient', async () => {
    const { body } = await read('/fhir/Probe', await jwt({ scope: 'patient/*.rs' }))
    expect(body.scopes).toEqual([])
  })
})
