import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { oauthRoutes, type AuthorizationServer } from './authorization-server.ts'
import { baseOf } from '../fhir-base.ts'

/**
 * Puts the authorization server's endpoints under `/auth` and `/auth/research/{permit}`. They live in
 * a Fastify context of their own, where no body is read: the library reads it, with its own rules.
 */
export async function mountOauthRoutes(
  fastify: FastifyInstance,
  server: AuthorizationServer,
  publicUrl: string,
): Promise<void> {
  await fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    for (const route of oauthRoutes) {
      const answer = async (request: FastifyRequest, reply: FastifyReply) => {
        const { permit } = request.params as { permit?: string } // by the path below
        reply.hijack()
        await server.answer(baseOf(publicUrl, permit), route, request.raw, reply.raw)
      }
      for (const prefix of ['/auth', '/auth/research/:permit(^[A-Za-z0-9_-]{1,64}$)']) {
        scope.route({ method: 'POST', url: `${prefix}/${route}`, handler: answer })
        // the library would let pages of any origin through its preflight
        scope.route({ method: 'OPTIONS', url: `${prefix}/${route}`, handler: sendAllow })
      }
    }
    done()
  })
}

function sendAllow(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.status(204).header('Allow', 'OPTIONS, POST').send()
}
