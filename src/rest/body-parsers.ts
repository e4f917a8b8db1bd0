import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify'
import type { Readable } from 'node:stream'
import { FhirError } from '../fhir/outcome.ts'
import { isFhirPath } from './fhir-path.ts'
import { formType, mediaType } from './media-type.ts'

/** A transaction of some thousand entries fits; more belongs in an import. */
export const bodyLimitBytes = 50 * 1024 * 1024

const ndjson = ['application/fhir+ndjson', 'application/ndjson', 'application/x-ndjson']

/**
 * On a FHIR base bodies are bytes, whatever they are said to be: `body.ts` reads them. Elsewhere JSON is
 * read as usual, and a form is text.
 */
export function addBodyParsers(fastify: FastifyInstance): void {
  const json = fastify.getDefaultJsonParser('error', 'error')
  void fastify.removeAllContentTypeParsers()
  // an import may be of any size: it is handed on as it comes
  void fastify.addContentTypeParser(ndjson, async (request: FastifyRequest, payload: RequestPayload) =>
    isImport(request.url) ? payload : readAll(payload),
  )
  void fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (isFhirPath(request.url)) return done(null, body)
    const type = mediaType(request.headers['content-type'])
    if (type === 'application/json') void json(request, body.toString(), done)
    // anything else is read to its end, and then refused by its type
    else done(null, type === formType ? body.toString() : undefined)
  })
}

function isImport(url: string): boolean {
  return /^\/fhir\/(\$|%24)import(?=\?|$)/.test(url)
}

/** @throws FhirError 413 */
async function readAll(payload: RequestPayload): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  // the connection is still needed for the answer
  for await (const chunk of (payload as Readable).iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > bodyLimitBytes) throw FhirError.tooLong('the body is too large')
  }
  return Buffer.concat(chunks)
}
