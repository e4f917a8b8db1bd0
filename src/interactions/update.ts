import { demand } from '../access/access.ts'
import type { Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { isId } from '../fhir/reference.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { findOne, lockCriteria, parseCriteria, type Criteria } from './conditional.ts'
import type { Context } from './context.ts'
import { createNew } from './create.ts'
import type { FhirRequest } from './request.ts'
import { writeAll, writtenAnswer } from './write.ts'

/**
 * Writes a new version of a resource, or the first one under an id that the client chose.
 *
 * @param id absent: conditional, the URL's query says which
 * @returns 200, or 201 when there was none
 * @throws FhirError 400 when `id` in the body is not that of the URL; 412 on a stale If-Match or several
 *   matches; 403, 422
 * @see FHIR R4 § RESTful API, "update", "update as create", "conditional update"
 */
export async function update(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
  id: string | undefined,
): Promise<Answer> {
  demand(context.access, type, 'u')
  const resource = context.demandValid(request.body ?? null, type)
  if (id === undefined) return updateConditional(tx, context, request, resource)
  demandSameId(resource, id)
  return updateOne(tx, context, request, resource, id)
}

/** @throws FhirError 400 when the body has another id than the URL, or none */
export function demandSameId(resource: Resource, id: string): void {
  if (resource['id'] !== id) {
    throw FhirError.invalid('id: must be there and equal to the id in the URL', `${resource.resourceType}.id`)
  }
}

async function updateOne(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  resource: Resource,
  id: string,
): Promise<Answer> {
  const { ifMatch, ifNoneMatch, prefer } = request
  const type = resource.resourceType
  const [written] = await writeAll(tx, context, [
    { type, id, resource, method: 'PUT', fresh: false, ifMatch, ifNoneMatch },
  ])
  if (!written) throw new TypeError('nothing was written')
  return writtenAnswer(written, 'update', prefer)
}

async function updateConditional(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  resource: Resource,
): Promise<Answer> {
  const criteria = parseCriteria(context, resource.resourceType, request.parameters)
  await lockCriteria(tx, [criteria])
  const target = await conditionalTarget(tx, context, criteria, resource)
  if (target !== undefined) return updateOne(tx, context, request, resource, target)
  // nothing to match: If-Match cannot hold
  if (request.ifMatch !== undefined) {
    throw FhirError.precondition('conflict', `${criteria.type}: If-Match, but nothing meets the criteria`)
  }
  demand(context.access, criteria.type, 'c')
  return createNew(tx, context, resource, 'PUT', request.prefer)
}

/**
 * The id that a conditional update writes to: of the match, else the one in the body.
 *
 * @returns undefined when the server is to choose one
 * @throws FhirError 400 when match and body have different ids; 412 when several match
 */
export async function conditionalTarget(
  tx: Tx,
  context: Context,
  criteria: Criteria,
  resource: Resource,
): Promise<string | undefined> {
  const match = await findOne(tx, context, criteria)
  const { id } = resource
  if (match && id !== undefined) demandSameId(resource, match.id)
  if (match) return match.id
  return typeof id === 'string' && isId(id) ? id : undefined
}
