import type { Patient } from 'fhir/r4.js'
import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { Evidence } from '../../src/identity/linkage/evidence.ts'
import { linkGround } from '../../src/interactions/server-links.ts'
import { LinkageContexts } from '../../src/linkage/linkage-context.ts'
import { LinkageWorker } from '../../src/linkage/linkage-worker.ts'
import { to } from './merging.ts'
import { signIn, usersFile, type SignedIn } from './people.ts'
import { startServer, type Client, type TestServer } from './server.ts'

/** A pair as the queue has it. */
export interface QueuedPair {
  readonly id: string
  readonly patients: readonly string[]
  readonly grade: string
  readonly byIns: boolean
  readonly state: string
  readonly decidedBy?: string
}

/** A server whose linkage is done when a test wants, as any process may; a client, and a steward. */
export class LinkageWorld {
  /** what a worker could not do */
  readonly failures: unknown[] = []
  readonly server: TestServer
  client: Client
  readonly steward: SignedIn

  private constructor(server: TestServer, client: Client, steward: SignedIn) {
    this.server = server
    this.client = client
    this.steward = steward
  }

  static async open(): Promise<LinkageWorld> {
    const people = { stella: ['steward'], rene: ['requester'], dora: ['dpo'] }
    const server = await startServer({ COFFRE_WORKERS: 0, COFFRE_USERS_FILE: usersFile(people) })
    return new LinkageWorld(server, await server.client(), await signIn(server, 'stella'))
  }

  /** A token for the client that is good for as long as any. */
  async renew(): Promise<void> {
    this.client = await this.server.client()
  }

  close(): Promise<void> {
    return this.server.close()
  }

  /** Does all that is noted. @param processes how many share the work */
  async work(processes = 1): Promise<void> {
    await Promise.all(
      Array.from({ length: processes }, async () => {
        const worker = this.worker()
        while ((await worker.step()) > 0);
      }),
    )
  }

  /** Does the next piece of it. @param moved how many resources of a large merge */
  async step(moved: number): Promise<void> {
    await this.worker(moved).step()
  }

  private worker(moved?: number): LinkageWorker {
    const { app } = this.server
    const contexts = app.get(LinkageContexts, { strict: false })
    const evidence = app.get(Evidence, { strict: false })
    const report = (error: unknown) => this.failures.push(error)
    return new LinkageWorker(contexts, evidence, report, moved === undefined ? {} : { atOnce: moved })
  }

  /** The same, as often as it takes: what a process has taken that was killed is free a moment later. */
  async workUntilNothingIsNoted(): Promise<void> {
    const noted = 'SELECT FROM clinical.linkage_note WHERE due_at <= now()'
    for (let tries = 0; tries < 200 && (await this.rows(noted)).length > 0; tries++) {
      await this.work()
      await sleep(20)
    }
  }

  /** @param before id of the last one of the page before */
  async pairs(state = 'open', before = ''): Promise<QueuedPair[]> {
    const next = before === '' ? '' : `&before=${before}`
    const { body } = await this.steward.get(`/governance/linkage?state=${state}&limit=200${next}`).expect(200)
    return body as QueuedPair[]
  }

  /** The pair that a Patient is in. @param patient logical id */
  async pairOf(patient: string, state = 'open'): Promise<QueuedPair | undefined> {
    return (await this.pairs(state)).find(({ patients }) => patients.includes(patient))
  }

  async put(resource: Patient): Promise<void> {
    expect((await this.client.put(`/fhir/Patient/${resource.id}`, resource)).status).toBeLessThan(300)
  }

  async read(id: string): Promise<Patient> {
    return (await this.client.get(`/fhir/Patient/${id}`).expect(200)).body as Patient
  }

  async textWithoutMeta(id: string): Promise<string> {
    const { text } = await this.client.get(`/fhir/Patient/${id}`).expect(200)
    return text.replace(/"meta":\{[^}]*\}/, '')
  }

  /** Ten thousand rows of the patient of an Observation, with nothing in them to move. @param name of their ids */
  async insertMany(observation: string, name: string): Promise<void> {
    await this.rows(
      `INSERT INTO clinical.resource (type, id, patient, version, updated_at, tokens, body)
       SELECT 'Basic', many.id, patient, 1, now(), '{}', '{"resourceType":"Basic","id":"' || many.id || '"}'
         FROM clinical.resource r, (SELECT '${name}-' || n FROM generate_series(1, 10000) AS n) AS many (id)
        WHERE r.type = 'Observation' AND r.id = '${observation}'`,
    )
  }

  /** What the owner of the database sees. @param place `vault`: of the one that has schema identity */
  async rows<Row extends object>(text: string, place: 'clinical' | 'vault' = 'clinical'): Promise<Row[]> {
    const { databaseUrl, settings } = this.server
    const vaultUrl = settings.COFFRE_IDENTITY_DATABASE_URL ?? databaseUrl
    const client = new pg.Client({ connectionString: place === 'vault' ? vaultUrl : databaseUrl })
    await client.connect()
    try {
      return (await client.query<Row>(text)).rows
    } finally {
      await client.end()
    }
  }
}

/** An INS with the right key. @param number 13 digits */
export function ins(number: string) {
  const key = String(97 - Number(BigInt(number) % 97n)).padStart(2, '0')
  return { system: 'urn:oid:1.2.250.1.213.1.4.8', value: `${number}${key}` }
}

export function person(
  id: string,
  family: string,
  given: string,
  birthDate: string,
  more: Partial<Patient> = {},
): Patient {
  return { resourceType: 'Patient', id, name: [{ family, given: [given] }], birthDate, ...more }
}

/** The link that the server puts into a Patient. */
export const serverLink = (id: string, ground: 'ins' | 'steward') => ({
  ...{ extension: [{ url: linkGround, valueCode: ground }], other: to(id), type: 'seealso' as const },
})
