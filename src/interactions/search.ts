import { restrict } from '../access/access.ts'
import type { Issue } from '../fhir/outcome.ts'
import { stringifyJson } from '../fhir/json.ts'
import { parseQuery } from '../fhir/parse-query.ts'
import type { Query } from '../fhir/query.ts'
import type { Released } from '../governance/gate.ts'
import { count, search } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import { outcomeText, type Answer } from './answer.ts'
import { bundleText, type EntryText } from './bundle-text.ts'
import { parseOptions, type Context } from './context.ts'
import { included } from './include.ts'
import { defaultCount, openPage, pageLinks } from './page-links.ts'
import type { Page } from './page.ts'
import { resourceOf, seen } from './released.ts'
import type { FhirRequest } from './request.ts'
import { searchReleased } from './search-released.ts'
import { isPartial, shaped } from './summary.ts'
import { resolveTerminology } from './terminology.ts'

/** One page of matches, before it becomes a Bundle. */
export interface Found {
  readonly matched: readonly Released[]
  /** where the next page begins */
  readonly next: Page['cursor'] | undefined
  readonly total: number | undefined
}

/**
 * Searches one type.
 *
 * @returns 200 with a searchset; its links are sealed, see `page.ts`
 * @throws FhirError 400 for what cannot be read or is not there, 403 without a scope or beyond the permit
 * @see FHIR R4 § Search
 */
export async function searchType(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
): Promise<Answer> {
  const page = openPage(context, request)
  const handling = page.lenient && context.access.kind === 'care' ? 'lenient' : 'strict'
  const parsed = parseQuery(type, page.parameters, parseOptions(context, handling))
  const { applied, ignored } = parsed
  const query = await resolveTerminology(tx, context, parsed.query)
  const find = context.access.kind === 'care' ? searchRows : searchReleased
  const found = await find(tx, context, query, page)
  const added = await included(tx, context, query, found.matched)
  const body = bundleText({
    type: 'searchset',
    now: context.now(),
    total: found.total,
    links: pageLinks(context, page, found.next, applied),
    entries: [
      ...found.matched.map((one) => entryOf(context, one, query, 'match')),
      ...added.map((one) => entryOf(context, one, query, 'include')),
      ...(ignored.length === 0 ? [] : [ignoredEntry(ignored.length)]),
    ],
  })
  const names = page.parameters.map(([name]) => name)
  const accesses = [seen(context.access, 'search-type', type, [...found.matched, ...added], names)]
  return { status: 200, body, accesses }
}

/** On the care base the store's answer is the answer. */
async function searchRows(tx: Tx, context: Context, query: Query, page: Page): Promise<Found> {
  const now = context.now().getTime()
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  if (query.summary === 'count') {
    return { matched: [], next: undefined, total: await count(tx, prepared, now) }
  }
  const after = page.cursor.length === 0 ? undefined : page.cursor
  const { rows, next } = await search(tx, prepared, { after, limit: query.count ?? defaultCount, now })
  const matched = await context.gate.release(tx, context.access, rows)
  if (query.total === 'accurate' || query.total === 'estimate') {
    return { matched, next, total: await count(tx, prepared, now) }
  }
  // the only page: its length is the total, for nothing
  const isWhole = page.cursor.length === 0 && next === undefined && query.total !== 'none'
  return { matched, next, total: isWhole ? rows.length : undefined }
}

function entryOf(context: Context, one: Released, query: Query, mode: 'match' | 'include'): EntryText {
  // `_elements` is about the type searched
  const shape = mode === 'match' ? query : { summary: query.summary, elements: undefined }
  return {
    fullUrl: `${context.base}/${one.type}/${one.id}`,
    resource: isPartial(shape) ? stringifyJson(shaped(resourceOf(one), shape)) : one.text,
    search: mode,
  }
}

/** What lenient handling left out is said, by number: a parameter's name is the caller's text. */
function ignoredEntry(ignored: number): EntryText {
  const diagnostics = `${ignored} search parameters that this server does not have were ignored`
  const issues: Issue[] = [{ severity: 'warning', code: 'not-supported', diagnostics }]
  return { resource: outcomeText(issues), search: 'outcome' }
}
