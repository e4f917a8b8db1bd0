import { demand } from '../access/access.ts'
import { FhirError } from '../fhir/outcome.ts'
import { lock } from '../store/lock.ts'
import { current, remove } from '../store/resources.ts'
import { nilPatient, type StoredRow } from '../store/row.ts'
import type { Tx } from '../store/tx.ts'
import type { Accessed, Answer } from './answer.ts'
import { findOne, lockCriteria } from './conditional.ts'
import type { Context } from './context.ts'
import { demandOn, permitsAll } from './judge.ts'
import { resourceOf } from './released.ts'
import type { FhirRequest } from './request.ts'
import { watchDelete } from './subscriptions/watch-writes.ts'

/**
 * Deletes a resource: it is gone for reads and searches, its history stays. What is not there is
 * deleted already.
 *
 * @param id absent: conditional, the URL's query says which; at most one may meet it
 * @returns 204
 * @throws FhirError 403, 412
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
  const target = id ?? (await conditionalId(tx, context, request, type))
  return target === undefined ? nothingThere(type) : deleteOne(tx, context, request, type, target)
}

async function conditionalId(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
): Promise<string | undefined> {
  const criteria = { type, parameters: request.parameters }
  await lockCriteria(tx, [criteria])
  return (await findOne(tx, context, criteria))?.id
}

async function deleteOne(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
  id: string,
): Promise<Answer> {
  const internal = await context.gate.locate(tx, context.access, type, id)
  if (internal !== undefined) await lock(tx, [{ type, id: internal }])
  const row = internal === undefined ? undefined : await current(tx, type, internal)
  if (request.ifMatch !== undefined && row?.version !== request.ifMatch) {
    throw FhirError.precondition('conflict', `${type}: If-Match names another version than the current one`)
  }
  if (!row) return nothingThere(type)
  await judge(tx, context, row)
  const version = await remove(tx, { type, id: row.id, at: laterThan(row.updatedAt, context.now()) })
  await context.gate.withdraw(tx, [{ type, id: row.id }])
  await watchDelete(tx, type, row.id)
  const entity = { type, id: row.id, ...(version === undefined ? {} : { version }) }
  const patients = row.patient === nilPatient ? [] : [row.patient]
  return {
    status: 204,
    ...(version === undefined ? {} : { version }),
    accesses: [record(type, { entities: [entity], patients })],
  }
}

async function judge(tx: Tx, context: Context, row: StoredRow): Promise<void> {
  if (permitsAll(context.access, row.type, 'd')) return
  const [found] = await context.gate.release(tx, context.access, [row])
  if (!found) throw FhirError.notFound(row.type)
  demandOn(context, 'd', { type: row.type, patient: row.patient, resource: () => resourceOf(found) })
}

function nothingThere(type: string): Answer {
  return { status: 204, accesses: [record(type, { entities: [], patients: [] })] }
}

function record(type: string, found: Pick<Accessed, 'entities' | 'patients'>): Accessed {
  return { interaction: 'delete', outcome: 'success', type, parameters: [], ...found }
}

function laterThan(before: Date, now: Date): Date {
  return new Date(Math.max(now.getTime(), before.getTime() + 1))
}
