import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { randomUUID } from 'node:crypto'
import { FhirError, issue, operationOutcome, type IssueCode } from '../fhir/outcome.ts'
import { isFhirPath } from './fhir-path.ts'
import { contentTypeOf, encode, errorFormat } from './format.ts'
import { addVary } from './headers.ts'

/**
 * The one place where an error becomes a response. What we threw says what is wrong; of what broke, a
 * random reference goes to the caller and to the log, and nothing else to the caller.
 */
@Catch()
export class FhirErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('errors')

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const reply = http.getResponse<FastifyReply>()
    if (reply.sent) return
    if (error instanceof HttpException && !isFhirPath(http.getRequest<FastifyRequest>().url)) {
      const status = error.getStatus()
      // the framework's own texts repeat the URL, which may hold an identifier
      void reply.status(status).send(status === 404 ? { statusCode: 404 } : error.getResponse())
      return
    }
    sendError(reply, this.fhirError(error))
  }

  /** What a caller is told. What nobody foresaw goes to the log, under a reference that the caller gets. */
  fhirError(error: unknown): FhirError {
    return fhirErrorOf(error) ?? this.ours(error)
  }

  private ours(error: unknown): FhirError {
    const reference = randomUUID()
    this.logger.error(`${reference} ${describe(error)}`)
    return new FhirError(500, [issue('exception', `the server failed; reference ${reference}`)])
  }
}

/** Sends the OperationOutcome of an error, in the format that the answer would have had. */
export function sendError(reply: FastifyReply, { status, headers, issues }: FhirError): void {
  const format = errorFormat(reply.request)
  addVary(reply, 'Accept')
  void reply
    .status(status)
    .headers(headers)
    .header('Cache-Control', 'no-store')
    .type(contentTypeOf(format))
    .send(encode(JSON.stringify(operationOutcome(issues)), format))
}

const frameworkErrors: Readonly<Record<number, readonly [IssueCode, string]>> = {
  400: ['structure', 'a request that cannot be read'],
  404: ['not-found', 'nothing is here'],
  405: ['not-supported', 'this method is not supported here'],
  408: ['transient', 'the request took too long to come'],
  413: ['too-long', 'the body is too large'],
  414: ['too-long', 'the URL is too long'],
  415: ['not-supported', 'a Content-Type that is not supported here'],
  431: ['too-long', 'the headers are too large'],
}

/** Errors that the framework made of what a caller sent: their texts may repeat it, so ours are sent. */
function fhirErrorOf(error: unknown): FhirError | undefined {
  if (error instanceof FhirError) return error
  const status = statusOf(error)
  const known = status === undefined ? undefined : frameworkErrors[status]
  return status === undefined || known === undefined ? undefined : new FhirError(status, [issue(...known)])
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus()
  const isFastify = typeof error === 'object' && error !== null && 'statusCode' in error
  return isFastify && typeof error.statusCode === 'number' ? error.statusCode : undefined
}

/** Where it broke, without its message: a database quotes values in them. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [`${error.name}${code}`, ...frames].join('\n')
}
