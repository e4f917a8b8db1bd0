import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ClientOrigins } from '../auth/clients/client-origins.ts'
import { isFhirPath } from './fhir-path.ts'

/**
 * Which pages of other origins may use what: discovery and descriptions any page; the FHIR bases and the
 * token endpoints those of a registered client. No cookie is ever taken from them.
 *
 * @see SMART App Launch 2.2 § Considerations for CORS; Fetch § CORS protocol
 */
export async function addCors(fastify: FastifyInstance, origins: ClientOrigins): Promise<void> {
  await fastify.register(fastifyCors, {
    delegator: (request, done) => {
      void optionsFor(request, origins).then((options) => done(null, options))
    },
  })
}

async function optionsFor(request: FastifyRequest, origins: ClientOrigins): Promise<FastifyCorsOptions> {
  const { url, headers } = request
  if (isPublic(url)) return forEverybody
  if (headers.origin === undefined || !isForClients(url)) return forNobody
  // when nobody can be looked up, nobody is let in
  const isRegistered = await origins.has(headers.origin).catch(() => false)
  return isRegistered ? { ...forClients, origin: headers.origin } : forNobody
}

/** Discovery, keys, the CapabilityStatement, the API's description: no token is needed for them either. */
function isPublic(url: string): boolean {
  return publicPaths.some((path) => path.test(url))
}

const publicPaths: readonly RegExp[] = [
  /^\/(research\/[^/]+\/)?fhir\/(metadata|openapi\.json|\.well-known\/smart-configuration)(?=\?|$)/,
  /^\/auth\/(jwks|\.well-known\/openid-configuration)(?=\?|$)/,
]

function isForClients(url: string): boolean {
  return isFhirPath(url) || /^\/auth\/(research\/[^/]+\/)?(token|revoke)(?=\?|$)/.test(url)
}

const forNobody: FastifyCorsOptions = { origin: false }

const forEverybody: FastifyCorsOptions = { origin: '*', methods: ['GET', 'HEAD'] }

const forClients: FastifyCorsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: [
    ...['Accept', 'Authorization', 'Content-Type', 'Prefer', 'X-Security-Context'],
    ...['If-Match', 'If-None-Match', 'If-None-Exist', 'If-Modified-Since'],
  ],
  exposedHeaders: [
    ...['Location', 'Content-Location', 'ETag', 'Last-Modified', 'X-Progress', 'Retry-After'],
    ...['Content-Disposition', 'WWW-Authenticate', 'X-Security-Context'],
  ],
  // the actual answer is judged again: a client that is gone is let in no longer than it takes to notice
  maxAge: 600,
}
