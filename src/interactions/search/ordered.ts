import { FhirError, issue } from '../../fhir/outcome.ts'
import { compareKeys, sortKey, type SortValue } from '../../fhir/search/sort-key.ts'
import type { Query } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import type { Page } from '../page.ts'
import { releasedByKey, resourceOf } from '../released.ts'
import type { Found } from './found.ts'

/** More matches than this are not put in order: each has to be opened for its keys. */
export const maxOrdered = 10_000

/** A match without its content. */
interface Place {
  readonly keys: readonly (SortValue | null)[]
  readonly type: string
  /** as the caller knows it */
  readonly id: string
  readonly internal: string
}

/**
 * One page of matches in an order that rows do not have at rest: their names are sealed, their codes
 * hashed. All matches are released for their keys, which alone are kept; then the page is. The cursor is
 * the last one's keys, type and id, so that what is written between two pages moves nothing else.
 *
 * @param matches every match, in any order
 * @throws FhirError 400 `too-costly` beyond 10,000 matches
 */
export async function orderedPage(
  tx: Tx,
  context: Context,
  queries: readonly Query[],
  matches: AsyncIterable<readonly Released[]>,
  page: { readonly after: Page['cursor']; readonly limit: number },
): Promise<Found & { readonly total: number }> {
  const places = await placesOf(context, queries, matches)
  const descending = queries[0]?.sort.map((key) => key.descending) ?? []
  const compare = (left: Place, right: Place) =>
    compareKeys(left.keys, right.keys, descending) || compareNames(left, right)
  const ordered = places.sort(compare)
  const last = placeOf(page.after, descending.length)
  const first = last === undefined ? 0 : ordered.findIndex((place) => compare(place, last) > 0)
  const rest = first < 0 ? [] : ordered.slice(first)
  const shown = rest.slice(0, page.limit)
  const matched = await releasedIn(tx, context, shown)
  return {
    matched,
    next: rest.length > page.limit ? cursorOf(shown.at(-1)) : undefined,
    total: places.length,
  }
}

async function placesOf(
  context: Context,
  queries: readonly Query[],
  matches: AsyncIterable<readonly Released[]>,
): Promise<Place[]> {
  const sorts = new Map(queries.map(({ type, sort }) => [type, sort]))
  const places: Place[] = []
  for await (const batch of matches) {
    for (const one of batch) {
      const resource = resourceOf(one)
      const keys = (sorts.get(one.type) ?? []).map(({ parameter, descending }) =>
        inJson(sortKey(resource, parameter, descending, context)),
      )
      places.push({ keys, type: one.type, id: one.id, internal: one.row.id })
    }
    demandOrderable(places.length)
  }
  return places
}

/** @throws FhirError 400 `too-costly` */
export function demandOrderable(matches: number): void {
  if (matches > maxOrdered) {
    throw new FhirError(400, [
      issue('too-costly', `_sort: more than ${maxOrdered} matches in this order: narrow the search`, '_sort'),
    ])
  }
}

function compareNames(left: Place, right: Place): number {
  if (left.type !== right.type) return left.type < right.type ? -1 : 1
  return left.id === right.id ? 0 : left.id < right.id ? -1 : 1
}

function cursorOf(place: Place | undefined): Page['cursor'] | undefined {
  return place && [...place.keys, place.type, place.id]
}

/** Cursors are JSON, which has no number for the beginning of an open interval. */
function inJson(key: SortValue | undefined): SortValue | null {
  return key === -Infinity ? -Number.MAX_VALUE : (key ?? null)
}

function placeOf(cursor: Page['cursor'], keys: number): Place | undefined {
  if (cursor.length === 0) return undefined
  const [type, id] = [String(cursor[keys]), String(cursor[keys + 1])]
  return { keys: cursor.slice(0, keys), type, id, internal: '' }
}

/** The resources of a page, in its order. */
async function releasedIn(tx: Tx, context: Context, places: readonly Place[]): Promise<Released[]> {
  const found = new Map<string, Released>()
  for (const type of new Set(places.map((place) => place.type))) {
    const ids = places.flatMap((place) => (place.type === type ? [place.internal] : []))
    for (const one of await releasedByKey(tx, context, type, ids, 's')) found.set(`${type}/${one.id}`, one)
  }
  return places.flatMap(({ type, id }) => found.get(`${type}/${id}`) ?? [])
}
