import { plainQuery } from '../fhir/parse-criterion.ts'
import { restrict } from '../access/access.ts'
import { scopesFor } from '../access/scope.ts'
import { extractParameter } from '../fhir/extract.ts'
import type { Resource } from '../fhir/json.ts'
import { parseJson } from '../fhir/json.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import type { Include, Query, SearchValue } from '../fhir/query.ts'
import type { Released } from '../governance/gate.ts'
import type { StoredRow } from '../store/row.ts'
import { exportRows } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { releasedByKey, resourceOf, valueCriterion } from './released.ts'

/** A page that draws in more than this is refused rather than cut: what is missing would look absent. */
const maxIncluded = 10_000

/**
 * What `_include` and `_revinclude` add to a page of matches. Each included type is under the caller's
 * rights like a search of its own; what they do not reach is left out.
 *
 * @returns without repeats, and none of the matches again
 * @throws FhirError 400 `too-costly`; 403 on a research base for a type outside the permit
 * @see FHIR R4 § Search, "Including other resources in result"
 */
export async function included(
  tx: Tx,
  context: Context,
  query: Query,
  matched: readonly Released[],
): Promise<Released[]> {
  const found = new Map<string, Released>()
  const add = (released: readonly Released[]) => {
    for (const one of released) found.set(`${one.type}/${one.id}`, one)
    if (found.size > maxIncluded) {
      throw new FhirError(400, [
        issue('too-costly', `more than ${maxIncluded} included resources: ask for less at a time`),
      ])
    }
  }
  for (const include of query.include) add(await forward(tx, context, include, matched))
  for (const include of query.revinclude) add(await backward(tx, context, include, matched))
  for (const one of matched) found.delete(`${one.type}/${one.id}`)
  return [...found.values()]
}

/** Follows a reference of the matches. The rows name their targets by internal id. */
async function forward(
  tx: Tx,
  context: Context,
  include: Include,
  matched: readonly Released[],
): Promise<Released[]> {
  const keys = new Map<string, Set<string>>()
  const shown = new Set<string>()
  for (const one of matched.filter(({ type }) => type === include.source)) {
    const atRest = parseJson(one.row.body ?? 'null') as Resource
    for (const { type, id } of references(context, atRest, include)) {
      keys.set(type, (keys.get(type) ?? new Set()).add(id))
    }
    for (const { type, id } of references(context, resourceOf(one), include)) shown.add(`${type}/${id}`)
  }
  const found: Released[] = []
  for (const [type, ids] of keys) {
    if (mayInclude(context, type)) found.push(...(await releasedByKey(tx, context, type, [...ids], 's')))
  }
  // a reference that de-identification took out of the match is not followed
  return found.filter(({ type, id }) => shown.has(`${type}/${id}`))
}

/** Finds what refers to the matches. */
async function backward(
  tx: Tx,
  context: Context,
  include: Include,
  matched: readonly Released[],
): Promise<Released[]> {
  if (matched.length === 0 || !mayInclude(context, include.source)) return []
  const targets = new Set(matched.map(({ type, id }) => `${type}/${id}`))
  const values = matched.map(({ type, id }): SearchValue => ({ kind: 'reference', type, id, url: undefined }))
  const query = plainQuery(include.source, [valueCriterion(include.parameter, values)])
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  // a permit's query has no criterion on references: their patients narrow it instead
  const patients = [...new Set(matched.map(({ row }) => row.patient))]
  const range = context.access.kind === 'research' ? { patients } : {}
  const rows: StoredRow[] = []
  for await (const batch of exportRows(tx, prepared, { ...range, now: context.now().getTime() })) {
    rows.push(...batch)
    if (rows.length > maxIncluded)
      throw new FhirError(400, [issue('too-costly', '_revinclude: too many resources')])
  }
  const released = await context.gate.release(tx, context.access, rows)
  return released.filter((one) =>
    references(context, resourceOf(one), include).some(({ type, id }) => targets.has(`${type}/${id}`)),
  )
}

/** Where an included resource refers to by the include's parameter. */
function references(
  context: Context,
  resource: Resource,
  { parameter, target }: Include,
): { type: string; id: string }[] {
  return extractParameter(resource, parameter.code, context).flatMap((value) => {
    if (value.kind !== 'reference' || value.type === undefined || value.id === undefined) return []
    return target === undefined || value.type === target ? [{ type: value.type, id: value.id }] : []
  })
}

/** Care leaves out what no scope reaches; on a research base to ask beyond the permit is refused. */
function mayInclude(context: Context, type: string): boolean {
  return context.access.kind === 'research' || scopesFor(context.access, type, 's').length > 0
}
