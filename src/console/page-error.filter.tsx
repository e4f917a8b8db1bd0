import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FhirErrorFilter } from '../rest/fhir-error.filter.ts'
import { languageOf } from './language.ts'
import { Notice } from './notice.tsx'
import type { PageContext } from './page.tsx'
import { Pages, RefusedForm } from './pages.tsx'
import { words } from './words/words.ts'

/** What goes wrong behind a page is told on a page, in the reader's language, and nothing of the request with it. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  private readonly errors = new FhirErrorFilter()

  constructor(private readonly pages: Pages) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp()
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()]
    const status = this.statusOf(error)
    const visit = await this.visit(request, reply)
    const { refusedForm, expired, failed } = words[visit.language]
    const told = error instanceof RefusedForm ? refusedForm : status === 404 ? expired : failed
    this.pages.send(reply, <Notice {...visit} {...told} />, { status })
  }

  /** What nobody foresaw goes to the log. */
  private statusOf(error: unknown): number {
    if (error instanceof RefusedForm) return 403
    return error instanceof HttpException ? error.getStatus() : this.errors.fhirError(error).status
  }

  /** Where it cannot even be seen who is there, the page is for nobody: a filter that fails ends the process. */
  private async visit(request: FastifyRequest, reply: FastifyReply): Promise<PageContext> {
    try {
      const visit = await this.pages.visit(request, reply)
      // what only a form leads to answers no link
      return request.method === 'GET' ? visit : { ...visit, here: '/' }
    } catch {
      return { language: languageOf(request), person: undefined, csrf: '', here: '/' }
    }
  }
}
