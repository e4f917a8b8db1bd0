import { demand } from '../access/access.ts'
import { isObject, parseJson, type Json, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { applyFhirPathPatch } from '../fhir/patch/patch-fhirpath.ts'
import { applyJsonPatch } from '../fhir/patch/patch-json.ts'
import { demandValid } from '../fhir/validation/validate.ts'
import type { Released } from '../governance/gate.ts'
import { lock } from '../store/lock.ts'
import type { Tx } from '../store/tx.ts'
import { successOutcome, type Answer } from './answer.ts'
import { findOne, lockCriteria, parseCriteria, type Criteria } from './conditional.ts'
import type { Context } from './context.ts'
import { reached, unreached } from './judge.ts'
import { resourceOf } from './released.ts'
import type { FhirRequest, Preferences } from './request.ts'
import { wasDeleted } from './versions.ts'
import { writeAll, writtenAnswer, type Write, type Written } from './write.ts'

/**
 * Changes a part of a resource, by JSON Patch or FHIRPath Patch.
 *
 * @param id absent: conditional, the URL's query says which
 * @returns 200; a patch that changes nothing makes no version
 * @throws FhirError 400 when the patch cannot be read, 415 when it is of no kind that we have; 404 or 410
 *   when there is nothing to patch; 412 on a stale If-Match or several matches; 422 when the patch does
 *   not fit the resource, or what comes of it is not valid; 403
 * @see FHIR R4 § RESTful API, "patch"; § FHIRPath Patch; RFC 6902
 */
export async function patch(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  type: string,
  id: string | undefined,
): Promise<Answer> {
  demand(context.access, type, 'u')
  const apply = readPatch(request)
  const target = id ?? (await conditionalId(tx, context, request, type))
  const write = await patched(tx, context, apply, { type, id: target, ifMatch: request.ifMatch })
  const [written] = await writeAll(tx, context, [write])
  if (!written) throw new TypeError('nothing was written')
  return patchedAnswer(tx, context, written, request.prefer)
}

/** What a patch makes of a resource, not validated. @throws FhirError 400, 422 */
export type Patch = (resource: Resource) => Json

/**
 * Reads a patch: a JSON Patch as such or inside a Binary, as a Bundle has it; a FHIRPath Patch as
 * Parameters.
 *
 * @throws FhirError 415 for anything else; 400, 422 when it is broken
 */
export function readPatch({ contentType, rawBody, body }: FhirRequest): Patch {
  if (contentType === jsonPatchType) return readJsonPatch(rawBody ?? Buffer.alloc(0))
  if (isObject(body) && body['resourceType'] === 'Parameters') {
    const parameters = demandValid(body, 'Parameters')
    return (resource) => applyFhirPathPatch(resource, parameters)
  }
  if (isObject(body) && body['resourceType'] === 'Binary') return readJsonPatch(contentOf(body))
  throw FhirError.notSupported(`a patch as ${jsonPatchType}, or as Parameters, expected`, 415)
}

const jsonPatchType = 'application/json-patch+json'

function readJsonPatch(bytes: Buffer): Patch {
  const operations = parseJson(decoded(bytes))
  return (resource) => applyJsonPatch(resource, operations)
}

/** @throws FhirError 400: a replacement character in a name would be a wrong name */
function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw FhirError.structure('the patch is not UTF-8')
  }
}

function contentOf(body: Json): Buffer {
  const { contentType, data } = demandValid(body, 'Binary')
  if (contentType !== jsonPatchType || typeof data !== 'string') {
    throw FhirError.notSupported(`Binary: a patch as ${jsonPatchType} expected`, 415)
  }
  return Buffer.from(data, 'base64')
}

async function conditionalId(tx: Tx, context: Context, request: FhirRequest, type: string): Promise<string> {
  const criteria = parseCriteria(context, type, request.parameters)
  await lockCriteria(tx, [criteria])
  return patchTarget(tx, context, criteria)
}

/** The id of the one resource that a conditional patch is for. @throws FhirError 404, 412, 403 */
export async function patchTarget(tx: Tx, context: Context, criteria: Criteria): Promise<string> {
  const match = await findOne(tx, context, criteria)
  if (!match) throw FhirError.notFound(criteria.type)
  return match.id
}

/**
 * Applies a patch to the current version, which stays locked until the end of the transaction.
 *
 * @returns the write that it comes to
 */
export async function patched(
  tx: Tx,
  context: Context,
  apply: Patch,
  { type, id, ifMatch }: Pick<Write, 'type' | 'id' | 'ifMatch'>,
): Promise<Write> {
  const found = await lockCurrent(tx, context, type, id)
  if (ifMatch !== undefined && ifMatch !== found.version) {
    throw FhirError.precondition('conflict', `${type}: If-Match names another version than the current one`)
  }
  const before = resourceOf(found)
  const resource = demandSame(context, before, apply(before))
  return { type, id, resource, method: 'PUT', fresh: false, ifMatch: found.version }
}

async function lockCurrent(tx: Tx, context: Context, type: string, id: string): Promise<Released> {
  const internal = await context.gate.locate(tx, context.access, type, id)
  if (internal === undefined) throw FhirError.notFound(type)
  const key = { type, id: internal }
  await lock(tx, [key])
  const [found] = await context.gate.release(tx, context.access, await reached(tx, context, 'u', [key]))
  if (found) return found
  const isGone = await wasDeleted(tx, context, 'r', key)
  throw isGone ? FhirError.deleted(type) : await unreached(tx, context, key)
}

/** A patch changes what a resource says, not which one it is, nor what the server says of it. */
function demandSame(context: Context, before: Resource, after: Json): Resource {
  const type = before.resourceType
  if (!isObject(after) || after['resourceType'] !== type)
    throw FhirError.rule('a patch cannot change the type')
  if (after['id'] !== before['id']) throw FhirError.rule('a patch cannot change the id', `${type}.id`)
  for (const name of ['versionId', 'lastUpdated']) {
    const [was, is] = [metaOf(before)[name], metaOf(after)[name]]
    if (is !== undefined && is !== was)
      throw FhirError.rule(`a patch cannot change ${name}`, `${type}.meta.${name}`)
  }
  return context.demandValid(after, type)
}

function metaOf({ meta }: { readonly [member: string]: Json }) {
  return isObject(meta) ? meta : {}
}

/** Who may write a resource but not read it is not shown the parts of it that he did not send. */
export async function patchedAnswer(
  tx: Tx,
  context: Context,
  written: Written,
  prefer: Preferences,
): Promise<Answer> {
  const answer = writtenAnswer(written, 'patch', prefer)
  if (prefer.return !== 'representation') return answer
  const { type, internal: id } = written
  if ((await reached(tx, context, 'r', [{ type, id }])).length > 0) return answer
  return { ...answer, body: successOutcome(`${written.type}: updated`) }
}
