import { stringifyJson } from '../../fhir/json.ts'
import type { Issue } from '../../fhir/outcome.ts'
import type { Released } from '../../governance/gate.ts'
import type { Tx } from '../../store/tx.ts'
import { outcomeText, type Answer } from '../answer.ts'
import { bundleText, type EntryText } from '../bundle-text.ts'
import type { Context } from '../context.ts'
import { openPage, pageLinks } from '../page-links.ts'
import type { Page } from '../page.ts'
import { resourceOf, seen } from '../released.ts'
import type { FhirRequest } from '../request.ts'
import type { Route } from '../route.ts'
import { isPartial, shaped, type Shape } from '../summary.ts'
import { readSearch, type Asked } from './asked.ts'
import { searchContained } from './contained.ts'
import type { Found } from './found.ts'
import { included } from './include.ts'
import { searchReleased } from './search-released.ts'
import { searchRows } from './search-rows.ts'

/**
 * Searches a type, the compartment of a resource, or the whole base.
 *
 * @returns 200 with a searchset; its links are sealed, see `page.ts`
 * @throws FhirError 400 for what cannot be read or is not there, 403 without a scope or beyond the permit
 * @see FHIR R4 § Search
 */
export async function search(tx: Tx, context: Context, request: FhirRequest, route: Route): Promise<Answer> {
  const page = openPage(context, request)
  const asked = await readSearch(tx, context, route, page)
  const found = await find(tx, context, asked, page)
  const added = await included(tx, context, asked, found.matched)
  const body = bundleText({
    type: 'searchset',
    now: context.now(),
    total: found.total,
    links: pageLinks(context, page, found.next, asked.applied),
    entries: [
      ...found.matched.map((one) => entryOf(context, one, shapeOf(asked, one), 'match')),
      // `_elements` is about the types searched
      ...added.released.map((one) => entryOf(context, one, { ...asked, elements: undefined }, 'include')),
      ...remarks(asked.ignored.length, added.isCut),
    ],
  })
  const { interaction, type } = route
  const names = page.parameters.map(([name]) => name)
  const released = [...found.matched, ...added.released]
  return {
    status: 200,
    body,
    accesses: [seen(context.access, interaction, type || undefined, released, names)],
  }
}

function find(tx: Tx, context: Context, asked: Asked, page: Page): Promise<Found> {
  if (context.access.kind === 'research') return searchReleased(tx, context, asked, page)
  if (asked.contained) return searchContained(tx, context, asked, asked.contained, page)
  return searchRows(tx, context, asked, page)
}

function shapeOf({ queries, summary }: Asked, { type }: Released): Shape {
  return { summary, elements: queries.find((query) => query.type === type)?.elements }
}

function entryOf(context: Context, one: Released, shape: Shape, mode: 'match' | 'include'): EntryText {
  return {
    fullUrl: `${context.base}/${one.type}/${one.id}`,
    resource: isPartial(shape) ? stringifyJson(shaped(resourceOf(one), shape)) : one.text,
    search: mode,
  }
}

/** What is missing from an answer is said; parameters by number only: a name is the caller's text. */
function remarks(ignored: number, isCut: boolean): EntryText[] {
  const issues: Issue[] = []
  if (ignored > 0) {
    const diagnostics = `${ignored} search parameters that this server does not have were ignored`
    issues.push({ severity: 'warning', code: 'not-supported', diagnostics })
  }
  if (isCut) {
    const diagnostics = ':iterate leads further than it was followed'
    issues.push({ severity: 'warning', code: 'too-costly', diagnostics })
  }
  return issues.length === 0 ? [] : [{ resource: outcomeText(issues), search: 'outcome' }]
}
