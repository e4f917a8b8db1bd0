import type { FastifyReply, FastifyRequest } from 'fastify'
import { isObject, parseJson, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseReference } from '../fhir/reference.ts'
import type { Parameter } from '../interactions/request.ts'
import type { Route } from '../interactions/route.ts'

const fhirTypes: ReadonlySet<string> = new Set(['application/fhir+json', 'application/fhir+xml'])

/**
 * Whether a body is the content of a Binary itself. JSON and XML under their general names are content
 * too: only the two types of FHIR say that a resource comes.
 *
 * @see FHIR R4 § Binary, "Serving Binary Resources using the RESTful API"
 */
export function isBinaryContent(method: string, path: readonly string[], contentType: string): boolean {
  const isWrite = (method === 'POST' && path.length === 1) || (method === 'PUT' && path.length <= 2)
  return path[0] === 'Binary' && isWrite && !fhirTypes.has(contentType)
}

/** The Binary that a content becomes. @throws FhirError 400 when `X-Security-Context` is no reference */
export function binaryOf(request: FastifyRequest, path: readonly string[], content: Buffer): Resource {
  const { 'content-type': contentType, 'x-security-context': context } = request.headers
  const id = path[1]
  return {
    resourceType: 'Binary',
    ...(id === undefined ? {} : { id }),
    contentType: contentType?.trim().replace(/\s+/g, ' ') ?? 'application/octet-stream',
    ...(context === undefined ? {} : { securityContext: { reference: securityContext(context) } }),
    // a Binary without data has no content: FHIR knows no empty values
    ...(content.length === 0 ? {} : { data: content.toString('base64') }),
  }
}

function securityContext(header: string | string[]): string {
  const [reference = '', ...more] = [header].flat()
  const { kind } = parseReference(reference)
  if (more.length > 0 || (kind !== 'relative' && kind !== 'absolute')) {
    throw FhirError.invalid('X-Security-Context: one reference to a resource expected')
  }
  return reference
}

/** Parameters that say something of the resource's form: whoever gives one wants the resource. */
const ofTheResource: ReadonlySet<string> = new Set(['_format', '_pretty', '_summary', '_elements'])

/**
 * Whether a caller wants the content of a Binary instead of the resource: it reads one, and names no type
 * of FHIR.
 */
export function wantsContent(
  accept: string | undefined,
  { interaction, type }: Route,
  parameters: readonly Parameter[],
): boolean {
  const isRead = interaction === 'read' || interaction === 'vread'
  if (type !== 'Binary' || !isRead || parameters.some(([name]) => ofTheResource.has(name))) return false
  const ranges = (accept ?? '').split(',').map((range) => range.split(';')[0]?.trim().toLowerCase())
  return !ranges.some((range) => range !== undefined && fhirTypes.has(range))
}

/**
 * Sends the content of a Binary under its own type. It is what somebody stored: a browser must neither
 * guess at it nor run it, nor show it as a page of ours.
 *
 * @param json the Binary as text
 */
export function sendContent(reply: FastifyReply, json: string): void {
  const binary = parseJson(json) as Resource
  const { data } = binary
  const context = securityContextOf(binary)
  if (context !== undefined) void reply.header('X-Security-Context', context)
  void reply
    .headers({
      'Content-Disposition': 'attachment',
      'Content-Security-Policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    })
    .type(typeOf(binary))
    .send(Buffer.from(typeof data === 'string' ? data : '', 'base64'))
}

/** What cannot stand in a header, it was stored without validation, is bytes. */
function typeOf({ contentType }: JsonObject): string {
  const isType =
    typeof contentType === 'string' && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;[\x20-\x7e]*)?$/.test(contentType)
  return isType ? contentType : 'application/octet-stream'
}

function securityContextOf({ securityContext }: JsonObject): string | undefined {
  const reference = isObject(securityContext) ? securityContext['reference'] : undefined
  return typeof reference === 'string' && /^[\x21-\x7e]+$/.test(reference) ? reference : undefined
}
