import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseParameters } from '../interactions/request.ts'
import { contentTypeOf, encode, formatOf } from './format.ts'
import { addVary } from './headers.ts'

/** Sends a CapabilityStatement. @param statement JSON text; @throws FhirError 406 */
export function sendCapabilities(request: FastifyRequest, reply: FastifyReply, statement: string): void {
  const format = formatOf(request.headers.accept, parseParameters(request.url.split('?').slice(1).join('?')))
  addVary(reply, 'Accept')
  void reply.type(contentTypeOf(format)).send(encode(statement, format))
}
