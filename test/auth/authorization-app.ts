import { Controller, Get, UseGuards } from '@nestjs/common'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { TypeOrmModule } from '@nestjs/typeorm'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { AuthModule } from '../../src/auth/auth.module.ts'
import { CurrentPrincipal, FhirBaseGuard } from '../../src/auth/fhir-base.guard.ts'
import { CurrentPerson, PersonGuard, Roles } from '../../src/auth/people/person.guard.ts'
import type { Principal } from '../../src/auth/principal.ts'
import type { CurrentPerson as Person } from '../../src/auth/people/sessions.ts'
import { Settings } from '../../src/config.ts'
import { Keyring, openKeyring } from '../../src/identity/keyring.ts'
import { applicationOptions, configureServer, createAdapter } from '../../src/rest/server.ts'
import { connectionOptions } from '../../src/store/database.ts'

export const publicUrl = 'https://coffre.example'
export const tokenUrl = `${publicUrl}/auth/token`

/** Shows what the guards let through. */
@Controller()
class ProbeController {
  @Get(['fhir/Probe', 'research/:permit/fhir/Probe'])
  @UseGuards(FhirBaseGuard)
  principal(@CurrentPrincipal() { caller, base, scopes, grants, patient, fhirUser }: Principal) {
    const texts = scopes.map((scope) => `${scope.context}/${scope.type}.${[...scope.permissions].join('')}`)
    const shown = { caller: { ...caller, tokenId: undefined }, base, patient, fhirUser }
    return { ...shown, scopes: texts, grants: [...grants] }
  }

  @Get('governance/probe')
  @UseGuards(PersonGuard)
  person(@CurrentPerson() person: Person) {
    return { userId: person.userId, name: person.name, roles: [...person.roles] }
  }

  @Get('governance/director')
  @UseGuards(PersonGuard)
  @Roles('director')
  director() {
    return { done: true }
  }
}

/** A server of the auth module alone, on a database, with what the settings files hold. */
export async function startAuthApp(
  databaseUrl: string,
  folder: Folder,
  given: Partial<Settings> = {},
): Promise<NestFastifyApplication> {
  const settings = Object.assign(new Settings(), {
    COFFRE_PUBLIC_URL: publicUrl,
    COFFRE_DATA_DIR: folder.path,
    DATABASE_URL: databaseUrl,
    ...given,
  })
  const connection = {
    type: 'postgres' as const,
    url: databaseUrl,
    autoLoadEntities: true,
    retryAttempts: 0,
    extra: { max: 4, options: connectionOptions('care') },
  }
  const module = await Test.createTestingModule({
    imports: [TypeOrmModule.forRoot(connection), AuthModule],
    controllers: [ProbeController],
  })
    .overrideProvider(Settings)
    .useValue(settings)
    .overrideProvider(Keyring)
    .useValue(folder.keyring)
    .compile()
  const app = module.createNestApplication<NestFastifyApplication>(createAdapter(), applicationOptions)
  await configureServer(app)
  await app.init()
  await app.getHttpAdapter().getInstance().ready()
  return app
}

/** A folder of its own for the keyring and the settings files. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'coffre-auth-'))
  readonly keyring = openKeyring(join(this.path, 'keyring.json'))

  write(name: string, content: unknown): string {
    const file = join(this.path, name)
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export interface ClientKey {
  readonly kid: string
  readonly alg: 'RS384' | 'ES384'
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export async function clientKey(alg: ClientKey['alg'], kid: string = randomUUID()): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid } }
}

/** A client assertion as SMART wants it, but for what is given otherwise; undefined takes a claim away. */
export async function assertion(
  key: ClientKey,
  clientId: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 300
  const all = { iss: clientId, sub: clientId, aud: tokenUrl, exp, jti: randomUUID(), ...claims }
  const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  return new SignJWT(kept).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey)
}

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A token request; a parameter that is undefined is not sent. */
export function askToken(
  app: NestFastifyApplication,
  form: Record<string, string | undefined>,
  path = '/auth/token',
) {
  const all = { grant_type: 'client_credentials', client_assertion_type: assertionType, ...form }
  const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return request(app.getHttpServer()).post(path).type('form').send(new URLSearchParams(sent).toString())
}
