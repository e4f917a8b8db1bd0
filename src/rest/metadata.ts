import type { FastifyReply, FastifyRequest } from 'fastify'
import { parseParameters } from '../interactions/request.ts'
import { demandAcceptable, fhirJson } from './media-type.ts'
import { pretty } from './pretty.ts'

/** Sends a CapabilityStatement. @throws FhirError 406 */
export function sendCapabilities(request: FastifyRequest, reply: FastifyReply, statement: object): void {
  const parameters = parseParameters(request.url.split('?').slice(1).join('?'))
  demandAcceptable(request.headers.accept, parameters)
  const text = JSON.stringify(statement)
  const isPretty = parameters.some(([name, value]) => name === '_pretty' && value === 'true')
  void reply.type(fhirJson).send(isPretty ? pretty(text) : text)
}
