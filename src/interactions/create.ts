import { demand } from '../access/access.ts'
import type { Resource } from '../fhir/json.ts'
import type { Released } from '../governance/gate.ts'
import type { Tx } from '../store/tx.ts'
import { successOutcome, type Answer } from './answer.ts'
import { findOne, lockCriteria, parseCriteria } from './conditional.ts'
import type { Context } from './context.ts'
import { newLogicalId } from './logical-id.ts'
import { seen } from './released.ts'
import type { FhirRequest, Preferences } from './request.ts'
import { writeAll, writtenAnswer } from './write.ts'

/**
 * Creates a resource under an id of ours; what the body says of `id` and version is not looked at.
 * With `If-None-Exist` only when nothing meets the criteria.
 *
 * @returns 201; 200 when a conditional create found its resource
 * @throws FhirError 400, 422, 403; 412 when several meet the criteria
 * @see FHIR R4 § RESTful API, "create" and "conditional create"
 */
export async function create(tx: Tx, context: Context, request: FhirRequest, type: string): Promise<Answer> {
  demand(context.access, type, 'c')
  const resource = context.demandValid(request.body ?? null, type)
  if (request.ifNoneExist !== undefined) {
    const criteria = parseCriteria(context, type, request.ifNoneExist)
    await lockCriteria(tx, [criteria])
    const existing = await findOne(tx, context, criteria)
    if (existing) return existingAnswer(context, existing, request.prefer)
  }
  return createNew(tx, context, resource, 'POST', request.prefer)
}

/** Creates it without looking for another. */
export async function createNew(
  tx: Tx,
  context: Context,
  resource: Resource,
  method: 'POST' | 'PUT',
  prefer: Preferences,
): Promise<Answer> {
  const id = newLogicalId(context.now())
  const type = resource.resourceType
  const [written] = await writeAll(tx, context, [
    { type, id, resource, method, fresh: true, ifMatch: undefined },
  ])
  if (!written) throw new TypeError('nothing was written')
  return writtenAnswer(written, 'create', prefer)
}

/** 200: it was there already. */
export function existingAnswer(context: Context, existing: Released, prefer: Preferences): Answer {
  const { type, id, version, updatedAt, text } = existing
  const answer: Answer = {
    status: 200,
    version,
    lastModified: updatedAt,
    location: `${type}/${id}/_history/${version}`,
    accesses: [seen(context.access, 'create', type, [existing])],
  }
  if (prefer.return === 'minimal') return answer
  return { ...answer, body: prefer.return === 'representation' ? text : successOutcome(`${type}: it exists`) }
}
