import { restrict } from '../access/access.ts'
import { scopesFor } from '../access/scope.ts'
import { plainQuery, searchParameter } from '../fhir/search/parse-criterion.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import type { Conformance } from '../fhir/package.ts'
import type { Query, SearchValue } from '../fhir/search/query.ts'
import { budget } from '../fhir/terminology/budget.ts'
import { drawsOn, type Needed } from '../fhir/terminology/compose.ts'
import { terminologyNeeds, withTokens } from '../fhir/terminology/query.ts'
import { StoredTerminology } from '../fhir/terminology/stored.ts'
import {
  inPackages,
  packageTerminology,
  splitCanonical,
  terminologyOver,
  type Terminology,
} from '../fhir/terminology/terminology.ts'
import type { StoredRow } from '../store/row.ts'
import { exportRows } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { recentTerminology } from './recent-terminology.ts'
import { valueCriterion } from './released.ts'

/**
 * Puts plain tokens in the place of `:in`, `:not-in`, `:above` and `:below`, by the packages and by the
 * ValueSets and CodeSystems that the caller may search. Call it between reading a query and asking rows.
 *
 * @throws FhirError 400: `not-found` for what is not held, `not-supported` for what cannot be listed,
 *   `too-costly` beyond 10,000 codes
 */
export async function resolveTerminology(tx: Tx, context: Context, query: Query): Promise<Query> {
  const needed = terminologyNeeds(query)
  if (needed.length === 0) return query
  try {
    const { terminology } = await terminologyFor(tx, context, needed)
    return withTokens(query, terminology)
  } catch (error) {
    // what is wrong with a search is told by 400, whatever it is
    throw error instanceof FhirError && error.status === 422 ? new FhirError(400, error.issues) : error
  }
}

/** A terminology, and the rows that were read for it. */
export interface TerminologyRead {
  readonly terminology: Terminology
  readonly rows: readonly Pick<StoredRow, 'type' | 'id' | 'version'>[]
}

/** A graph that is deeper, names more, or is of more stored resources, is refused. */
const maxDepth = 20
const maxNamed = 1_000
const maxStored = 500

/**
 * The terminology that some resources need: what the packages hold, and what is stored here and the caller
 * may search. Where both hold a canonical URL, the packages count: what FHIR defines is not redefined by a
 * write.
 *
 * @throws FhirError 422 `too-costly` when one draws on too many others, or its content takes too much work
 */
export async function terminologyFor(
  tx: Tx,
  context: Context,
  needed: readonly Needed[],
): Promise<TerminologyRead> {
  // what a permit releases is judged by published definitions alone
  if (context.access.kind === 'research') return { terminology: packageTerminology, rows: [] }
  const stored = new StoredTerminology(context.base)
  const rows: StoredRow[] = []
  const asked = new Set<string>()
  let waiting = needed
  for (let depth = 0; waiting.length > 0; depth++) {
    const fresh = notIn(asked, waiting)
    for (const one of fresh) asked.add(keyOf(one))
    if (depth > maxDepth || asked.size > maxNamed) throw tooMany()
    const found = await findRows(tx, context, stored, fresh)
    rows.push(...found)
    if (rows.length > maxStored) throw tooMany()
    for (const one of await resourcesOf(tx, context, found)) stored.add(one)
    waiting = fresh.flatMap(({ type, canonical }) => {
      const held = type === 'ValueSet' ? stored.lookup(type, canonical) : undefined
      return held ? drawsOn(held) : []
    })
  }
  return { terminology: terminologyOver(stored.lookup, budget()), rows }
}

function tooMany(): FhirError {
  return new FhirError(422, [issue('too-costly', 'a value set that draws on too many others')])
}

/** Each once. */
function notIn(asked: ReadonlySet<string>, all: readonly Needed[]): Needed[] {
  const byKey = new Map(all.map((one) => [keyOf(one), one]))
  return [...byKey].flatMap(([key, one]) => (asked.has(key) ? [] : [one]))
}

function keyOf({ type, canonical }: Needed): string {
  return `${type} ${canonical}`
}

/** Finds what the packages do not hold, by id or by canonical URL. */
async function findRows(
  tx: Tx,
  context: Context,
  stored: StoredTerminology,
  needed: readonly Needed[],
): Promise<StoredRow[]> {
  const found: StoredRow[] = []
  for (const type of ['ValueSet', 'CodeSystem'] as const) {
    if (scopesFor(context.access, type, 's').length === 0) continue
    const canonicals = needed
      .filter((one) => one.type === type && !inPackages(type, one.canonical))
      .map(({ canonical }) => canonical)
    const ids = canonicals.flatMap((canonical) => stored.idOf(type, canonical) ?? [])
    const urls = canonicals.flatMap((canonical) => [canonical, splitCanonical(canonical)[0]])
    if (ids.length > 0) found.push(...(await rowsOf(tx, context, plainQuery(type, []), ids)))
    if (urls.length > 0) found.push(...(await rowsOf(tx, context, urlQuery(type, urls), undefined)))
  }
  return found
}

function urlQuery(type: string, urls: readonly string[]): Query {
  const values = [...new Set(urls)].map((uri): SearchValue => ({ kind: 'uri', uri, match: 'exact' }))
  return plainQuery(type, [valueCriterion(searchParameter(type, 'url'), values)])
}

async function rowsOf(
  tx: Tx,
  context: Context,
  query: Query,
  ids: readonly string[] | undefined,
): Promise<StoredRow[]> {
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  const rows: StoredRow[] = []
  for await (const batch of exportRows(tx, prepared, { ids })) {
    rows.push(...batch)
    if (rows.length > maxStored) break // terminologyFor refuses it
  }
  return rows
}

async function resourcesOf(tx: Tx, context: Context, rows: readonly StoredRow[]): Promise<Conformance[]> {
  const recent = recentTerminology(context.store)
  const known = rows.flatMap((row) => recent.get(row) ?? [])
  const others = rows.filter((row) => recent.get(row) === undefined)
  const released = await context.gate.release(tx, context.access, others)
  return [...known, ...released.map((one) => recent.read(one))]
}
