import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FhirError, issue } from '../../fhir/outcome.ts'
import type { Store } from '../../store/store.ts'
import type { Tx } from '../../store/tx.ts'
import { outcomeText, type Answer } from '../answer.ts'
import { batch, failure } from '../batch.ts'
import { demandBundle, responseEntry } from '../bundle-entry.ts'
import { bundleText, type EntryText } from '../bundle-text.ts'
import { onRecord, type Context } from '../context.ts'
import { performAlone } from '../perform.ts'
import type { FhirRequest } from '../request.ts'
import { route, type Route } from '../route.ts'
import { prepareTransaction } from '../transaction.ts'
import type { Asked } from './asked.ts'
import type { AsyncJobs } from './async-jobs.ts'
import {
  claimJob,
  deleteJob,
  deleteOverdue,
  finishJob,
  keepLease,
  returnJob,
  type ClaimedJob,
} from './jobs.ts'

export interface AsyncWorkerOptions {
  readonly store: Store
  readonly jobs: AsyncJobs
  /**
   * The context of the caller, as he was when he asked.
   *
   * @returns undefined when he may ask no more: the token was revoked
   * @throws FhirError 403, 404 when his permit has ended
   */
  readonly contextOf: (job: ClaimedJob, asked: Asked) => Promise<Context | undefined>
  /** told of an error that was nobody's request; gets no data of patients */
  readonly report: (error: unknown) => void
  /** after so long without a heartbeat a job is taken from its worker */
  readonly leaseSeconds?: number
}

const defaultLeaseSeconds = 60
/** A job that failed so often will fail again. */
const maxFailures = 5
const resultHours = 24
/** How often results are looked through for those whose time is over. */
const sweepMs = 60_000

/** The lease ran out, or the job was cancelled: what was begun is rolled back. */
class LostJob extends Error {}

/** Works on asynchronous requests, one at a time; any number of workers and processes share the queue. */
export class AsyncWorker {
  private readonly options: AsyncWorkerOptions
  private readonly leaseSeconds: number
  private sweptAt = 0

  constructor(options: AsyncWorkerOptions) {
    this.options = options
    this.leaseSeconds = options.leaseSeconds ?? defaultLeaseSeconds
  }

  /** Does jobs until the signal is given; between them sleeps while there are none. */
  async run(signal: AbortSignal, idleMs = 200): Promise<void> {
    while (!signal.aborted) {
      const worked = await this.step().catch((error: unknown) => {
        if (!signal.aborted) this.options.report(error)
        return false
      })
      if (!worked) await sleep(idleMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Does one job. @returns false when there was none to do */
  async step(): Promise<boolean> {
    const { store } = this.options
    await this.sweep()
    const job = await store.transaction('care', (tx) => claimJob(tx, randomUUID(), this.leaseSeconds))
    if (!job) return false
    const beat = () => store.read('care', (tx) => keepLease(tx, job.lease, this.leaseSeconds))
    // a heartbeat that fails is one that is missed
    const heartbeat = setInterval(() => void beat().catch(() => undefined), (this.leaseSeconds * 1000) / 3)
    try {
      await this.work(job)
    } catch (error) {
      if (!(error instanceof LostJob)) await this.failed(job, error)
    } finally {
      clearInterval(heartbeat)
    }
    return true
  }

  private async sweep(): Promise<void> {
    const now = new Date()
    if (now.getTime() - this.sweptAt < sweepMs) return
    this.sweptAt = now.getTime()
    await this.options.store.transaction('care', (tx) => deleteOverdue(tx, now))
  }

  private async work(job: ClaimedJob): Promise<void> {
    const { store, jobs } = this.options
    const asked = await jobs.askedOf(job)
    const context = await this.options.contextOf(job, asked)
    if (!context) return void (await store.transaction('care', (tx) => deleteJob(tx, job.id)))
    // of a batch that was begun some entries may be done; a job that ends its workers would end the next too
    const isSpent = job.failures >= (job.repeatable ? maxFailures : 1)
    if (isSpent) throw new FhirError(500, [issue('exception', interrupted)])
    const found = route(asked.request)
    try {
      await this.perform(job, context, asked.request, found)
    } catch (error) {
      if (!(error instanceof LostJob)) await context.record([failure(found.interaction, found.type, error)])
      throw error
    }
  }

  private async perform(
    job: ClaimedJob,
    context: Context,
    request: FhirRequest,
    found: Route,
  ): Promise<void> {
    const { store } = this.options
    if (found.interaction !== 'batch') {
      return this.finish(job, context, await performAlone(context, request, found))
    }
    const { bundle, type } = demandBundle(request.body)
    if (type === 'batch') return this.finish(job, context, await batch(context, request, bundle))
    const transaction = await prepareTransaction(context, request, bundle)
    // its result is committed with it, or neither is: a worker that dies leaves nothing half done
    await store.transaction('care', async (tx) => {
      await this.finishIn(tx, job, responseEntry(await onRecord(context, await transaction(tx))))
    })
  }

  private async finish(job: ClaimedJob, context: Context, answer: Answer): Promise<void> {
    await context.record(answer.accesses)
    await this.options.store.transaction('care', (tx) => this.finishIn(tx, job, responseEntry(answer)))
  }

  private async finishIn(tx: Tx, job: ClaimedJob, entry: EntryText): Promise<void> {
    const now = new Date()
    const result = bundleText({ type: 'batch-response', now, entries: [entry] })
    const expiresAt = new Date(now.getTime() + resultHours * 3_600_000)
    const sealed = await this.options.jobs.sealResult(job, result)
    if (!(await finishJob(tx, job.lease, sealed, expiresAt))) throw new LostJob()
  }

  /** What a caller could act on is the result; anything else is tried again, a few times. */
  private async failed(job: ClaimedJob, error: unknown): Promise<void> {
    const { store, report } = this.options
    const isFinal = error instanceof FhirError && error.status !== 503
    if (!isFinal) report(error)
    if (!isFinal && job.repeatable && job.failures + 1 < maxFailures) {
      const again = { failed: true, delaySeconds: 2 ** job.failures }
      return store.transaction('care', (tx) => returnJob(tx, job.lease, again))
    }
    const { status, issues } = isFinal ? error : { status: 500, issues: [issue('exception', interrupted)] }
    const entry = { response: { status: String(status), outcome: outcomeText(issues) } }
    await store.transaction('care', (tx) => this.finishIn(tx, job, entry)).catch(ignoreLost)
  }
}

const interrupted = 'the request could not be done to its end'

/** Nobody waits for it any more. */
function ignoreLost(error: unknown): void {
  if (!(error instanceof LostJob)) throw error
}
