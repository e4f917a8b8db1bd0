import type { FastifyReply, FastifyRequest } from 'fastify'
import { FhirError } from '../fhir/outcome.ts'
import { route } from '../interactions/route.ts'
import type { ServedBase } from './exchange.ts'
import { splitPath } from './fhir-request.ts'

/**
 * Answers what can be done at a path: by the shape of the URL alone, so that no token is needed.
 *
 * @throws FhirError 404
 * @see RFC 9110 § 9.3.7
 */
export function sendOptions(request: FastifyRequest, reply: FastifyReply, base: ServedBase): void {
  const [url = ''] = request.url.split('?')
  try {
    route({ method: 'OPTIONS', path: splitPath(url.slice(base.path.length)) }, base.offered)
  } catch (error) {
    if (!(error instanceof FhirError) || error.status !== 405) throw error
    // the refusal of a method names those that are possible
    void reply
      .status(204)
      .headers({ ...error.headers, 'Cache-Control': 'no-store' })
      .send()
  }
}
