import { restrict, type AllowedQuery, type ResearchAccess } from '../access/access.ts'
import { isPseudonym, patientOf } from '../deid/pseudonym.ts'
import { matches } from '../fhir/matches.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Query } from '../fhir/query.ts'
import type { Released } from '../governance/gate.ts'
import { walkReleased } from '../governance/walk.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { defaultCount } from './page-links.ts'
import type { Page } from './page.ts'
import { isReleased } from './released-parameters.ts'
import { resourceOf } from './released.ts'
import type { Found } from './search.ts'

/**
 * A search on a research base is judged on what it would show: each released resource is held against
 * the query. What was taken out of it can therefore not be asked for, counted or sorted by.
 *
 * @throws FhirError 400 for a chain, `_has`, a parameter over what is never released, or an order other than
 *   `_id`; 403 beyond the permit
 */
export async function searchReleased(tx: Tx, context: Context, query: Query, page: Page): Promise<Found> {
  const { access } = context
  if (access.kind !== 'research') throw new TypeError('the care base searches rows')
  demandJudgeable(query)
  const allowed = restrict(access, query)
  const matching = (after: string | undefined) => released(tx, context, access, allowed, after)
  const wantsTotal = query.total === 'accurate' || query.total === 'estimate' || query.summary === 'count'
  const total = wantsTotal ? await length(matching(undefined)) : undefined
  if (query.summary === 'count') return { matched: [], next: undefined, total }
  const [after] = page.cursor
  const limit = query.count ?? defaultCount
  const matched: Released[] = []
  for await (const one of matching(after === undefined || after === null ? undefined : String(after))) {
    if (matched.length === limit) return { matched, next: [matched.at(-1)?.id ?? ''], total }
    matched.push(one)
  }
  const isWhole = page.cursor.length === 0 && query.total !== 'none'
  return { matched, next: undefined, total: total ?? (isWhole ? matched.length : undefined) }
}

function demandJudgeable(query: Query): void {
  for (const criterion of query.criteria) {
    if (criterion.kind !== 'value') {
      throw FhirError.notSupported('chained searches and _has: not on a research base')
    }
    if (!isReleased(query.type, criterion.parameter)) {
      throw FhirError.notSupported(`${criterion.parameter.code}: not a search parameter of a research base`)
    }
  }
  if (query.sort.some(({ parameter, descending }) => parameter.code !== '_id' || descending)) {
    throw FhirError.notSupported('_sort: a research base has its own order, that of _id')
  }
}

async function* released(
  tx: Tx,
  context: Context,
  access: ResearchAccess,
  query: AllowedQuery,
  after: string | undefined,
): AsyncGenerator<Released> {
  const named = patientsNamed(query)
  if (named === undefined) {
    yield* judged(context, query, walkReleased(tx, context.gate, access, query, { after }))
    return
  }
  for (const pseudonym of named) {
    if (after !== undefined && pseudonym < (patientOf(after) ?? after)) continue
    const start = after?.startsWith(pseudonym) ? after : justBefore(pseudonym)
    const walk = walkReleased(tx, context.gate, access, query, { after: start })
    yield* judged(context, query, onlyOf(pseudonym, walk))
  }
}

async function* judged(
  context: Context,
  query: Query,
  walk: AsyncIterable<readonly Released[]>,
): AsyncGenerator<Released> {
  for await (const group of walk) {
    for (const one of group) if (matches(query, resourceOf(one), context)) yield one
  }
}

async function* onlyOf(
  pseudonym: string,
  walk: AsyncIterable<readonly Released[]>,
): AsyncGenerator<readonly Released[]> {
  for await (const group of walk) {
    if (group[0]?.id.startsWith(pseudonym)) yield group
    return
  }
}

/**
 * The patients that a query names by pseudonym, in order: all of its matches are theirs. A resource's
 * pseudonym begins with its patient's, and a permit's resources refer to no other patient.
 */
function patientsNamed(query: Query): string[] | undefined {
  for (const criterion of query.criteria) {
    if (criterion.kind !== 'value' || criterion.modifier !== undefined) continue
    const { code } = criterion.parameter
    if (code !== '_id' && code !== 'patient' && code !== 'subject') continue
    const ids = criterion.values.map((value) =>
      value.kind === 'reference' ? value.id : value.kind === 'token' ? value.code : undefined,
    )
    const patients = ids.flatMap((id) => (id !== undefined && isPseudonym(id) ? [patientOf(id) ?? id] : []))
    return [...new Set(patients)].sort()
  }
  return undefined
}

/** A text less than the pseudonym and greater than every other that is. */
function justBefore(pseudonym: string): string {
  return pseudonym.slice(0, -1)
}

async function length(all: AsyncIterable<unknown>): Promise<number> {
  let n = 0
  for await (const one of all) if (one !== undefined) n++
  return n
}
