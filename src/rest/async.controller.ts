import { Controller, Delete, Get, HttpCode, Param, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { FhirError } from '../fhir/outcome.ts'
import { AsyncJobs, type At } from '../interactions/async/async-jobs.ts'
import { parseParameters } from '../interactions/request.ts'
import { RequestAccess } from './access.ts'
import { retryAfterSeconds } from './bulk-export.ts'
import { formatOf } from './format.ts'
import { sendAnswer } from './headers.ts'

/** Status, result and cancellation of asynchronous requests, on both bases. */
@Controller(['fhir', 'research/:permit/fhir'])
export class AsyncController {
  constructor(
    private readonly jobs: AsyncJobs,
    private readonly requestAccess: RequestAccess,
    private readonly trail: Trail,
    private readonly settings: Settings,
  ) {}

  /** 202 with the progress, or 200 with a Bundle of type batch-response that holds the answer. */
  @Get('_async/:job')
  async status(
    @Param('permit') permit: string | undefined,
    @Param('job') job: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const parameters = parseParameters(request.url.split('?').slice(1).join('?'))
    const format = formatOf(request.headers.accept, parameters)
    const at = await this.at(request, permit)
    const status = await this.onRecord(at, job, 'async-result', () => this.jobs.status(at, job))
    if (status.state === 'done') {
      void reply.header('Expires', status.expiresAt.toUTCString())
      const answer = { status: 200, body: status.result, accesses: [] }
      return sendAnswer(reply, answer, this.settings.publicUrl + at.base, format)
    }
    const wait = retryAfterSeconds(status.since, new Date())
    void reply
      .status(202)
      .headers({ 'X-Progress': status.state, 'Retry-After': String(wait), 'Cache-Control': 'no-store' })
      .send()
  }

  @Delete('_async/:job')
  @HttpCode(202)
  async remove(
    @Param('permit') permit: string | undefined,
    @Param('job') job: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const at = await this.at(request, permit)
    await this.onRecord(at, job, 'async-delete', () => this.jobs.remove(at, job))
  }

  /** A request without a good token is on record too. */
  private async at(request: FastifyRequest, permit: string | undefined): Promise<At> {
    const base = permit === undefined ? '/fhir' : `/research/${permit}/fhir`
    try {
      return { access: await this.requestAccess.at(request, permit), base }
    } catch (error) {
      const caller = { clientId: 'unknown', userId: undefined, tokenId: '', ip: request.ip }
      await this.record({ access: { caller }, base }, 'async-result', 'refused')
      throw error
    }
  }

  /** What the answer holds went on record when it was made; here, that it was fetched. */
  private async onRecord<T extends object | void>(
    at: At,
    job: string,
    interaction: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const result = await work().catch(async (error: unknown) => {
      await this.record(
        at,
        interaction,
        error instanceof FhirError && error.status < 500 ? 'refused' : 'failed',
      )
      throw error
    })
    const isWaiting = typeof result === 'object' && 'state' in result && result.state !== 'done'
    if (!isWaiting) await this.record(at, interaction, 'success', { job })
    return result
  }

  private record(
    at: Pick<AuditedAccess, 'access' | 'base'>,
    interaction: string,
    outcome: AuditedAccess['outcome'],
    detail?: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { access, base } = at
    const permit = 'kind' in access && access.kind === 'research' ? { permit: access.permit.id } : {}
    return this.trail.record({
      ...{ access, base, interaction, outcome, action: interaction === 'async-delete' ? 'D' : 'E' },
      ...{ entities: [], patients: [], at: new Date() },
      ...permit,
      ...(detail === undefined ? {} : { detail }),
    })
  }
}
