import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { Authenticator } from '../auth/authenticator.ts'
import { Settings } from '../config.ts'
import { AsyncJobs } from '../interactions/async/async-jobs.ts'
import { AsyncWorker } from '../interactions/async/async-worker.ts'
import { accessOf, type Asked } from '../interactions/async/asked.ts'
import type { ClaimedJob } from '../interactions/async/jobs.ts'
import type { Context } from '../interactions/context.ts'
import { reporter } from '../log.ts'
import { Store } from '../store/store.ts'
import { RequestAccess } from './access.ts'
import { Exchange } from './exchange.ts'

const report = reporter(new Logger('async'))

/** The workers of this process on asynchronous requests. Other processes may run theirs beside. */
@Injectable()
export class AsyncWorkers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController()
  private running: readonly Promise<void>[] = []

  constructor(
    private readonly store: Store,
    private readonly jobs: AsyncJobs,
    private readonly exchange: Exchange,
    private readonly requestAccess: RequestAccess,
    private readonly authenticator: Authenticator,
    private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    const { COFFRE_WORKERS } = this.settings
    this.running = Array.from({ length: COFFRE_WORKERS }, () => this.worker().run(this.stopping.signal))
  }

  /** A worker that does the jobs of every process on this database. */
  worker(): AsyncWorker {
    const { store, jobs } = this
    const contextOf = (job: ClaimedJob, asked: Asked) => this.contextOf(job, asked)
    return new AsyncWorker({ store, jobs, contextOf, report })
  }

  /** Resolves when the jobs that are being worked on are done. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the process ends'))
    await Promise.all(this.running)
  }

  private async contextOf(job: ClaimedJob, asked: Asked): Promise<Context | undefined> {
    const { tokenExpiresAt, tokenId } = asked
    const shouldBeThere = tokenExpiresAt !== undefined && tokenExpiresAt > new Date()
    if (shouldBeThere && !(await this.authenticator.tokenExpiry(tokenId))) return undefined
    const [, permitId] = /^\/research\/([^/]+)\/fhir$/.exec(job.base) ?? []
    const permit = permitId === undefined ? undefined : await this.requestAccess.permit(permitId)
    return this.exchange.contextOf(accessOf(asked, job, permit, this.settings.zone), job.base)
  }
}
