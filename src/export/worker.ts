import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Access } from '../access/access.ts'
import { parseScopes } from '../access/scope.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import type { Gate } from '../governance/gate.ts'
import type { Permits } from '../governance/permits.ts'
import type { Store } from '../store/store.ts'
import { settle } from '../store/writers.ts'
import {
  addParts,
  claimPart,
  completePart,
  findJob,
  fixTransactionTime,
  keepLease,
  listFiles,
  returnPart,
  type ClaimedPart,
  type ExportFile,
  type Job,
  type PartPlan,
} from './jobs.ts'
import { planParts, writeIgnored } from './plan.ts'
import { producePart, type Production } from './produce.ts'
import type { ExportRequest } from './request.ts'
import { openRequest, type Safes } from './safes.ts'
import { resultExpiry, takeBack } from './expiry.ts'
import { removeNdjson } from './ndjson-file.ts'

export interface WorkerOptions {
  readonly store: Store
  readonly gate: Gate
  readonly permits: Pick<Permits, 'load'>
  readonly safes: Safes
  /** IANA zone in which partial dates are read */
  readonly zone: string
  /** after so long without a heartbeat a part is taken from its worker */
  readonly leaseSeconds?: number
  readonly now: () => Date
  /** told of an error that was nobody's request; gets no data of patients */
  readonly report: (error: unknown) => void
}

/** Long enough for a busy machine to miss two heartbeats, short enough to go on soon after a crash. */
const defaultLeaseSeconds = 60
/** A part that failed so often will fail again. */
const maxFailures = 5
/** The lease ran out, or the job was ended. */
class LostPart extends Error {}

/** Works on the parts of export jobs, one at a time; any number of workers share the queue. */
export class ExportWorker {
  private readonly options: WorkerOptions
  private readonly leaseSeconds: number

  constructor(options: WorkerOptions) {
    this.options = options
    this.leaseSeconds = options.leaseSeconds ?? defaultLeaseSeconds
  }

  /** Does parts until the signal is given; between them sleeps while there are none. */
  async run(signal: AbortSignal, idleMs = 200): Promise<void> {
    while (!signal.aborted) {
      const worked = await this.step(signal).catch((error: unknown) => {
        if (!signal.aborted) this.options.report(error)
        return false
      })
      if (!worked) await sleep(idleMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Does one part. @returns false when there was none to do */
  async step(signal: AbortSignal): Promise<boolean> {
    const { store } = this.options
    const claimed = await store.transaction('care', (tx) => claimPart(tx, randomUUID(), this.leaseSeconds))
    if (!claimed) return false
    const lost = new AbortController()
    const heartbeat = this.keep(claimed, lost)
    try {
      await this.work(claimed, AbortSignal.any([signal, lost.signal]))
    } catch (error) {
      await this.failed(claimed, error, signal.aborted || lost.signal.aborted)
    } finally {
      clearInterval(heartbeat)
    }
    return true
  }

  private keep(claimed: ClaimedPart, lost: AbortController): NodeJS.Timeout {
    const beat = async () => {
      const ours = await this.options.store.read('care', (tx) => keepLease(tx, claimed, this.leaseSeconds))
      if (!ours) lost.abort(new LostPart())
    }
    // a heartbeat that fails is one that is missed
    return setInterval(() => void beat().catch(() => undefined), (this.leaseSeconds * 1000) / 3)
  }

  private async work(claimed: ClaimedPart, signal: AbortSignal): Promise<void> {
    const { store, gate, safes, zone } = this.options
    const { job, place } = await store.transaction('care', async (tx) => {
      const job = await findJob(tx, claimed.job)
      return { job, place: job && (await safes.place(tx, job.safe)) }
    })
    if (!job || !place) throw new FhirError(404, [issue('not-found', 'the export was ended')])
    const request = openRequest(place.safeKey, job.id, job.request)
    const access = await this.accessOf(job, request)
    if (claimed.part === 0) return this.plan(claimed, access, request, place, signal)
    if (!job.transactionTime) throw new TypeError('a job is planned before it is worked on')
    const production: Production = {
      ...{ store, gate, access, request, zone, place, signal, until: job.transactionTime },
    }
    await this.complete(claimed, place, access, await producePart(production, claimed))
  }

  private async plan(
    claimed: ClaimedPart,
    access: Access,
    request: ExportRequest,
    place: Production['place'],
    signal: AbortSignal,
  ): Promise<void> {
    const { store, gate, now } = this.options
    // committed before anything is read, so that a planner that comes after us keeps it
    await store.transaction('care', (tx) => fixTransactionTime(tx, claimed.job, now()))
    await settle(store, signal)
    const parts = await planParts(store, gate, access, request)
    await this.complete(claimed, place, access, await writeIgnored(place, request.ignored), parts)
  }

  private async complete(
    claimed: ClaimedPart,
    place: Production['place'],
    access: Access,
    files: readonly ExportFile[],
    parts: readonly PartPlan[] = [],
  ): Promise<void> {
    const { store, safes, now } = this.options
    const job = await store
      .transaction('care', async (tx) => {
        await addParts(tx, claimed.job, parts)
        const at = now()
        const completed = await completePart(tx, claimed, files, { now: at, expiresAt: expiry(access, at) })
        if (!completed) throw new LostPart()
        return findJob(tx, claimed.job)
      })
      .catch(async (error: unknown) => {
        // only when it is sure that nothing was committed; else the files wait for the job's end
        if (error instanceof LostPart)
          await Promise.all(files.map(({ file }) => removeNdjson({ ...place, file })))
        throw error
      })
    if (job?.state !== 'done') return
    const listed = await store.read('care', (tx) => listFiles(tx, job.id))
    await safes.tidy(job.safe, new Set(listed.map(({ file }) => file)))
  }

  /** The caller as he was at kick-off; a permit as it is now. @throws FhirError 403 when it is not active */
  private async accessOf(job: Job, request: ExportRequest): Promise<Access> {
    const { permits, zone, now } = this.options
    const caller = { clientId: job.clientId, userId: job.userId, tokenId: `export/${job.id}`, ip: undefined }
    const scopes = parseScopes(request.scopes, zone)
    if (job.permit === undefined) {
      return { kind: 'care', caller, scopes, patient: request.patient, grants: new Set(['bulk-identified']) }
    }
    const active = await permits.load(job.permit, now())
    if (!active) throw FhirError.forbidden('the permit is not active')
    return { kind: 'research', caller, scopes, permit: active.permit }
  }

  /** What a caller could act on ends the job; anything else is tried again, a few times. */
  private async failed(claimed: ClaimedPart, error: unknown, wasAborted: boolean): Promise<void> {
    const { store, safes, now, report } = this.options
    const isFinal = error instanceof FhirError && error.status < 500
    if (!wasAborted && !isFinal) report(error)
    if (wasAborted || (!isFinal && claimed.failures + 1 < maxFailures)) {
      const again = { failed: !wasAborted, delaySeconds: wasAborted ? 0 : 2 ** claimed.failures }
      return store.transaction('care', (tx) => returnPart(tx, claimed, again))
    }
    const issues = isFinal ? error.issues : [issue('exception', 'the export could not be made')]
    const at = now()
    const end = {
      state: 'failed' as const,
      now: at,
      expiresAt: resultExpiry(at),
      failure: JSON.stringify(issues),
    }
    await takeBack(store, safes, claimed.job, end)
  }
}

/** A result does not outlive the permit it was made under. */
function expiry(access: Access, now: Date): Date {
  const later = resultExpiry(now)
  if (access.kind === 'care' || later < access.permit.expiresAt) return later
  return access.permit.expiresAt
}
