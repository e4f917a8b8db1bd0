import type { FastifyRequest } from 'fastify'
import { parseJson, type Json } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseXml } from '../fhir/xml/xml-parse.ts'
import type { FhirRequest } from '../interactions/request.ts'
import { binaryOf, isBinaryContent } from './binary.ts'
import { bodyKind, mediaType } from './media-type.ts'

type Body = Pick<FhirRequest, 'body' | 'contentType' | 'rawBody'>

const none: Body = { body: undefined, contentType: undefined, rawBody: undefined }

/**
 * Reads the body of a request on a FHIR base: a resource in JSON or XML, the content of a Binary, or a
 * JSON Patch. A form is not read here: its fields are parameters.
 *
 * @param path decoded segments below the base
 * @throws FhirError 400, 415
 */
export function readBody(request: FastifyRequest, path: readonly string[]): Body {
  const { method, headers } = request
  const mayHaveBody = method === 'POST' || method === 'PUT' || method === 'PATCH'
  if (!mayHaveBody || path.at(-1) === '_search') return none
  const bytes = bodyBytes(request)
  // an operation may need no input
  if (bytes.length === 0 && path.at(-1)?.startsWith('$')) return none
  const contentType = mediaType(headers['content-type'])
  if (isBinaryContent(method, path, contentType))
    return { body: binaryOf(request, path, bytes), contentType, rawBody: bytes }
  if (method === 'PATCH' && contentType === jsonPatch) return { body: undefined, contentType, rawBody: bytes }
  return { body: readResource(request), contentType, rawBody: undefined }
}

/** @see RFC 6902 § 6 */
const jsonPatch = 'application/json-patch+json'

/** The body as a resource, by its Content-Type. @throws FhirError 400, 415 */
export function readResource(request: FastifyRequest): Json {
  const kind = bodyKind(request.headers['content-type'])
  const text = bodyText(request)
  return kind === 'xml' ? parseXml(text) : parseJson(text)
}

/** @throws FhirError 400 when it is not UTF-8: a replacement character in a name would be a wrong name */
export function bodyText(request: FastifyRequest): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bodyBytes(request))
  } catch {
    throw FhirError.structure('the body is not UTF-8')
  }
}

/** The server reads bodies on a FHIR base as bytes. */
function bodyBytes({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
