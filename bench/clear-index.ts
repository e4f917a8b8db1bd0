import { restrict, type CareAccess } from '../src/access/access.ts'
import { parseScopes } from '../src/access/scope.ts'
import { parseQuery } from '../src/fhir/search/parse-query.ts'
import { normalise } from '../src/fhir/search/normalise.ts'
import type { Resource } from '../src/fhir/json.ts'
import type { Gate } from '../src/governance/gate.ts'
import { storedColumns } from '../src/store/resources.ts'
import type { StoredRow } from '../src/store/row.ts'
import { search } from '../src/store/search.ts'
import { sql, type Sql } from '../src/store/sql.ts'
import type { Store } from '../src/store/store.ts'
import type { BenchServer } from './bench-server.ts'
import { timed } from './figure.ts'

/** A search by what identifies, and the same by an index in clear. */
export interface ClearSearch {
  readonly name: string
  readonly of: (person: Sought) => { readonly type: string; readonly query: string; readonly clear: Sql }
}

/** What somebody is looked for by. */
interface Sought {
  readonly ipp: string
  readonly family: string
  readonly birthDate: string
}

const has = (parameter: string, value: string) =>
  sql`SELECT c.id FROM public.bench_clear c WHERE c.parameter = ${parameter} AND c.value = ${value}`
const begins = (parameter: string, value: string) =>
  sql`SELECT c.id FROM public.bench_clear c WHERE c.parameter = ${parameter} AND c.value LIKE ${`${normalise(value)}%`}`

export const clearSearches: readonly ClearSearch[] = [
  {
    name: 'Patient?identifier=',
    of: ({ ipp }) => ({
      type: 'Patient',
      query: `identifier=urn:ipp|${ipp}`,
      clear: sql`r.id IN (${has('identifier', ipp)})`,
    }),
  },
  {
    name: 'Patient?name=',
    of: ({ family }) => ({
      type: 'Patient',
      query: `name=${family}`,
      clear: sql`r.id IN (${begins('name', family)})`,
    }),
  },
  {
    name: 'Patient?family=&birthdate=',
    of: ({ family, birthDate }) => ({
      ...{ type: 'Patient', query: `family=${family}&birthdate=${birthDate}` },
      clear: sql`r.id IN (${begins('family', family)}) AND r.id IN (${has('birthdate', birthDate)})`,
    }),
  },
  {
    name: 'Observation?patient.identifier=',
    of: ({ ipp }) => ({
      ...{ type: 'Observation', query: `patient.identifier=urn:ipp|${ipp}` },
      clear: sql`r.patient IN (SELECT p.patient FROM clinical.resource p WHERE p.type = 'Patient' AND p.id IN (${has('identifier', ipp)}))`,
    }),
  },
]

const access: CareAccess = {
  ...{ kind: 'care', patient: undefined, grants: new Set<string>() },
  caller: { clientId: 'bench', userId: undefined, tokenId: 'bench', ip: undefined },
  scopes: parseScopes('system/*.cruds', 'Europe/Paris'),
}
const base = 'http://localhost/fhir'
const asked = 100
const rounds = 5
const page = 20

/** What is compared: one sealed server, with the identity of its patients in clear beside it for the time of it. */
export class SealedBench {
  private readonly server: BenchServer
  private readonly store: Store
  private readonly gate: Gate
  private readonly people: readonly Sought[]

  private constructor(server: BenchServer, people: readonly Sought[]) {
    this.server = server
    this.store = server.store
    this.gate = server.gate
    this.people = people
  }

  static async build(server: BenchServer, resources: readonly Resource[]): Promise<SealedBench> {
    const found = resources.flatMap((one) => (one.resourceType === 'Patient' ? [soughtOf(one)] : []))
    const bench = new SealedBench(
      server,
      found.filter((_, at) => at % Math.ceil(found.length / asked) === 0),
    )
    await server.fillClearIndex(
      resources.flatMap((one) => (one.resourceType === 'Patient' ? clearRows(one) : [])),
    )
    return bench
  }

  /** Microseconds of a read by id over HTTP: sealed, and with all of it in the clinical row. */
  async reads(type: string): Promise<readonly [number[], number[]]> {
    const ids = this.people.map((_, at) => `${type === 'Patient' ? 'p' : 'o'}${at + 1}`)
    const clear = await this.server.inClear(type, ids)
    return alternating(
      ids.length,
      () => this.server.fetchEach(ids.map((id) => `${type}/${id}`)),
      () => this.server.fetchEach(clear.map((id) => `${type}/${id}`)),
    )
  }

  /** Microseconds of the first page of a search, from what was asked to what is released. */
  searches({ of }: ClearSearch): Promise<readonly [number[], number[]]> {
    const all = this.people.map(of)
    return alternating(
      all.length,
      async () => {
        for (const { type, query } of all) await this.blind(type, query)
      },
      async () => {
        for (const { type, clear } of all) await this.inClear(type, clear)
      },
    )
  }

  async close(): Promise<void> {
    await this.server.dropClearIndex()
  }

  private async blind(type: string, text: string): Promise<number> {
    const pairs = text.split('&').map((one) => one.split(/=(.*)/s) as [string, string])
    const { query } = parseQuery(type, pairs, { zone: 'Europe/Paris', handling: 'strict', base })
    return this.store.read('care', async (tx) => {
      const { rows } = await search(tx, await this.gate.prepare(tx, restrict(access, query)), { limit: page })
      return (await this.gate.release(tx, access, rows)).length
    })
  }

  private inClear(type: string, clear: Sql): Promise<number> {
    return this.store.read('care', async (tx) => {
      const rows = await tx.query<StoredRow>(
        sql`SELECT ${storedColumns} FROM clinical.resource r WHERE r.type = ${type} AND ${clear} ORDER BY r.id LIMIT ${page + 1}`,
      )
      return (await this.gate.release(tx, access, rows.slice(0, page))).length
    })
  }
}

async function alternating(
  count: number,
  ours: () => Promise<unknown>,
  bare: () => Promise<unknown>,
): Promise<readonly [number[], number[]]> {
  const [one, other]: [number[], number[]] = [[], []]
  await ours()
  await bare()
  for (let round = 0; round < rounds; round++) {
    one.push(((await timed(ours)) / count) * 1e6)
    other.push(((await timed(bare)) / count) * 1e6)
  }
  return [one, other]
}

function soughtOf(patient: Resource): Sought {
  const { identifier, name, birthDate } = patient as unknown as Given
  return { ipp: identifier[0].value, family: name[0].family, birthDate }
}

interface Given {
  readonly identifier: readonly [{ readonly value: string }]
  readonly name: readonly [{ readonly family: string; readonly given: readonly string[] }]
  readonly birthDate: string
}

/** Logical id, parameter and value of what a patient is looked for by. */
export type ClearRow = readonly [id: string, parameter: string, value: string]

function clearRows(patient: Resource): ClearRow[] {
  const { identifier, name, birthDate } = patient as unknown as Given
  const id = String(patient['id'])
  const [{ family, given }] = name
  return [
    [id, 'identifier', identifier[0].value],
    [id, 'birthdate', birthDate],
    [id, 'family', normalise(family)],
    ...[family, ...given].map((one): ClearRow => [id, 'name', normalise(one)]),
  ]
}
