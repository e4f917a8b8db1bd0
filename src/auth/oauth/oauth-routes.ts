import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AuthorizationServer } from './authorization-server.ts'
import { baseOf, type FhirBase } from '../fhir-base.ts'
import { smartStyle, stylePath } from './token-response.ts'

/** Endpoints of the library that apps send forms to, by the last segment of their path. */
const posted = ['token', 'revoke', 'introspect'] as const
/** Documents about the one issuer that there is. */
const ofIssuer = ['jwks', '.well-known/openid-configuration'] as const
const ofBases = ['/auth', '/auth/research/:permit(^[A-Za-z0-9_-]{1,64}$)'] as const

/** An authorization request as a form: no longer than the URL that it becomes may be. */
const longestForm = 12 * 1024

/**
 * Puts the authorization server's endpoints under `/auth` and `/auth/research/{permit}`. They live in
 * a Fastify context of their own, where no body is read: the library reads it, with its own rules.
 */
export async function mountOauthRoutes(
  fastify: FastifyInstance,
  server: AuthorizationServer,
  publicUrl: string,
): Promise<void> {
  const base = ({ params }: FastifyRequest) => baseOf(publicUrl, (params as { permit?: string }).permit)
  const answer = (route: string) => async (request: FastifyRequest, reply: FastifyReply) => {
    const { uid } = request.params as { uid?: string } // by the paths below
    reply.hijack()
    const path = uid === undefined ? route : `${route}/${uid}`
    await server.answer(base(request), path, request.raw, reply.raw)
  }
  await fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    for (const prefix of ofBases) {
      for (const route of posted) {
        scope.route({ method: 'POST', url: `${prefix}/${route}`, handler: answer(route) })
        // the library would let pages of any origin through its preflight
        scope.route({ method: 'OPTIONS', url: `${prefix}/${route}`, handler: sendAllow })
      }
      scope.get(`${prefix}/authorize`, answer('authorize'))
      scope.get(`${prefix}/authorize/:uid`, answer('authorize'))
      scope.post(`${prefix}/authorize`, (request, reply) => sendOn(request, reply, base(request)))
    }
    for (const route of ofIssuer) scope.get(`/auth/${route}`, answer(route))
    scope.get(`/auth/${stylePath}`, (_request, reply) =>
      reply.header('Access-Control-Allow-Origin', '*').type('application/json').send(smartStyle),
    )
    done()
  })
}

/**
 * A POST to the authorization endpoint becomes the GET of the same: a browser sends no cookie of ours along
 * with a form of another site.
 */
async function sendOn(request: FastifyRequest, reply: FastifyReply, base: FhirBase): Promise<FastifyReply> {
  const form = await readForm(request)
  if (form === undefined) return reply.status(413).send({ error: 'invalid_request' })
  return reply
    .status(303)
    .header('Location', `${base.authUrl}/authorize?${new URLSearchParams(form).toString()}`)
    .header('Cache-Control', 'no-store')
    .send()
}

async function readForm({ raw }: FastifyRequest): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of raw) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > longestForm) return undefined
  }
  return Buffer.concat(chunks).toString('utf8')
}

function sendAllow(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.status(204).header('Allow', 'OPTIONS, POST').send()
}
