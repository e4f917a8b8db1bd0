import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { randomUUID } from 'node:crypto'
import { FhirError } from '../fhir/outcome.ts'
import { Notice } from './notice.tsx'
import { Pages, RefusedForm } from './pages.tsx'
import { words } from './words/words.ts'

/** What goes wrong behind a page is told on a page, in the reader's language, and nothing of the request with it. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('pages')

  constructor(private readonly pages: Pages) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp()
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()]
    const status = statusOf(error)
    if (status === 500)
      this.logger.error(`${randomUUID()} ${error instanceof Error ? error.name : 'unknown'}`)
    const visit = await this.pages.visit(request, reply)
    const { refusedForm, expired, failed } = words[visit.language]
    const told = error instanceof RefusedForm ? refusedForm : status === 404 ? expired : failed
    this.pages.send(reply, <Notice {...visit} {...told} />, { status })
  }
}

function statusOf(error: unknown): number {
  if (error instanceof RefusedForm) return 403
  if (error instanceof FhirError) return error.status
  return error instanceof HttpException ? error.getStatus() : 500
}
