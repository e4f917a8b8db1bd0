import { plainQuery } from '../fhir/search/parse-criterion.ts'
import { demand, restrict } from '../access/access.ts'
import { stringifyJson } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Released } from '../governance/gate.ts'
import { versionOf } from '../store/resources.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'
import { permits, permitsAll, reached } from './judge.ts'
import { releasedByKey, resourceOf, seen } from './released.ts'
import type { FhirRequest } from './request.ts'
import { isPartial, parseShape, shaped, type Shape } from './summary.ts'
import { wasDeleted, withHistory } from './versions.ts'

/**
 * The current version of a resource.
 *
 * @returns 200 with the resource, or 304 when the caller's copy is still good
 * @throws FhirError 403; 404 when it is not there or not for this caller; 410 after a delete
 * @see FHIR R4 § RESTful API, "read" and "conditional read"
 */
export async function read(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
  id: string,
): Promise<Answer> {
  demand(context.access, type, 'r')
  const shape = parseShape(type, request.parameters)
  const research = context.access.kind === 'research'
  const found = research
    ? await findForPermit(tx, context, type, id)
    : await findCurrent(tx, context, type, id)
  const answer = answerOf(context, 'read', found, shape)
  return !research && isFresh(request, found) ? withoutBody(answer) : answer
}

/**
 * One version of a resource, the current one included.
 *
 * @throws FhirError 404; 410 when that version is a deletion
 * @see FHIR R4 § RESTful API, "vread"
 */
export async function vread(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
  id: string,
  version: number,
): Promise<Answer> {
  demand(context.access, type, 'r')
  const shape = parseShape(type, request.parameters)
  const internal = await context.gate.locate(tx, context.access, type, id)
  const row = internal === undefined ? undefined : await versionOf(tx, type, internal, version)
  if (!row) throw FhirError.notFound(type)
  const isWhole = permitsAll(context.access, type, 'r')
  if (!isWhole && (await withHistory(tx, context, 'r', [row])).size === 0) throw FhirError.notFound(type)
  if (row.method === 'DELETE') throw FhirError.deleted(type)
  const [found] = await context.gate.release(tx, context.access, [row])
  const isWithin =
    isWhole || (found && (await permits(tx, context, 'r', { resource: resourceOf(found), id: row.id })))
  if (!found || !isWithin) throw FhirError.notFound(type)
  return answerOf(context, 'vread', found, shape)
}

/** The current version on the care base. @throws FhirError 403, 404, 410 */
export async function findCurrent(tx: Tx, context: Context, type: string, id: string): Promise<Released> {
  demand(context.access, type, 'r')
  const internal = await context.gate.locate(tx, context.access, type, id)
  if (internal === undefined) throw FhirError.notFound(type)
  const key = { type, id: internal }
  const [found] = await context.gate.release(tx, context.access, await reached(tx, context, 'r', [key]))
  if (found) return found
  throw (await wasDeleted(tx, context, 'r', key)) ? FhirError.deleted(type) : FhirError.notFound(type)
}

/** On a research base the row is looked for once more, under the permit's cohort and filters. */
async function findForPermit(tx: Tx, context: Context, type: string, id: string): Promise<Released> {
  // a type outside the permit is refused whatever the id
  restrict(context.access, plainQuery(type, []), 'r')
  const internal = await context.gate.locate(tx, context.access, type, id)
  const [found] = internal === undefined ? [] : await releasedByKey(tx, context, type, [internal], 'r')
  if (!found) throw FhirError.notFound(type)
  return found
}

function answerOf(context: Context, interaction: 'read' | 'vread', found: Released, shape: Shape): Answer {
  const body = isPartial(shape) ? stringifyJson(shaped(resourceOf(found), shape)) : found.text
  const accesses = [seen(context.access, interaction, found.type, [found])]
  // version and time of a record tell when care happened: they stay on the care side
  if (context.access.kind === 'research') return { status: 200, body, accesses }
  return { status: 200, version: found.version, lastModified: found.updatedAt, body, accesses }
}

/** @see RFC 9110 § 13.1.2 and § 13.1.3: `If-None-Match` wins; HTTP dates count in whole seconds */
function isFresh(request: FhirRequest, found: Released): boolean {
  const { ifNoneMatch } = request
  if (ifNoneMatch !== undefined) return ifNoneMatch === '*' || ifNoneMatch === found.version
  if (request.ifModifiedSince === undefined) return false
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
  return seconds(found.updatedAt) <= seconds(request.ifModifiedSince)
}

function withoutBody({ body: _, ...answer }: Answer): Answer {
  return { ...answer, status: 304 }
}
