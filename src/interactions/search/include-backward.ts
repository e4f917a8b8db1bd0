import { restrict } from '../../access/access.ts'
import { resourceTypes } from '../../fhir/definitions.ts'
import { canLeadTo } from '../../fhir/search/extract.ts'
import type { Resource } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { plainQuery, searchParameter } from '../../fhir/search/parse-criterion.ts'
import type { Criterion, Include, SearchValue } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import type { StoredRow } from '../../store/row.ts'
import { exportRows } from '../../store/search.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { resourceOf, valueCriterion, withinScopes } from '../released.ts'
import { demandBounded, mayInclude } from './include-limits.ts'
import { canonicals, followed, isCanonical, isNamedBy, leads } from './lead.ts'

/** References asked for in one request: each is a look into an index. */
const maxValues = 100_000

/** By parameter of the referring type: the resources that it may refer to. */
type Asked = Map<string, Set<Target>>

interface Target extends Released {
  readonly resource: Resource
}

/** Finds what refers to resources. */
export async function referring(
  tx: Tx,
  context: Context,
  includes: readonly Include[],
  to: readonly Released[],
): Promise<Released[]> {
  const targets = to.map((one): Target => ({ ...one, resource: resourceOf(one) }))
  const bySource = askedOf(context, includes, targets)
  demandCheap(bySource)
  const found: Released[] = []
  for (const [source, asked] of bySource) {
    found.push(...(await referringOf(tx, context, source, asked)))
    demandBounded(found.length)
  }
  return found
}

function askedOf(
  context: Context,
  includes: readonly Include[],
  targets: readonly Target[],
): Map<string, Asked> {
  const bySource = new Map<string, Asked>()
  for (const include of includes) {
    for (const source of include.source === '*' ? resourceTypes : [include.source]) {
      if (!mayInclude(context, include, source)) continue
      for (const code of followed(include, source)) {
        for (const target of targets) {
          if ((include.target ?? target.type) !== target.type || !canLeadTo(source, code, target.type))
            continue
          const asked = bySource.get(source) ?? new Map<string, Set<Target>>()
          bySource.set(source, asked.set(code, (asked.get(code) ?? new Set()).add(target)))
        }
      }
    }
  }
  return bySource
}

function demandCheap(bySource: ReadonlyMap<string, Asked>): void {
  const values = [...bySource.values()].flatMap((asked) => [...asked.values()].map(({ size }) => size))
  if (values.reduce((sum, size) => sum + size, 0) > maxValues) {
    throw new FhirError(400, [issue('too-costly', '_revinclude: ask for fewer matches at a time, by _count')])
  }
}

async function referringOf(tx: Tx, context: Context, source: string, asked: Asked): Promise<Released[]> {
  const of = [...asked].map(([code, targets]) => criterionOf(source, code, [...targets]))
  const [only, ...others] = of
  const criterion: Criterion = others.length === 0 && only ? only : { kind: 'any', of }
  const query = restrict(context.access, plainQuery(source, [criterion]))
  const prepared = await context.gate.prepare(tx, query)
  // a permit's query has no criterion on references: their patients narrow it instead
  const patients = [...new Set([...asked.values()].flatMap((all) => [...all].map(({ row }) => row.patient)))]
  const range = context.access.kind === 'research' ? { patients } : {}
  const rows: StoredRow[] = []
  for await (const batch of exportRows(tx, prepared, range)) {
    rows.push(...batch)
    demandBounded(rows.length)
  }
  const released = await context.gate.release(tx, context.access, rows)
  return withinScopes(context, query, released).filter((one) => refersTo(context, resourceOf(one), asked))
}

function criterionOf(source: string, code: string, targets: readonly Target[]): Criterion {
  const literal = targets.map(({ type, id }): SearchValue => ({
    kind: 'reference',
    type,
    id,
    url: undefined,
  }))
  const named = isCanonical(source, code) ? targets.flatMap(({ resource }) => urlOf(resource)) : []
  return valueCriterion(searchParameter(source, code), [...literal, ...named])
}

function urlOf({ url }: Resource): SearchValue[] {
  return typeof url === 'string' ? [{ kind: 'reference', type: undefined, id: '', url }] : []
}

function refersTo(context: Context, resource: Resource, asked: Asked): boolean {
  return [...asked].some(([code, targets]) => {
    const literal = new Set(leads(resource, code, context).map(({ type, id }) => `${type}/${id}`))
    const urls = canonicals(resource, code, context)
    return [...targets].some(
      (target) => literal.has(`${target.type}/${target.id}`) || isNamedBy(urls, target.resource),
    )
  })
}
