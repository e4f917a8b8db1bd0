import { restrict } from '../../access/access.ts'
import { searchParameters } from '../../fhir/definitions.ts'
import { isSupported, referenceTargets } from '../../fhir/search/extract.ts'
import { parseJson, type Resource } from '../../fhir/json.ts'
import { plainQuery } from '../../fhir/search/parse-criterion.ts'
import type { Include, SearchValue } from '../../fhir/search/query.ts'
import type { Released } from '../../governance/gate.ts'
import type { StoredRow } from '../../store/row.ts'
import { exportRows } from '../../store/search.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { releasedByKey, resourceOf, valueCriterion } from '../released.ts'
import { demandBounded, mayInclude } from './include-limits.ts'
import { canonicals, followed, isNamedBy, leads } from './lead.ts'

/** What some resources refer to: by internal id, as their rows name it, and by canonical URL. */
interface Wanted {
  /** by type */
  readonly ids: Map<string, Set<string>>
  /** names of what they refer to in the form that is shown: `Patient/123` */
  readonly shown: Set<string>
  /** URLs by type, those of one reference together */
  readonly urls: Map<string, ReadonlySet<string>[]>
}

/** Follows references of resources. */
export async function referredTo(
  tx: Tx,
  context: Context,
  includes: readonly Include[],
  from: readonly Released[],
): Promise<Released[]> {
  const wanted = wantedBy(context, includes, from)
  const found: Released[] = []
  for (const [type, ids] of wanted.ids) {
    found.push(...(await releasedByKey(tx, context, type, [...ids], 's')))
    demandBounded(found.length)
  }
  // a reference that de-identification took out of the resource is not followed
  const literal = found.filter(({ type, id }) => wanted.shown.has(`${type}/${id}`))
  const named: Released[] = []
  for (const [type, urls] of wanted.urls) named.push(...(await releasedByUrl(tx, context, type, urls)))
  return [...literal, ...named]
}

function wantedBy(context: Context, includes: readonly Include[], from: readonly Released[]): Wanted {
  const wanted: Wanted = { ids: new Map(), shown: new Set(), urls: new Map() }
  for (const one of from) {
    const followedHere = includes.filter((include) => followed(include, one.type).length > 0)
    if (followedHere.length === 0) continue
    const atRest = parseJson(one.row.body ?? 'null') as Resource
    const shown = resourceOf(one)
    for (const include of followedHere) {
      const isWanted = (type: string) =>
        (include.target ?? type) === type && mayInclude(context, include, type)
      for (const code of followed(include, one.type)) {
        for (const { type, id } of leads(atRest, code, context)) {
          if (isWanted(type)) wanted.ids.set(type, (wanted.ids.get(type) ?? new Set()).add(id))
        }
        for (const { type, id } of leads(shown, code, context)) wanted.shown.add(`${type}/${id}`)
        if (context.access.kind === 'research') continue // no permit releases a canonical
        const urls = canonicals(shown, code, context)
        for (const type of urls.size === 0 ? [] : referenceTargets(one.type, code).filter(isWanted)) {
          wanted.urls.set(type, [...(wanted.urls.get(type) ?? []), urls])
        }
      }
    }
  }
  return wanted
}

/** Resources by canonical URL. */
async function releasedByUrl(
  tx: Tx,
  context: Context,
  type: string,
  named: readonly ReadonlySet<string>[],
): Promise<Released[]> {
  const parameter = searchParameters(type).get('url')
  if (!parameter || !isSupported(type, 'url')) return []
  const urls = new Set(named.flatMap((one) => [...one]))
  const values = [...urls].map((uri): SearchValue => ({ kind: 'uri', uri, match: 'exact' }))
  const query = plainQuery(type, [valueCriterion(parameter, values)])
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  const rows: StoredRow[] = []
  for await (const batch of exportRows(tx, prepared)) {
    rows.push(...batch)
    demandBounded(rows.length)
  }
  const released = await context.gate.release(tx, context.access, rows)
  return released.filter((one) => {
    const resource = resourceOf(one)
    return named.some((reference) => isNamedBy(reference, resource))
  })
}
