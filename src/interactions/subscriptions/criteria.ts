import { demand, restrict } from '../../access/access.ts'
import { hierarchiesIn } from '../../fhir/search/hierarchy.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { parseQuery } from '../../fhir/search/parse-query.ts'
import { isLocal } from '../../fhir/search/criteria.ts'
import type { Query } from '../../fhir/search/query.ts'
import type { Tx } from '../../store/tx.ts'
import { parseOptions, type Context } from '../context.ts'
import { resolveTerminology } from '../terminology.ts'
import type { Watch } from './rules.ts'

/**
 * The criteria of a Subscription as queries, all of which a resource must meet. They are judged on the
 * very version that was written, so they cannot look beyond it.
 *
 * @throws FhirError 422 for what is no criterion on the resource itself; 403 when the caller may not
 *   read and search the type
 */
export async function criteriaOf(tx: Tx, context: Context, watch: Watch): Promise<readonly Query[]> {
  demand(context.access, watch.type, 'r')
  const queries: Query[] = []
  for (const parameters of watch.filters) {
    const { query, applied } = parsed(context, watch.type, parameters)
    const isPlain = query.criteria.length === applied.length && query.criteria.every(isLocal)
    const growing = hierarchiesIn(query).length > 0 // what is part of what changes with other resources
    if (!isPlain || growing) throw refused('only search criteria on the resource itself can be watched')
    restrict(context.access, query)
    queries.push(await resolveTerminology(tx, context, query))
  }
  if (queries.length === 0) demand(context.access, watch.type, 's')
  return queries
}

function parsed(context: Context, type: string, parameters: Watch['filters'][number]) {
  try {
    return parseQuery(type, parameters, parseOptions(context, 'strict'))
  } catch (error) {
    throw error instanceof FhirError ? refused('a criterion that this server does not have') : error
  }
}

function refused(why: string): FhirError {
  return FhirError.unprocessable([issue('business-rule', `criteria: ${why}`, 'Subscription.criteria')])
}
