import cookie from '@fastify/cookie'
import { Logger } from '@nestjs/common'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Socket } from 'node:net'
import { ClientOrigins } from '../auth/clients/client-origins.ts'
import { Settings } from '../config.ts'
import { issue, operationOutcome } from '../fhir/outcome.ts'
import { addBodyParsers, bodyLimitBytes } from './body-parsers.ts'
import { addCompression } from './compression.ts'
import { addCors } from './cors.ts'
import { FhirErrorFilter, sendError } from './fhir-error.filter.ts'

/**
 * Nest sets its error handler after the last route, and by then Fastify may have given the routes its own.
 * Ours is there before the first one, and stays.
 */
class Adapter extends FastifyAdapter {
  override setErrorHandler() {
    return this.getInstance()
  }
}

/** The HTTP server, before the application is put on it. */
export function createAdapter(): FastifyAdapter {
  const filter = new FhirErrorFilter()
  const adapter = new Adapter({
    bodyLimit: bodyLimitBytes,
    trustProxy: 'loopback',
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    // the router refuses a malformed URL before there is a route
    frameworkErrors: (error: Error, _request: FastifyRequest, reply: FastifyReply) => {
      sendError(reply, filter.fhirError(error))
    },
    clientErrorHandler: (_error, socket) => refuseMessage(socket),
  })
  // Node would drop those beyond 2,000 in silence, an If-Match among them; their size is limited to 16 KB
  adapter.getInstance().server.maxHeadersCount = 0
  adapter.getInstance().setErrorHandler((error, _request, reply) => sendError(reply, filter.fhirError(error)))
  return adapter
}

/** Options of `NestFactory.create`: bodies are read by our own parsers, not by the framework's. */
export const applicationOptions = { bodyParser: false, abortOnError: false } as const

/** Sets up what holds for every request: bodies, CORS, compression, headers, errors, the log. */
export async function configureServer(app: NestFastifyApplication): Promise<void> {
  const settings = app.get(Settings)
  const fastify = app.getHttpAdapter().getInstance()
  addBodyParsers(fastify)
  await fastify.register(cookie)
  app.useGlobalFilters(new FhirErrorFilter())
  await addCors(fastify, app.get(ClientOrigins, { strict: false }))
  await addCompression(fastify)
  fastify.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(settings.publicUrl.startsWith('https:') ? secureHeaders : commonHeaders)
    done()
  })
  const log = new Logger('http')
  fastify.addHook('onResponse', (request, reply, done) => {
    // the route's pattern, never the URL: paths and queries name patients
    const pattern = request.routeOptions.url ?? '(no route)'
    log.log(`${request.method} ${pattern} ${reply.statusCode} ${Math.round(reply.elapsedTime)} ms`)
    done()
  })
}

const commonHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
}
const secureHeaders = { ...commonHeaders, 'Strict-Transport-Security': 'max-age=31536000' }

/** Not HTTP: there is no request to answer, only a connection. */
function refuseMessage(socket: Socket): void {
  if (socket.destroyed || !socket.writable) return
  const outcome = operationOutcome([issue('structure', 'not an HTTP message that can be read')])
  const body = JSON.stringify(outcome)
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/fhir+json\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  )
}
