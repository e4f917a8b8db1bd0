import { restrict } from '../access/access.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { parseQuery } from '../fhir/search/parse-query.ts'
import type { Query } from '../fhir/search/query.ts'
import type { Released } from '../governance/gate.ts'
import { lockCriteriaTexts } from '../store/lock.ts'
import { search } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import { parseOptions, type Context } from './context.ts'
import { lockTexts } from './criteria-locks.ts'
import { parseParameters, type Parameter } from './request.ts'
import { resolveHierarchies } from './hierarchy.ts'
import { resolveTerminology } from './terminology.ts'

/** Criteria that shall name one resource: of a conditional interaction, or of a conditional reference. */
export interface Criteria {
  readonly type: string
  readonly query: Query
}

/**
 * Reads the criteria of `If-None-Exist`, or of a conditional URL's query.
 *
 * @throws FhirError 400 when there are none, or they cannot be read
 */
export function parseCriteria(
  context: Context,
  type: string,
  given: string | readonly Parameter[],
): Criteria {
  const parameters = typeof given === 'string' ? parseParameters(given.replace(/^\?/, '')) : given
  const { query } = parseQuery(type, parameters, parseOptions(context, 'strict'))
  if (query.criteria.length === 0) throw FhirError.invalid('conditional criteria: at least one is needed')
  if (query.include.length > 0 || query.revinclude.length > 0) {
    throw FhirError.notSupported('conditional criteria: search criteria only')
  }
  return { type, query }
}

/**
 * Makes requests whose criteria share a value wait for each other until the end of the transaction, so
 * that of many conditional creates one creates and the others find it, on however many servers they
 * come in. Take it before looking, for all criteria of a transaction at once.
 */
export async function lockCriteria(tx: Tx, all: readonly Criteria[]): Promise<void> {
  await lockCriteriaTexts(
    tx,
    all.flatMap(({ query }) => lockTexts(query)),
  )
}

/**
 * The one resource that meets the criteria, among those that the caller may search.
 *
 * @returns undefined when there is none
 * @throws FhirError 412 `multiple-matches`; 403 when the caller may not search the type: a match tells
 *   that something exists
 * @see FHIR R4 § RESTful API, "conditional create", "conditional update", "conditional delete"
 */
export async function findOne(tx: Tx, context: Context, criteria: Criteria): Promise<Released | undefined> {
  const [found] = await findUpTo(tx, context, criteria, 1)
  return found
}

/**
 * The resources that meet the criteria, among those that the caller may search.
 *
 * @param most how many there may be
 * @throws FhirError 412 when there are more; 403 as `findOne`
 */
export async function findUpTo(
  tx: Tx,
  context: Context,
  criteria: Criteria,
  most: number,
): Promise<Released[]> {
  const tokens = await resolveTerminology(tx, context, criteria.query)
  const plain = await resolveHierarchies(tx, context, tokens)
  const prepared = await context.gate.prepare(tx, restrict(context.access, plain))
  const { rows } = await search(tx, prepared, { limit: most + 1 })
  if (rows.length > most) throw tooMany(most)
  return context.gate.release(tx, context.access, rows)
}

function tooMany(most: number): FhirError {
  if (most === 1) {
    return FhirError.precondition('multiple-matches', 'the criteria are met by more than one resource')
  }
  return new FhirError(412, [issue('too-costly', `the criteria are met by more than ${most} resources`)])
}
