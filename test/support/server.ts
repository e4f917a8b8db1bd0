import type { LoggerService } from '@nestjs/common'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test as Testing } from '@nestjs/testing'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import supertest, { type Test } from 'supertest'
import { AppModule } from '../../src/app.module.ts'
import { Settings } from '../../src/config.ts'
import { serveGovernanceOpenApi } from '../../src/governance/openapi.ts'
import { LinkageModule } from '../../src/linkage/linkage.module.ts'
import { applicationOptions, configureServer, createAdapter } from '../../src/rest/server.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase, splitDatabases, vaults } from './database.ts'

/**
 * The whole server on a database of its own, listening on a free port. With `COFFRE_TEST_SPLIT=1` the vault
 * lies in another one, for the same tests.
 */
export interface TestServer {
  readonly app: NestFastifyApplication
  /** `http://localhost:12345` */
  readonly url: string
  readonly settings: Settings
  readonly store: Store
  /** the owner's URL of its database, to look at what lies there */
  readonly databaseUrl: string
  /** an access token of the backend client `test-client`, or of another, asked for as any client would */
  token(scope?: string, base?: string, clientId?: string): Promise<string>
  /** requests with such a token */
  client(scope?: string, base?: string, clientId?: string): Promise<Client>
  close(): Promise<void>
}

/** HTTP requests below the server's URL, or at an absolute one, with a token. */
export interface Client {
  get(path: string): Test
  delete(path: string): Test
  /** @param body an object, or JSON text whose digits matter */
  post(path: string, body: object | string): Test
  put(path: string, body: object | string): Test
  patch(path: string, body: object | string): Test
}

export const testClientId = 'test-client'
/** A client with the grant `delete-multiple`. */
export const cleanerId = 'cleaner'
export const fhirType = 'application/fhir+json'

/**
 * @param given settings beside those of a test, `COFFRE_USERS_FILE` for one; `DATABASE_URL` is migrated and
 *   left as it is in the end
 */
export async function startServer(
  given: Partial<Settings> = {},
  logger: LoggerService | false = false,
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'coffre-server-'))
  const database = given.DATABASE_URL
    ? { url: given.DATABASE_URL, vaultUrl: vaults.get(given.DATABASE_URL), drop: () => Promise.resolve() }
    : process.env['COFFRE_TEST_SPLIT']
      ? await splitDatabases()
      : await freshDatabase()
  const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true })
  const clientsFile = join(folder, 'clients.json')
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'test-key' }] }
  const registration = {
    client_id: testClientId,
    scope: 'system/*.cruds',
    grants: ['bulk-identified', 'expunge', 'import', 'merge', 'reindex'],
    jwks,
  }
  const cleaner = { ...registration, client_id: cleanerId, grants: ['delete-multiple'] }
  writeFileSync(clientsFile, JSON.stringify([registration, cleaner]))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const settings = Object.assign(new Settings(), {
    PORT: port,
    COFFRE_DATA_DIR: folder,
    DATABASE_URL: database.url,
    COFFRE_IDENTITY_DATABASE_URL: 'vaultUrl' in database ? database.vaultUrl : undefined,
    COFFRE_CLIENTS_FILE: clientsFile,
    LOG_LEVEL: 'silent',
    // work of its own beside each Patient that is written
    COFFRE_LINKAGE: 'off',
    ...given,
  })
  const module = await Testing.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Settings)
    .useValue(settings)
    .compile()
  const options = { ...applicationOptions, logger }
  const app = module.createNestApplication<NestFastifyApplication>(createAdapter(), options)
  await configureServer(app)
  serveGovernanceOpenApi(app, [LinkageModule])
  await app.listen(port, 'localhost')

  const token = async (scope = 'system/*.cruds', base = '/fhir', clientId = testClientId) => {
    const path = `${base === '/fhir' ? '/auth' : `/auth${base.replace(/\/fhir$/, '')}`}/token`
    const tokenUrl = url + path
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES384', kid: 'test-key' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(settings.publicUrl + path)
      .setExpirationTime('4 minutes')
      .sign(privateKey)
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      scope,
    }
    const answer = await supertest(tokenUrl).post('').type('form').send(form)
    const { access_token: issued } = answer.body as { access_token?: string }
    if (issued === undefined) throw new Error(`no token: ${answer.status} ${answer.text}`)
    return issued
  }
  return {
    ...{ app, url, settings, databaseUrl: database.url, token },
    store: app.get(Store, { strict: false }),
    client: async (scope, base, clientId) => clientWith(url, await token(scope, base, clientId)),
    close: async () => {
      await app.close()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function clientWith(url: string, token: string): Client {
  const agent = supertest(url)
  const at = (path: string) => (path.startsWith(url) ? path.slice(url.length) : path)
  const authorised = (test: Test) => test.set('Authorization', `Bearer ${token}`)
  return {
    get: (path) => authorised(agent.get(at(path))),
    delete: (path) => authorised(agent.delete(at(path))),
    post: (path, body) =>
      authorised(agent.post(at(path)))
        .type(fhirType)
        .send(body),
    put: (path, body) =>
      authorised(agent.put(at(path)))
        .type(fhirType)
        .send(body),
    patch: (path, body) =>
      authorised(agent.patch(at(path)))
        .type(Array.isArray(body) ? 'application/json-patch+json' : fhirType)
        .send(body),
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, 'localhost', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
