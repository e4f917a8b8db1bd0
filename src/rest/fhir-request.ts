import type { FastifyRequest } from 'fastify'
import { parseJson, type Json } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { parseParameters, type FhirRequest, type Parameter } from '../interactions/request.ts'
import { readHeaders } from './headers.ts'
import { demandAcceptable, demandJsonBody, formType, mediaType } from './media-type.ts'

/**
 * Reads an HTTP message as a FHIR request.
 *
 * @param base the path of the FHIR base, `/fhir`
 * @throws FhirError 400, 406, 415
 */
export function fhirRequest(request: FastifyRequest, base: string): FhirRequest {
  const [url = '', ...query] = request.url.split('?')
  const path = splitPath(url.slice(base.length))
  const parameters = [...parseParameters(query.join('?')), ...formParameters(request, path)]
  demandAcceptable(request.headers.accept, parameters)
  return {
    method: request.method === 'HEAD' ? 'GET' : request.method,
    path,
    parameters,
    body: jsonBody(request, path),
    contentType: undefined,
    rawBody: undefined,
    ...readHeaders(request.headers),
  }
}

/** Whether the answer shall be laid out for people. */
export function wantsPretty({ parameters }: FhirRequest): boolean {
  return parameters.some(([name, value]) => name === '_pretty' && value === 'true')
}

function splitPath(path: string): string[] {
  const trimmed = path.replace(/^\/|\/$/g, '')
  if (trimmed === '') return []
  try {
    return trimmed.split('/').map(decodeURIComponent)
  } catch {
    throw FhirError.invalid('the URL has a bad escape')
  }
}

function isSearch({ method }: FastifyRequest, path: readonly string[]): boolean {
  return method === 'POST' && path.at(-1) === '_search'
}

function formParameters(request: FastifyRequest, path: readonly string[]): Parameter[] {
  if (!isSearch(request, path)) return []
  const body = bodyText(request)
  if (body === '' && request.headers['content-type'] === undefined) return []
  if (mediaType(request.headers['content-type']) !== formType) {
    throw FhirError.notSupported(`Content-Type: ${formType} expected`, 415)
  }
  return parseParameters(body)
}

function jsonBody(request: FastifyRequest, path: readonly string[]): Json | undefined {
  if ((request.method !== 'POST' && request.method !== 'PUT') || isSearch(request, path)) return undefined
  demandJsonBody(request.headers['content-type'])
  return parseJson(bodyText(request))
}

/** The server reads bodies on a FHIR base as text. */
function bodyText({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : ''
}
