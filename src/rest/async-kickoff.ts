import { Injectable } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Authenticator } from '../auth/authenticator.ts'
import { Settings } from '../config.ts'
import { AsyncJobs, type At } from '../interactions/async/async-jobs.ts'
import type { FhirRequest } from '../interactions/request.ts'
import type { Route } from '../interactions/route.ts'

/** Takes requests with `Prefer: respond-async`. @see FHIR R4 § Asynchronous Request Patterns */
@Injectable()
export class AsyncKickoff {
  constructor(
    private readonly jobs: AsyncJobs,
    private readonly authenticator: Authenticator,
    private readonly settings: Settings,
  ) {}

  /** Answers 202; `Content-Location` says where the answer will be. @throws FhirError 400, 429 */
  async accept(reply: FastifyReply, at: At, request: FhirRequest, found: Route): Promise<void> {
    const tokenExpiresAt = await this.authenticator.tokenExpiry(at.access.caller.tokenId)
    const id = await this.jobs.accept(at, request, found, tokenExpiresAt)
    const location = `${this.settings.publicUrl}${at.base}/_async/${id}`
    void reply.status(202).headers({ 'Content-Location': location, 'Cache-Control': 'no-store' }).send()
  }
}
