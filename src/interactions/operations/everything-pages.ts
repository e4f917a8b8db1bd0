import { restrict } from '../../access/access.ts'
import { isObject, parseJson, type Json } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { parseCriterion, plainQuery } from '../../fhir/search/parse-criterion.ts'
import type { Criterion, Query } from '../../fhir/search/query.ts'
import { parseReference } from '../../fhir/reference.ts'
import type { Released } from '../../governance/gate.ts'
import { referencesIn } from '../../identity/references.ts'
import { columnsFor } from '../../resources/columns.ts'
import type { PreparedQuery } from '../../store/prepared-query.ts'
import { nilPatient } from '../../store/row.ts'
import { exportRows, searchTypes } from '../../store/search.ts'
import type { Tx } from '../../store/tx.ts'
import { parseOptions, type Context } from '../context.ts'
import type { Page } from '../page.ts'
import { releasedByKey } from '../released.ts'
import { inCompartment } from '../search/compartment.ts'

/** How much of everything was asked for. */
export interface Extent {
  readonly focus: Released
  readonly types: {
    /** of the compartment, that the caller may search and asked for */
    readonly compartment: readonly string[]
    readonly isAsked: (type: string) => boolean
  }
  /** dates of care, where a type has one; what has none is always part of it */
  readonly start: string | undefined
  readonly end: string | undefined
  /** changed after */
  readonly since: Date | undefined
  readonly count: number
}

interface Part {
  readonly released: readonly Released[]
  readonly next: Page['cursor'] | undefined
}

/** What is in the compartment, by type and id. */
export async function compartmentPage(
  tx: Tx,
  context: Context,
  extent: Extent,
  after: Page['cursor'],
): Promise<Part> {
  const queries = await prepared(tx, context, extent, sinceCriterion)
  const cursor = after.length === 0 ? undefined : after
  const page = { after: cursor, limit: extent.count }
  const { rows, next } = await searchTypes(tx, queries, page)
  return { released: await context.gate.release(tx, context.access, rows), next }
}

/** Resources of one compartment whose references are gathered; a life of care has some ten thousand. */
const mostReferring = 200_000

/**
 * What the compartment refers to and does not hold, by type and internal id: found anew for each page, so
 * that no state is kept between them.
 */
export async function supportPage(
  tx: Tx,
  context: Context,
  extent: Extent,
  [afterType, afterId]: Page['cursor'],
): Promise<Part> {
  const outside = await referredOutside(tx, context, extent)
  const isBeyond = ({ type, id }: Named) =>
    afterType === undefined || type > String(afterType) || (type === afterType && id > String(afterId))
  const rest = outside.filter((one) => extent.types.isAsked(one.type) && isBeyond(one))
  const released: Released[] = []
  let at = 0
  while (at < rest.length && released.length < extent.count) {
    const next = rest.slice(at, at + extent.count - released.length)
    at += next.length
    released.push(...(await releasedSupport(tx, context, extent, next)))
  }
  const last = rest[at - 1]
  return { released, next: at < rest.length && last ? [last.type, last.id] : undefined }
}

interface Named {
  readonly type: string
  /** internal */
  readonly id: string
}

/** Rows of the base that nobody's compartment holds, or that of the patient himself; in the order given. */
async function releasedSupport(
  tx: Tx,
  context: Context,
  { focus, since }: Extent,
  named: readonly Named[],
): Promise<Released[]> {
  const found = new Map<string, Released>()
  for (const type of new Set(named.map((one) => one.type))) {
    const ids = named.flatMap((one) => (one.type === type ? [one.id] : []))
    for (const one of await releasedByKey(tx, context, type, ids, 's')) {
      const isOurs = one.row.patient === nilPatient || one.row.patient === focus.row.patient
      const isRecent = since === undefined || one.updatedAt > since
      if (isOurs && isRecent) found.set(`${type}/${one.row.id}`, one)
    }
  }
  return named.flatMap(({ type, id }) => found.get(`${type}/${id}`) ?? [])
}

async function referredOutside(tx: Tx, context: Context, extent: Extent): Promise<Named[]> {
  const inside = new Set<string>()
  const referred = new Map<string, Named>()
  for (const query of await prepared(tx, context, extent)) {
    for await (const rows of exportRows(tx, query)) {
      for (const { type, id, body } of rows) {
        inside.add(`${type}/${id}`)
        for (const one of referencesOf(parseJson(body), context.base))
          referred.set(`${one.type}/${one.id}`, one)
      }
      if (inside.size > mostReferring) {
        throw new FhirError(400, [issue('too-costly', `more than ${mostReferring} resources: use $export`)])
      }
    }
  }
  const outside = [...referred].filter(([name]) => !inside.has(name)).map(([, one]) => one)
  return outside.sort((left, right) =>
    left.type === right.type ? (left.id < right.id ? -1 : 1) : left.type < right.type ? -1 : 1,
  )
}

/** As rows hold them: a patient by key. */
function referencesOf(body: Json, base: string): Named[] {
  if (!isObject(body)) return []
  return referencesIn(body).flatMap((text) => {
    const { kind, type, id } = { type: undefined, id: undefined, ...parseReference(text, base) }
    return kind === 'relative' && type !== undefined && id !== undefined ? [{ type, id }] : []
  })
}

async function prepared(
  tx: Tx,
  context: Context,
  extent: Extent,
  more: (context: Context, extent: Extent, type: string) => readonly Criterion[] = () => [],
): Promise<PreparedQuery[]> {
  const queries: PreparedQuery[] = []
  for (const type of extent.types.compartment) {
    const compartment = { type: extent.focus.type, id: extent.focus.id }
    const criteria = [
      inCompartment(compartment, type),
      ...careCriteria(context, extent, type),
      ...more(context, extent, type),
    ]
    const query: Query = plainQuery(type, criteria)
    queries.push(await context.gate.prepare(tx, restrict(context.access, query)))
  }
  return queries
}

/** "The date range relates to care dates, not record currency dates." */
function careCriteria(context: Context, { focus, start, end }: Extent, type: string): Criterion[] {
  const { date } = columnsFor(type)
  if (date === undefined || type === focus.type || type === 'Patient') return []
  const options = parseOptions(context, 'strict')
  const of = [
    ...(start === undefined ? [] : [parseCriterion(type, date, `ge${start}`, options)]),
    ...(end === undefined ? [] : [parseCriterion(type, date, `le${end}`, options)]),
  ]
  if (of.length === 0) return []
  return [
    { kind: 'any', of: [{ kind: 'all', of }, parseCriterion(type, `${date}:missing`, 'true', options)] },
  ]
}

function sinceCriterion(context: Context, { since }: Extent, type: string): Criterion[] {
  if (since === undefined) return []
  return [parseCriterion(type, '_lastUpdated', `gt${since.toISOString()}`, parseOptions(context, 'strict'))]
}
