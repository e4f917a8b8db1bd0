import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { TypeOrmModule } from '@nestjs/typeorm'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { Settings } from '../../src/config.ts'
import { parseJson, type Resource } from '../../src/fhir/json.ts'
import { Gate } from '../../src/governance/gate.ts'
import { GovernanceModule } from '../../src/governance/governance.module.ts'
import { serveGovernanceOpenApi } from '../../src/governance/openapi.ts'
import { connectionOptions } from '../../src/store/database.ts'
import { save } from '../../src/store/resources.ts'
import { Store } from '../../src/store/store.ts'
import { freshDatabase } from '../support/database.ts'

const password = 'correct horse battery'

/** Everyone of these stories, by name, with their roles. */
const people = {
  rene: ['requester'],
  nadia: ['requester', 'committee', 'director'],
  claire: ['committee'],
  charles: ['committee'],
  diane: ['director'],
  didier: ['director', 'committee'],
  odile: ['requester'],
  aude: ['auditor'],
  dora: ['dpo'],
  denise: ['dpo'],
  daniel: ['dpo'],
  phil: ['physician'],
  paula: ['physician'],
  quentin: ['dpo', 'physician'],
} as const
export type Name = keyof typeof people

/** A server of the governance module alone, on a database of its own, with people signed in. */
export class GovernanceApp {
  readonly app: NestFastifyApplication
  readonly databaseUrl: string
  private readonly tokens: ReadonlyMap<Name, string>
  private readonly remove: () => Promise<void>

  private constructor(
    app: NestFastifyApplication,
    databaseUrl: string,
    tokens: ReadonlyMap<Name, string>,
    remove: () => Promise<void>,
  ) {
    this.app = app
    this.databaseUrl = databaseUrl
    this.tokens = tokens
    this.remove = remove
  }

  static async start(): Promise<GovernanceApp> {
    const database = await freshDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'coffre-governance-'))
    const usersFile = join(folder, 'users.json')
    const users = Object.entries(people).map(([name, roles]) => ({ username: name, name, roles, password }))
    writeFileSync(usersFile, JSON.stringify(users))
    const settings = Object.assign(new Settings(), {
      ...{ COFFRE_DATA_DIR: folder, COFFRE_USERS_FILE: usersFile, DATABASE_URL: database.url },
    })
    const app = await startApp(settings, database.url)
    const signIn = async (name: Name): Promise<[Name, string]> => {
      const answer = await request(app.getHttpServer()).post('/auth/login').send({ username: name, password })
      return [name, answer.body.access_token as string]
    }
    const tokens = await Promise.all((Object.keys(people) as Name[]).map(signIn))
    return new GovernanceApp(app, database.url, new Map(tokens), async () => {
      await app.close()
      await database.drop()
      rmSync(folder, { recursive: true })
    })
  }

  close(): Promise<void> {
    return this.remove()
  }

  get(name: Name, path: string) {
    return request(this.app.getHttpServer()).get(path).set('Authorization', this.bearer(name))
  }

  post(name: Name, path: string, body: object = {}) {
    return request(this.app.getHttpServer()).post(path).set('Authorization', this.bearer(name)).send(body)
  }

  put(name: Name, path: string, body: object) {
    return request(this.app.getHttpServer()).put(path).set('Authorization', this.bearer(name)).send(body)
  }

  /** Lays resources down as care would. */
  async admit(resources: readonly object[]): Promise<void> {
    const updatedAt = new Date()
    const inputs = resources.map((plain) => {
      const resource = parseJson(JSON.stringify(plain)) as Resource
      resource['meta'] = {
        ...(resource['meta'] as object | undefined),
        ...{ versionId: '1', lastUpdated: updatedAt.toISOString() },
      }
      return { resource, version: 1, updatedAt, method: 'PUT' as const }
    })
    await this.app.get(Store).transaction('care', async (tx) => {
      await save(tx, await this.app.get(Gate).admit(tx, inputs))
    })
  }

  private bearer(name: Name): string {
    return `Bearer ${this.tokens.get(name) ?? ''}`
  }
}

async function startApp(settings: Settings, url: string): Promise<NestFastifyApplication> {
  const connection = {
    ...{ type: 'postgres' as const, url, autoLoadEntities: true },
    extra: { max: 4, options: connectionOptions('care') },
  }
  const module = await Test.createTestingModule({
    imports: [TypeOrmModule.forRoot(connection), GovernanceModule],
  })
    .overrideProvider(Settings)
    .useValue(settings)
    .compile()
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false })
  serveGovernanceOpenApi(app)
  await app.init()
  await app.getHttpAdapter().getInstance().ready()
  return app
}
