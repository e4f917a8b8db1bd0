import { restrict } from '../access/access.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseQuery } from '../fhir/parse-query.ts'
import type { Released } from '../governance/gate.ts'
import { lockTexts } from '../store/lock.ts'
import { search } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import { parseOptions, type Context } from './context.ts'
import { parseParameters, type Parameter } from './request.ts'

/** Criteria that shall name one resource: of a conditional create, update, delete or reference. */
export interface Criteria {
  readonly type: string
  readonly parameters: readonly Parameter[]
}

/** Reads the criteria of `If-None-Exist` or of a conditional URL's query. */
export function parseCriteria(type: string, text: string): Criteria {
  return { type, parameters: parseParameters(text.replace(/^\?/, '')) }
}

/**
 * Makes requests with the same criteria wait for each other until the end of the transaction, so that
 * of many conditional creates one creates and the others find it. Take it before looking.
 */
export async function lockCriteria(tx: Tx, all: readonly Criteria[]): Promise<void> {
  await lockTexts(tx, all.map(canonical))
}

function canonical({ type, parameters }: Criteria): string {
  return `${type}?${parameters
    .map(([name, value]) => JSON.stringify([name, value]))
    .sort()
    .join('&')}`
}

/**
 * The one resource that meets the criteria, among those that the caller may search.
 *
 * @returns undefined when there is none
 * @throws FhirError 412 `multiple-matches`; 400 when the criteria are empty or cannot be read; 403 when
 *   the caller may not search the type: a match tells that something exists
 * @see FHIR R4 § RESTful API, "conditional create", "conditional update", "conditional delete"
 */
export async function findOne(tx: Tx, context: Context, criteria: Criteria): Promise<Released | undefined> {
  const { query } = parseQuery(criteria.type, criteria.parameters, parseOptions(context, 'strict'))
  if (query.criteria.length === 0) throw FhirError.invalid('conditional criteria: at least one is needed')
  if (query.include.length > 0 || query.revinclude.length > 0) {
    throw FhirError.notSupported('conditional criteria: search criteria only')
  }
  const prepared = await context.gate.prepare(tx, restrict(context.access, query))
  const { rows } = await search(tx, prepared, { limit: 2, now: context.now().getTime() })
  if (rows.length > 1) {
    throw FhirError.precondition('multiple-matches', 'the criteria are met by more than one resource')
  }
  const [found] = await context.gate.release(tx, context.access, rows)
  return found
}
