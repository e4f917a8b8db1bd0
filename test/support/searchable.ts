import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { restrict, type CareAccess } from '../../src/access/access.ts'
import { parseScopes } from '../../src/access/scope.ts'
import { parseJson, type Resource } from '../../src/fhir/json.ts'
import { matches, type MatchOptions } from '../../src/fhir/search/matches.ts'
import type { Query } from '../../src/fhir/search/query.ts'
import { Gate } from '../../src/governance/gate.ts'
import type { Permits } from '../../src/governance/permits.ts'
import { openKeyring, type Keyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import type { PreparedQuery } from '../../src/store/prepared-query.ts'
import { save } from '../../src/store/resources.ts'
import { count, search } from '../../src/store/search.ts'
import { Store } from '../../src/store/store.ts'
import type { Tx } from '../../src/store/tx.ts'
import { freshDatabase } from './database.ts'
import { base, parse, strict } from './search.ts'

/** A database of resources that is searched twice: in SQL, and by judging each resource in memory. */
export class Searchable {
  readonly store: Store
  readonly gate: Gate
  private readonly database: Awaited<ReturnType<typeof freshDatabase>>
  private readonly folder: string
  private readonly resources = new Map<string, Resource>()

  private readonly zone: string

  private constructor(
    database: Awaited<ReturnType<typeof freshDatabase>>,
    zone: string,
    keyring: Keyring | undefined,
  ) {
    this.database = database
    this.zone = zone
    this.folder = mkdtempSync(join(tmpdir(), 'coffre-search-'))
    this.store = new Store(database.url)
    const own = keyring ?? openKeyring(join(this.folder, 'keyring.json'))
    const noPermits = undefined as unknown as Permits
    this.gate = new Gate(new Vault(own), noPermits, own, zone, base)
  }

  /** @param zone in which dates without an offset are read */
  static async with(
    resources: readonly object[],
    zone: string = strict.zone,
    keyring?: Keyring,
  ): Promise<Searchable> {
    const made = new Searchable(await freshDatabase(), zone, keyring)
    await made.put(resources)
    return made
  }

  /** Writes resources, each as its version given by `version`. */
  async put(resources: readonly object[], version = 1): Promise<void> {
    const meta = { versionId: String(version), lastUpdated: '2026-01-01T00:00:00.000Z' }
    const read = resources.map((plain) => {
      const own = 'meta' in plain ? plain.meta : {}
      return parseJson(JSON.stringify({ ...plain, meta: { ...(own as object), ...meta } })) as Resource
    })
    const updatedAt = new Date(meta.lastUpdated)
    const inputs = read.map((resource) => ({ resource, version, updatedAt, method: 'PUT' as const }))
    await this.store.transaction('care', async (tx) => save(tx, await this.gate.admit(tx, inputs)))
    for (const one of read) this.resources.set(`${one.resourceType}/${String(one['id'])}`, one)
  }

  /** What a search finds in SQL, as sorted ids; counting must say the same. */
  async found(text: string, scope = 'system/*.cruds'): Promise<string[]> {
    return this.prepared(text, scope, async (tx, prepared) => {
      const { rows } = await search(tx, prepared, { limit: 10_000 })
      const n = await count(tx, prepared)
      if (n !== rows.length) throw new Error(`${text}: ${rows.length} rows, counted ${n}`)
      return (await this.gate.release(tx, access(scope), rows)).map(({ id }) => id).sort()
    })
  }

  /** Runs work with a search made ready for SQL. @param patient key of the one in launch context */
  async prepared<T>(
    text: string,
    scope: string,
    work: (tx: Tx, prepared: PreparedQuery) => Promise<T>,
    patient?: string,
  ): Promise<T> {
    return this.store.read('care', async (tx) =>
      work(tx, await this.gate.prepare(tx, restrict({ ...access(scope), patient }, this.parse(text)))),
    )
  }

  /** What it finds by judging every resource. */
  judged(text: string): string[] {
    const query = this.parse(text)
    const all = [...this.resources.values()]
    const options: MatchOptions = {
      ...{ zone: this.zone, base },
      resolve: (type, id) => this.resources.get(`${type}/${id}`),
      referring: (type) => all.filter(({ resourceType }) => resourceType === type),
    }
    return all
      .filter((resource) => matches(query, resource, options))
      .map((resource) => String(resource['id']))
      .sort()
  }

  private parse(text: string): Query {
    return parse(text, { ...strict, zone: this.zone }).query
  }

  /** of the database's owner */
  get url(): string {
    return this.database.url
  }

  async close(): Promise<void> {
    await this.store.close()
    await this.database.drop()
    rmSync(this.folder, { recursive: true })
  }
}

function access(scope: string): CareAccess {
  return {
    kind: 'care',
    caller: { clientId: 'ehr', userId: undefined, tokenId: 't', ip: undefined },
    scopes: parseScopes(scope, strict.zone),
    patient: undefined,
    grants: new Set(),
  }
}
