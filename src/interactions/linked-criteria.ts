import { restrict } from '../access/access.ts'
import { extractParameter } from '../fhir/search/extract.ts'
import type { Resource } from '../fhir/json.ts'
import { plainQuery, searchParameter } from '../fhir/search/parse-criterion.ts'
import { isLocal } from '../fhir/search/criteria.ts'
import type { ChainCriterion, Criterion, HasCriterion, Query, SearchValue } from '../fhir/search/query.ts'
import { search } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { valueCriterion } from './released.ts'

/**
 * A query whose chains and `_has` are answered for one resource, by the rows that the caller may search: what
 * is left looks at the resource alone, so that it can be judged where there is no row of it.
 *
 * @param resource a version, current or not; its references are followed to what is there now
 */
export async function withoutLinks(
  tx: Tx,
  context: Context,
  query: Query,
  resource: Resource,
): Promise<Query> {
  const criteria: Criterion[] = []
  for (const one of query.criteria) criteria.push(await answered(tx, context, one, resource))
  return { ...query, criteria }
}

async function answered(
  tx: Tx,
  context: Context,
  criterion: Criterion,
  resource: Resource,
): Promise<Criterion> {
  if (isLocal(criterion)) return criterion
  switch (criterion.kind) {
    case 'value':
    case 'composite':
      return criterion
    case 'any':
    case 'all': {
      const of: Criterion[] = []
      for (const one of criterion.of) of.push(await answered(tx, context, one, resource))
      return { kind: criterion.kind, of }
    }
    case 'not':
      return { kind: 'not', of: await answered(tx, context, criterion.of, resource) }
    case 'chain':
      return (await leadsToMatch(tx, context, criterion, resource)) ? always : never
    case 'has':
      return (await isReferredTo(tx, context, criterion, resource)) ? always : never
  }
}

const always: Criterion = { kind: 'all', of: [] }
const never: Criterion = { kind: 'any', of: [] }

async function leadsToMatch(
  tx: Tx,
  context: Context,
  { parameter, target }: ChainCriterion,
  resource: Resource,
): Promise<boolean> {
  const ids = extractParameter(resource, parameter.code, context).flatMap((value) =>
    value.kind === 'reference' && value.type === target.type && value.id !== undefined ? [value.id] : [],
  )
  if (ids.length === 0) return false
  const values = ids.map((code): SearchValue => ({ kind: 'token', system: undefined, code }))
  const named = valueCriterion(searchParameter(target.type, '_id'), values)
  return isAny(tx, context, plainQuery(target.type, [named, ...target.criteria]))
}

async function isReferredTo(
  tx: Tx,
  context: Context,
  { parameter, source }: HasCriterion,
  { resourceType: type, id }: Resource,
): Promise<boolean> {
  const here: SearchValue = { kind: 'reference', type, id: String(id), url: undefined }
  return isAny(tx, context, plainQuery(source.type, [valueCriterion(parameter, [here]), ...source.criteria]))
}

async function isAny(tx: Tx, context: Context, query: Query): Promise<boolean> {
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  return (await search(tx, prepared, { limit: 1 })).rows.length > 0
}
