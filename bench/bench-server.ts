import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { AppModule } from '../src/app.module.ts'
import { operatorSink } from '../src/import/operator-sink.ts'
import { applySettings } from '../src/config.ts'
import type { Resource } from '../src/fhir/json.ts'
import { applicationOptions, configureServer, createAdapter } from '../src/rest/server.ts'
import { Database } from '../src/store/database.ts'
import { sql } from '../src/store/sql.ts'
import { Store } from '../src/store/store.ts'
import { Gate } from '../src/governance/gate.ts'
import type { ClearRow } from './clear-index.ts'
import { timed } from './figure.ts'
import { withClient } from './limits.ts'

/** The whole server on an embedded database of its own, with one backend client. */
export class BenchServer {
  private constructor(
    private readonly app: NestFastifyApplication,
    private readonly url: string,
    private readonly token: string,
  ) {}

  static async start(folder: string): Promise<BenchServer> {
    const { privateKey, publicKey } = await generateKeyPair('ES384')
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'bench' }] }
    const clients = join(folder, 'clients.json')
    writeFileSync(clients, JSON.stringify([{ client_id: 'bench', scope: 'system/*.cruds', jwks }]))
    const port = 18_080 + (process.pid % 1000)
    applySettings({
      PORT: String(port),
      COFFRE_DATA_DIR: folder,
      COFFRE_CLIENTS_FILE: clients,
      // it would look at all who are written while others are measured
      COFFRE_LINKAGE: 'off',
      LOG_LEVEL: 'silent',
    })
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(), {
      ...applicationOptions,
      logger: false,
    })
    await configureServer(app)
    await app.listen(port, '127.0.0.1')
    const bound = (app.getHttpServer().address() as AddressInfo).port
    const url = `http://localhost:${bound}`
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES384', kid: 'bench' })
      .setIssuer('bench')
      .setSubject('bench')
      .setAudience(`${url}/auth/token`)
      .setExpirationTime('4 minutes')
      .sign(privateKey)
    const form = new URLSearchParams({
      ...{ grant_type: 'client_credentials', scope: 'system/*.cruds', client_assertion: assertion },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    const answer = (await (await fetch(`${url}/auth/token`, { method: 'POST', body: form })).json()) as {
      access_token: string
    }
    return new BenchServer(app, url, answer.access_token)
  }

  get databaseUrl(): string {
    return this.app.get(Database, { strict: false }).url
  }

  get store(): Store {
    return this.app.get(Store, { strict: false })
  }

  get gate(): Gate {
    return this.app.get(Gate, { strict: false })
  }

  /** Lays down in clear what patients are looked for by, for a comparison; `dropClearIndex` takes it away. */
  async fillClearIndex(rows: readonly ClearRow[]): Promise<void> {
    const keys = await this.keys(rows.map(([id]) => id))
    await withClient(this.databaseUrl, async (client) => {
      await client.query(
        `CREATE TABLE public.bench_clear (id text COLLATE "C" NOT NULL, parameter text COLLATE "C" NOT NULL, value text COLLATE "C" NOT NULL)`,
      )
      await client.query(
        `INSERT INTO public.bench_clear SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`,
        [
          rows.map(([id]) => keys.get(id)),
          rows.map(([, parameter]) => parameter),
          rows.map(([, , value]) => value),
        ],
      )
      await client.query(`CREATE INDEX ON public.bench_clear (parameter, value, id)`)
      await client.query(`GRANT SELECT ON public.bench_clear TO coffre_care`)
      await client.query(`ANALYZE`)
    })
  }

  async dropClearIndex(): Promise<void> {
    await withClient(this.databaseUrl, (client) => client.query(`DROP TABLE public.bench_clear`))
  }

  /** Copies resources under new ids, with nothing of them sealed. @returns these ids */
  async inClear(type: string, ids: readonly string[]): Promise<string[]> {
    const made = ids.map(() => randomUUID())
    const texts = await this.fetchTexts(ids.map((id) => `${type}/${id}`))
    const keys = await this.keys(ids)
    await withClient(this.databaseUrl, (client) =>
      client.query(
        `INSERT INTO clinical.resource (type, id, patient, version, updated_at, body, tokens)
         SELECT $1, new.id, CASE WHEN $1 = 'Patient' THEN new.id::uuid ELSE r.patient END, 1, r.updated_at,
                new.body, r.tokens
           FROM unnest($2::text[], $3::text[], $4::text[]) AS new (old, id, body)
           JOIN clinical.resource r ON r.type = $1 AND r.id = new.old`,
        [type, type === 'Patient' ? ids.map((id) => keys.get(id)) : ids, made, texts],
      ),
    )
    return made
  }

  private keys(ids: readonly string[]): Promise<Map<string, string>> {
    return this.store.transaction('care', async (tx) => {
      const claimed = await this.gate.claim(
        tx,
        ids.map((id) => ({ type: 'Patient', id })),
      )
      return new Map(ids.map((id, at) => [id, claimed[at]?.id ?? id]))
    })
  }

  /** Seconds for the import command's own path, batches of 500, two at once; statistics are part of it. */
  async importAll(resources: readonly Resource[]): Promise<number> {
    const sink = operatorSink(this.app)
    const batches = Array.from({ length: Math.ceil(resources.length / 500) }, (_, index) =>
      resources.slice(index * 500, index * 500 + 500).map((resource, line) => ({ resource, line })),
    )
    return timed(async () => {
      for (let at = 0; at < batches.length; at += 2)
        await Promise.all(
          batches.slice(at, at + 2).map((batch, index) => sink.importBatch(batch, `batch ${at + index}`)),
        )
    })
  }

  async storedBytes(): Promise<number> {
    const [found] = await this.app.get(Store, { strict: false }).read('care', (tx) =>
      tx.query<{ bytes: string }>(
        sql`SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname IN ('clinical', 'identity')`,
      ),
    )
    return Number(found?.bytes ?? 0)
  }

  /** Seconds, five times. */
  readAll(ids: readonly string[]): Promise<number[]> {
    return this.fetchAll(ids.map((id) => `Observation/${id}`))
  }

  /** The latest values of one code of each patient. */
  async searchLatest(resources: readonly Resource[]): Promise<{ count: number; seconds: number[] }> {
    const patients = resources.filter(({ resourceType }) => resourceType === 'Patient').slice(0, 200)
    const paths = patients.map(
      ({ id }) => `Observation?patient=${String(id)}&code=2160-0&_sort=-date&_count=20`,
    )
    return { count: paths.length, seconds: await this.fetchAll(paths) }
  }

  async stop(): Promise<void> {
    await this.app.close()
  }

  /** One after another. */
  async fetchEach(paths: readonly string[]): Promise<void> {
    await this.fetchTexts(paths)
  }

  private async fetchTexts(paths: readonly string[]): Promise<string[]> {
    const headers = { Authorization: `Bearer ${this.token}` }
    const texts: string[] = []
    for (const path of paths) {
      const answer = await fetch(`${this.url}/fhir/${path}`, { headers })
      if (answer.status !== 200) throw new Error(`bench: ${answer.status}`)
      texts.push(await answer.text())
    }
    return texts
  }

  private async fetchAll(paths: readonly string[]): Promise<number[]> {
    const runs: number[] = []
    for (let run = 0; run < 5; run++) runs.push(await timed(() => this.fetchEach(paths)))
    return runs
  }
}
