import { restrict, type AllowedQuery, type ResearchAccess } from '../../access/access.ts'
import { isPseudonym, patientOf } from '../../deid/pseudonym.ts'
import type { SearchParameter } from '../../fhir/definitions.ts'
import { matches } from '../../fhir/search/matches.ts'
import { FhirError } from '../../fhir/outcome.ts'
import type { Criterion, Query, SearchValue } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import { walkReleased } from '../../governance/walk.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { defaultCount } from '../page-links.ts'
import type { Page } from '../page.ts'
import { isReleased } from '../released-parameters.ts'
import { resourceOf, withinScopes } from '../released.ts'
import type { Asked } from './asked.ts'
import type { Found } from './found.ts'
import { orderedPage } from './ordered.ts'

/**
 * A search on a research base is judged on what it would show: each released resource is held against
 * the query, and put in order by what is in it. What was taken out can therefore not be asked for, counted
 * or sorted by.
 *
 * @throws FhirError 400 for a chain, `_has`, or a parameter over what is never released, as criterion or
 *   sort key; 403 beyond the permit
 */
export async function searchReleased(tx: Tx, context: Context, asked: Asked, page: Page): Promise<Found> {
  const { access } = context
  if (access.kind !== 'research') throw new TypeError('the care base searches rows')
  for (const query of asked.queries) demandJudgeable(query)
  const allowed = asked.queries.map((query) => restrict(access, query))
  const matching = (after: Page['cursor']) => inTurn(tx, context, access, allowed, after)
  if (asked.summary === 'count') return { matched: [], next: undefined, total: await length(matching([])) }
  const limit = asked.count ?? defaultCount
  if (!isOwnOrder(asked)) {
    const all = oneByOne(matching([]))
    const { total, ...found } = await orderedPage(tx, context, asked.queries, all, {
      after: page.cursor,
      limit,
    })
    return { ...found, total: asked.total === 'none' ? undefined : total }
  }
  const { matched, next } = await firstOf(matching(page.cursor), limit)
  if (asked.total === 'none') return { matched, next, total: undefined }
  if (page.cursor.length === 0 && next === undefined) return { matched, next, total: matched.length }
  return { matched, next, total: asked.total === undefined ? undefined : await length(matching([])) }
}

/** A permit has an order: by type, then by pseudonym. It is that of `_id`. */
function isOwnOrder({ sort }: Asked): boolean {
  return sort.every(({ parameter, descending }) => parameter.code === '_id' && !descending)
}

async function firstOf(matching: AsyncIterable<Released>, limit: number): Promise<Omit<Found, 'total'>> {
  const matched: Released[] = []
  for await (const one of matching) {
    const last = matched.at(-1)
    if (matched.length === limit && last) return { matched, next: [last.type, last.id] }
    matched.push(one)
  }
  return { matched, next: undefined }
}

function demandJudgeable(query: Query): void {
  for (const criterion of query.criteria) demandReleased(query.type, criterion)
  for (const { parameter } of query.sort) demandReleasedParameter(query.type, parameter)
}

function demandReleased(type: string, criterion: Criterion): void {
  switch (criterion.kind) {
    case 'value':
    case 'composite':
      return demandReleasedParameter(type, criterion.parameter)
    case 'any':
    case 'all':
      for (const one of criterion.of) demandReleased(type, one)
      return
    case 'not':
      return demandReleased(type, criterion.of)
    case 'chain':
    case 'has':
      throw FhirError.notSupported('chained searches and _has: not on a research base')
  }
}

function demandReleasedParameter(type: string, parameter: SearchParameter): void {
  if (!isReleased(type, parameter)) {
    throw FhirError.notSupported(`${parameter.code}: not a search parameter of a research base`)
  }
}

/** From type to type. @param cursor type and id of the last one that was seen */
async function* inTurn(
  tx: Tx,
  context: Context,
  access: ResearchAccess,
  queries: readonly AllowedQuery[],
  [type, id]: Page['cursor'],
): AsyncGenerator<Released> {
  for (const query of queries) {
    if (typeof type === 'string' && query.type < type) continue
    yield* released(tx, context, access, query, query.type === type ? String(id) : undefined)
  }
}

async function* oneByOne<T>(all: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const one of all) yield [one]
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
  query: AllowedQuery,
  walk: AsyncIterable<readonly Released[]>,
): AsyncGenerator<Released> {
  for await (const group of walk) {
    for (const one of withinScopes(context, query, group))
      if (matches(query, resourceOf(one), context)) yield one
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
    const named = patientsIn(criterion)
    if (named !== undefined) return [...new Set(named)].sort()
  }
  return undefined
}

function patientsIn(criterion: Criterion): string[] | undefined {
  if (criterion.kind === 'any') {
    const all = criterion.of.map(patientsIn)
    return all.every((named) => named !== undefined) ? all.flat() : undefined
  }
  if (criterion.kind !== 'value' || criterion.modifier !== undefined) return undefined
  if (criterion.parameter.code !== '_id' && criterion.parameter.type !== 'reference') return undefined
  if (criterion.values.some((value) => value.kind === 'reference' && value.url !== undefined))
    return undefined
  return criterion.values.flatMap(patientNamed)
}

/** What is no pseudonym is the name of nothing here. */
function patientNamed(value: SearchValue): string[] {
  const id = value.kind === 'reference' ? value.id : value.kind === 'token' ? value.code : undefined
  return id !== undefined && isPseudonym(id) ? [patientOf(id) ?? id] : []
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
