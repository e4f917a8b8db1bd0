import { restrict } from '../access/access.ts'
import { extractParameter } from '../fhir/search/extract.ts'
import { hierarchiesIn, partParameter, withReferences, type Hierarchy } from '../fhir/search/hierarchy.ts'
import { parseJson, type Resource } from '../fhir/json.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import type { Query, SearchValue } from '../fhir/search/query.ts'
import type { StoredRow } from '../store/row.ts'
import { exportRows } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { valueCriterion } from './released.ts'

/** As many as one criterion may stand for codes. */
const maxParts = 10_000

/**
 * Puts plain references in the place of `:above` and `:below` on references, by the resources that the
 * caller may search: `location:below=42` becomes Location/42 and all that is part of it, however deep.
 *
 * @throws FhirError 400 `too-costly` beyond 10,000 resources, `not-supported` on a research base; 403 when
 *   the caller may not search the type that forms the hierarchy
 * @see FHIR R4 § Search, "Searching Hierarchies"
 */
export async function resolveHierarchies(tx: Tx, context: Context, query: Query): Promise<Query> {
  const asked = hierarchiesIn(query)
  if (asked.length === 0) return query
  if (context.access.kind === 'research') {
    throw FhirError.notSupported(':above and :below on references: not supported here')
  }
  const found = new Map<string, readonly string[]>()
  for (const one of asked) {
    if (!found.has(keyOf(one))) found.set(keyOf(one), await walk(tx, context, one))
  }
  return withReferences(query, (one) => found.get(keyOf(one)) ?? [])
}

function keyOf({ type, id, direction }: Hierarchy): string {
  return `${direction} ${type}/${id}`
}

/** From the resource named, level by level; a circle is walked once. */
async function walk(
  tx: Tx,
  context: Context,
  { type, id, direction }: Hierarchy,
): Promise<readonly string[]> {
  const known = new Set([id])
  let level: readonly string[] = [id]
  while (level.length > 0) {
    const next =
      direction === 'below'
        ? await partsOf(tx, context, type, level)
        : await wholesOf(tx, context, type, level)
    level = [...new Set(next)].filter((one) => !known.has(one))
    for (const one of level) known.add(one)
    if (known.size > maxParts) {
      throw new FhirError(400, [issue('too-costly', `:${direction}: more than ${maxParts} resources`)])
    }
  }
  return [...known]
}

async function partsOf(tx: Tx, context: Context, type: string, ids: readonly string[]): Promise<string[]> {
  const parameter = partParameter(type)
  if (!parameter) throw new TypeError('a type that forms no hierarchy')
  const values = ids.map((id): SearchValue => ({ kind: 'reference', type, id, url: undefined }))
  const rows = await rowsOf(tx, context, plainQuery(type, [valueCriterion(parameter, values)]))
  return rows.map((row) => row.id)
}

async function wholesOf(tx: Tx, context: Context, type: string, ids: readonly string[]): Promise<string[]> {
  const code = partParameter(type)?.code ?? ''
  const rows = await rowsOf(tx, context, plainQuery(type, []), ids)
  return rows.flatMap(({ body }) =>
    extractParameter(parseJson(body ?? 'null') as Resource, code, context).flatMap((value) =>
      value.kind === 'reference' && value.type === type && value.id !== undefined ? [value.id] : [],
    ),
  )
}

/** Ids in the rows are those of FHIR: only a Patient's is another, and patients are part of nothing. */
async function rowsOf(tx: Tx, context: Context, query: Query, ids?: readonly string[]): Promise<StoredRow[]> {
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  const rows: StoredRow[] = []
  for await (const batch of exportRows(tx, prepared, { ids })) rows.push(...batch)
  return rows
}
