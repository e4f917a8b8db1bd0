import { demand, restrict } from '../../access/access.ts'
import { scopesFor } from '../../access/scope.ts'
import { resourceTypes, typeDefinition } from '../../fhir/definitions.ts'
import { isObject, stringifyJson, type Resource } from '../../fhir/json.ts'
import { matches } from '../../fhir/search/matches.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { plainQuery } from '../../fhir/search/parse-criterion.ts'
import type { Query, SearchValue } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import type { PreparedQuery } from '../../store/prepared-query.ts'
import { searchTypes, type Cursor } from '../../store/search.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { defaultCount } from '../page-links.ts'
import type { Page } from '../page.ts'
import { resourceOf, valueCriterion } from '../released.ts'
import type { Asked } from './asked.ts'
import { containedType, type Contained } from './contained-asked.ts'
import type { Found } from './found.ts'
import { searchRows } from './search-rows.ts'

/** Containers that are opened for one page; it may be short then, and leads on. */
const maxOpened = 2_000
const openedAtOnce = 200
/** In front of a cursor among containers. No type is called so. */
const marker = '#'

/**
 * Searches resources inside others. Rows tell of which types theirs are; the criteria are judged on each of
 * them. With `_contained=both`, those that stand alone come first.
 *
 * @returns the containers; or what is inside them, each under its container's id and its own: `123#med`
 * @throws FhirError 400 `too-costly` for a count over too many containers; 403 without a scope for the types
 * @see FHIR R4 § Search, "_contained" and "_containedType"
 */
export async function searchContained(
  tx: Tx,
  context: Context,
  asked: Asked,
  { which, shown }: Contained,
  page: Page,
): Promise<Found> {
  for (const { type } of asked.queries) demand(context.access, type, 's')
  const containers = await preparedContainers(tx, context, asked)
  const find = (after: Cursor | undefined, limit: number) =>
    hits(tx, context, asked.queries, containers, { after, limit })
  const isInside = page.cursor[0] === marker
  const alone = which === 'both' && !isInside ? await searchRows(tx, context, asked, page) : nothing
  if (asked.summary === 'count') {
    const inside = await find(undefined, maxOpened)
    if (inside.next !== undefined) throw tooCostly()
    const total = (alone.total ?? 0) + shownOf(inside.found, shown).length
    return { matched: [], next: undefined, total }
  }
  if (alone.next !== undefined) return { ...alone, total: undefined }
  const after = isInside && page.cursor.length > 1 ? page.cursor.slice(1) : undefined
  const { found, next } = await find(after, (asked.count ?? defaultCount) - alone.matched.length)
  const matched = [...alone.matched, ...shownOf(found, shown)]
  const isWhole = page.cursor.length === 0 && next === undefined && asked.total !== 'none'
  return { matched, next: next && [marker, ...next], total: isWhole ? matched.length : undefined }
}

const nothing: Found = { matched: [], next: undefined, total: undefined }

/** A container with those of its resources that match. */
interface Hit {
  readonly container: Released
  readonly inside: readonly Resource[]
}

/** @returns where to go on: after the last container that was looked at; `[]`: from the first one */
async function hits(
  tx: Tx,
  context: Context,
  queries: readonly Query[],
  containers: readonly PreparedQuery[],
  page: { readonly after: Cursor | undefined; readonly limit: number },
): Promise<{ found: Hit[]; next: Cursor | undefined }> {
  const found: Hit[] = []
  let { after } = page
  for (let opened = 0; opened < maxOpened; opened += openedAtOnce) {
    const batch = { after, limit: openedAtOnce }
    const { rows, next } = await searchTypes(tx, containers, batch)
    for (const container of await context.gate.release(tx, context.access, rows)) {
      const inside = matchingInside(context, queries, resourceOf(container))
      if (inside.length > 0 && found.length === page.limit) return { found, next: after ?? [] }
      if (inside.length > 0) found.push({ container, inside })
      after = [container.type, container.row.id]
    }
    if (next === undefined) return { found, next: undefined }
  }
  return { found, next: after }
}

function matchingInside(context: Context, queries: readonly Query[], { contained }: Resource): Resource[] {
  const all = Array.isArray(contained) ? contained.filter(isObject) : []
  return (all as Resource[]).filter((one) => queries.some((query) => matches(query, one, context)))
}

function shownOf(found: readonly Hit[], shown: Contained['shown']): Released[] {
  if (shown === 'container') return found.map(({ container }) => container)
  return found.flatMap(({ container, inside }) =>
    inside.map((one) => ({
      ...container,
      id: `${container.id}#${String(one['id'])}`,
      text: stringifyJson(one),
    })),
  )
}

/** Of every type that can contain others and that the caller may search. */
async function preparedContainers(tx: Tx, context: Context, { queries }: Asked): Promise<PreparedQuery[]> {
  const { access } = context
  const values = queries.map(({ type }): SearchValue => ({ kind: 'token', system: undefined, code: type }))
  const prepared: PreparedQuery[] = []
  for (const type of resourceTypes) {
    const canContain = typeDefinition(type).properties.has('contained')
    if (!canContain || scopesFor(access, type, 's').length === 0) continue
    const query = plainQuery(type, [valueCriterion(containedType, values)])
    prepared.push(await context.gate.prepare(tx, restrict(access, query)))
  }
  return prepared
}

function tooCostly(): FhirError {
  const diagnostics = `_contained: a count over more than ${maxOpened} resources that contain others`
  return new FhirError(400, [issue('too-costly', diagnostics, '_contained')])
}
