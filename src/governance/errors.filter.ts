import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { randomUUID } from 'node:crypto'
import { FhirError, issue, operationOutcome, type IssueCode } from '../fhir/outcome.ts'

/**
 * Every no of this API is an OperationOutcome, as on the FHIR bases: one form for the whole server. What
 * we did not foresee is logged by kind and reference, and answered with the reference alone.
 */
@Catch()
export class GovernanceErrors implements ExceptionFilter {
  private readonly logger = new Logger('governance')

  catch(error: unknown, host: ArgumentsHost): void {
    const { status, headers, issues } = this.asFhirError(error)
    void host
      .switchToHttp()
      .getResponse<FastifyReply>()
      .status(status)
      .headers(headers)
      .send(operationOutcome(issues))
  }

  private asFhirError(error: unknown): FhirError {
    if (error instanceof FhirError) return error
    if (error instanceof HttpException) {
      const status = error.getStatus()
      return new FhirError(status, [issue(codes[status] ?? 'exception', error.message)])
    }
    const reference = randomUUID()
    this.logger.error(`${reference} ${error instanceof Error ? error.name : typeof error}`)
    return new FhirError(500, [issue('exception', `our fault; reference ${reference}`)])
  }
}

const codes: Readonly<Record<number, IssueCode>> = {
  400: 'structure',
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-long',
  415: 'not-supported',
}
