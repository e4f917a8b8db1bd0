import type { FastifyRequest } from 'fastify'
import { FhirError } from '../fhir/outcome.ts'
import { parseParameters, type FhirRequest, type Parameter } from '../interactions/request.ts'
import { bodyText, readBody } from './body.ts'
import { readHeaders } from './headers.ts'
import { formType, mediaType } from './media-type.ts'

/**
 * Reads an HTTP message as a FHIR request.
 *
 * @param base the path of the FHIR base, `/fhir`
 * @throws FhirError 400, 415
 */
export function fhirRequest(request: FastifyRequest, base: string): FhirRequest {
  const [url = '', ...query] = request.url.split('?')
  const path = splitPath(url.slice(base.length))
  return {
    method: request.method === 'HEAD' ? 'GET' : request.method,
    path,
    parameters: [...parseParameters(query.join('?')), ...formParameters(request, path)],
    ...readBody(request, path),
    ...readHeaders(request.headers),
  }
}

/** The decoded segments of a path below its base. @throws FhirError 400 */
export function splitPath(path: string): string[] {
  const trimmed = path.replace(/^\/|\/$/g, '')
  if (trimmed === '') return []
  try {
    return trimmed.split('/').map(decodeURIComponent)
  } catch {
    throw FhirError.invalid('the URL has a bad escape')
  }
}

function formParameters(request: FastifyRequest, path: readonly string[]): Parameter[] {
  if (request.method !== 'POST' || path.at(-1) !== '_search') return []
  const body = bodyText(request)
  if (body === '' && request.headers['content-type'] === undefined) return []
  if (mediaType(request.headers['content-type']) !== formType) {
    throw FhirError.notSupported(`Content-Type: ${formType} expected`, 415)
  }
  return parseParameters(body)
}
