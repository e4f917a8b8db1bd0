import { Readable } from 'node:stream'
import fastifyCompress from '@fastify/compress'
import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload } from 'fastify'
import { FhirError, issue } from '../fhir/outcome.ts'
import { isFhirPath } from './fhir-path.ts'

/** Below this a packet is a packet: compressing it saves nothing. */
const thresholdBytes = 1024

/** Resources in both forms, and text; not NDJSON, whose files are kept compressed. */
const compressible = /^(?:text\/|application\/(?:fhir\+)?(?:json|xml)\b)/

/**
 * Compresses answers of the FHIR bases and takes compressed bodies there; nowhere else, because there a
 * browser sends its credentials by itself (docs/decisions/0010). What a body unpacks to counts against the
 * limit of bodies, chunk by chunk.
 */
export async function addCompression(fastify: FastifyInstance): Promise<void> {
  fastify.addHook('onRoute', (route) => {
    if (!isFhirPath(route.url)) Object.assign(route, { compress: false, decompress: false })
  })
  await fastify.register(fastifyCompress, {
    encodings: ['br', 'gzip'],
    requestEncodings: ['gzip'],
    threshold: thresholdBytes,
    customTypes: compressible,
    onUnsupportedRequestEncoding: () =>
      new FhirError(415, [issue('not-supported', 'Content-Encoding: gzip expected')], {
        'Accept-Encoding': 'gzip',
      }),
  })
  fastify.addHook('onRoute', (route) => {
    if (isFhirPath(route.url)) route.preParsing = [route.preParsing ?? [], stopWithAnswer].flat()
  })
}

/** What was refused for its size would else be unpacked to its end, for nobody. */
function stopWithAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
  done: (error: null, payload: RequestPayload) => void,
): void {
  if (payload !== request.raw && payload instanceof Readable) {
    reply.raw.once('finish', () => payload.destroy())
  }
  done(null, payload)
}
