import { demand } from '../access/access.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Released } from '../governance/gate.ts'
import { lock } from '../store/lock.ts'
import { removeAll } from '../store/resources.ts'
import { nilPatient, type StoredRow } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import type { Accessed, Answer } from './answer.ts'
import { findUpTo, lockCriteria, parseCriteria, type Criteria } from './conditional.ts'
import type { Context } from './context.ts'
import { takeOutOfService } from './in-service.ts'
import { nameOf, permitsAll, reached, unreached } from './judge.ts'
import type { FhirRequest } from './request.ts'

/** What one conditional delete may delete; for more there is a limit on purpose. */
const maxDeleted = 1000

/**
 * Deletes a resource: it is gone for reads and searches, its history stays. What is not there is
 * deleted already.
 *
 * @param id absent: conditional, the URL's query says which. At most one may meet it; for a client with
 *   the grant `delete-multiple` up to 1,000
 * @returns 204
 * @throws FhirError 403, 412; nothing was deleted then
 * @see FHIR R4 § RESTful API, "delete" and "conditional delete"
 */
export async function deleteResource(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
  id: string | undefined,
): Promise<Answer> {
  demand(context.access, type, 'd')
  const ids =
    id === undefined ? await conditionalIds(tx, context, request, type) : await locate(tx, context, type, id)
  const [answer] = await deleteAll(tx, context, [{ type, ids, ifMatch: request.ifMatch }])
  if (!answer) throw new TypeError('every delete is answered')
  return answer
}

async function conditionalIds(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
): Promise<string[]> {
  const criteria = parseCriteria(context, type, request.parameters)
  await lockCriteria(tx, [criteria])
  return (await findDeletable(tx, context, criteria)).map(({ row }) => row.id)
}

/** The internal id of a resource, in a list that is empty when it is not known. */
export async function locate(tx: Tx, context: Context, type: string, id: string): Promise<string[]> {
  const internal = await context.gate.locate(tx, context.access, type, id)
  return internal === undefined ? [] : [internal]
}

/** What a conditional delete deletes, locked. @throws FhirError 403, 412 */
export async function findDeletable(tx: Tx, context: Context, criteria: Criteria): Promise<Released[]> {
  const { access } = context
  const most = access.kind === 'care' && access.grants.has('delete-multiple') ? maxDeleted : 1
  const before = await findUpTo(tx, context, criteria, most)
  await lock(
    tx,
    before.map(({ type, row }) => ({ type, id: row.id })),
  )
  // what was changed until it was locked may not meet the criteria any more
  const still = new Set((await findUpTo(tx, context, criteria, most)).map(({ row }) => row.id))
  return before.filter(({ row }) => still.has(row.id))
}

/** What one delete is for: nothing, one resource, or those that its criteria have found. */
export interface Target {
  readonly type: string
  /** internal */
  readonly ids: readonly string[]
  readonly ifMatch: number | undefined
}

/** Runs the checks of one target; what they throw can be told whose it is. */
type Guard = (target: number, check: () => Promise<void>) => Promise<void>

/**
 * Does deletes, all of them in one pass.
 *
 * @returns one answer for each target, in their order
 * @throws FhirError 403, 412
 */
export async function deleteAll(
  tx: Tx,
  context: Context,
  targets: readonly Target[],
  guard: Guard = (_, check) => check(),
): Promise<Answer[]> {
  const keys = targets.flatMap(({ type, ids }) => ids.map((id) => ({ type, id })))
  await lock(tx, keys)
  const found = new Map((await reached(tx, context, 'd', keys)).map((row) => [nameOf(row), row]))
  const rows = targets.map(({ type, ids }) => ids.flatMap((id) => found.get(nameOf({ type, id })) ?? []))
  for (const [index, target] of targets.entries()) {
    await guard(index, () => check(tx, context, target, rows[index] ?? []))
  }
  await removeAll(tx, [...found.values()], context.now())
  await context.gate.withdraw(tx, [...found.values()])
  for (const { type, id } of found.values()) await takeOutOfService(tx, type, id)
  return targets.map(({ type }, index) => answerOf(type, rows[index] ?? []))
}

/** @throws FhirError 403 for what the caller knows and may not delete; 412 */
async function check(
  tx: Tx,
  context: Context,
  { type, ids, ifMatch }: Target,
  rows: readonly StoredRow[],
): Promise<void> {
  if (!permitsAll(context.access, type, 'd')) {
    const within = new Set(rows.map(nameOf))
    for (const id of ids.filter((one) => !within.has(nameOf({ type, id: one })))) {
      const refusal = await unreached(tx, context, { type, id })
      // what the caller does not know of is deleted already
      if (refusal.status !== 404) throw refusal
    }
  }
  if (ifMatch !== undefined && !(rows.length === 1 && rows[0]?.version === ifMatch)) {
    throw FhirError.precondition('conflict', `${type}: If-Match names another version than the current one`)
  }
}

function answerOf(type: string, rows: readonly StoredRow[]): Answer {
  return {
    status: 204,
    ...(rows.length === 1 && rows[0] ? { version: rows[0].version + 1 } : {}),
    accesses: rows.length === 0 ? [record(type)] : rows.map((row) => record(type, row)),
  }
}

function record(type: string, row?: StoredRow): Accessed {
  return {
    ...{ interaction: 'delete', outcome: 'success', type, parameters: [] },
    entities: row ? [{ type, id: row.id, version: row.version + 1 }] : [],
    patients: row && row.patient !== nilPatient ? [row.patient] : [],
  }
}
