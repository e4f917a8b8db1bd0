import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CareAccess } from '../access/access.ts'
import { narrow } from '../access/scope.ts'
import type { Trail } from '../audit/trail.ts'
import type { Clients } from '../auth/clients/clients.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import type { Context } from '../interactions/context.ts'
import type { Store } from '../store/store.ts'
import { engineSink } from './engine-sink.ts'
import { fetchNdjson } from './fetch.ts'
import type { Imports } from './imports.ts'
import {
  claimInput,
  completeInput,
  endJob,
  findJob,
  keepLease,
  returnInput,
  type ClaimedInput,
} from './jobs.ts'
import { importStream, type StreamCounts } from './stream.ts'

export interface ImporterOptions {
  readonly store: Store
  /** as whom nobody asks: access and record are set for each job */
  readonly context: Context
  readonly imports: Imports
  readonly clients: Clients
  readonly trail: Pick<Trail, 'record'>
  /** URLs that inputs may begin with */
  readonly sources: readonly string[]
  /** told of an error that was nobody's request; gets no data of patients */
  readonly report: (error: unknown) => void
}

const leaseSeconds = 60
const maxFailures = 5
const parallel = 4
/** The lease ran out, or the job was ended. */
class LostInput extends Error {}

/** Fetches and imports the inputs of jobs, one at a time; any number of processes share the queue. */
export class Importer {
  private readonly options: ImporterOptions

  constructor(options: ImporterOptions) {
    this.options = options
  }

  async run(signal: AbortSignal, idleMs = 500): Promise<void> {
    while (!signal.aborted) {
      const worked = await this.step(signal).catch((error: unknown) => {
        if (!signal.aborted) this.options.report(error)
        return false
      })
      if (!worked) await sleep(idleMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Does one input. @returns false when there was none to do */
  async step(signal: AbortSignal): Promise<boolean> {
    const { store } = this.options
    const claimed = await store.transaction('care', (tx) => claimInput(tx, randomUUID(), leaseSeconds))
    if (!claimed) return false
    const counts: StreamCounts = { accepted: 0, refused: 0 }
    const lost = new AbortController()
    const beat = async () => {
      const ours = await store.transaction('care', (tx) => keepLease(tx, claimed, leaseSeconds, counts))
      if (!ours) lost.abort(new LostInput())
    }
    const heartbeat = setInterval(() => void beat().catch(() => undefined), (leaseSeconds * 1000) / 20)
    try {
      await this.work(claimed, counts, AbortSignal.any([signal, lost.signal]))
    } catch (error) {
      await this.failed(claimed, error, signal.aborted || lost.signal.aborted)
    } finally {
      clearInterval(heartbeat)
    }
    return true
  }

  private async work(claimed: ClaimedInput, counts: StreamCounts, signal: AbortSignal): Promise<void> {
    const { store, context, imports, trail, sources } = this.options
    const job = await store.transaction('care', (tx) => findJob(tx, claimed.job))
    if (!job) throw new LostInput()
    const input = imports.requestOf(job).inputs[claimed.place]
    if (!input) throw new TypeError('an input that was not asked for')
    const access = await this.accessOf(job)
    const record: Context['record'] = async (accesses) => {
      const at = context.now()
      await Promise.all(
        accesses.map(({ type, ...accessed }) =>
          trail.record({
            ...accessed,
            ...(type === undefined ? {} : { type }),
            action: 'E',
            access,
            base: '/fhir',
            at,
          }),
        ),
      )
    }
    const sink = engineSink({ ...context, access, record }, trail)
    const source = `import/${claimed.job}/${claimed.place}`
    const stream = await fetchNdjson(input.url, sources, signal)
    const outcomes = await importStream(stream, sink, source, counts, { parallel, signal })
    const done = await store.transaction('care', (tx) =>
      completeInput(tx, claimed, counts, outcomes, context.now()),
    )
    if (!done) throw new LostInput()
  }

  /** The client as it is now: it may have lost scopes, or the grant, since it asked. @throws FhirError 403 */
  private async accessOf(job: {
    readonly id: string
    readonly clientId: string
    readonly userId: string | undefined
    readonly scopes: string
  }): Promise<CareAccess> {
    const { clients } = this.options
    const client = await clients.find(job.clientId)
    if (!client?.grants.includes('import')) throw FhirError.forbidden('the client may import no longer')
    return {
      kind: 'care',
      caller: { clientId: job.clientId, userId: job.userId, tokenId: `import/${job.id}`, ip: undefined },
      scopes: narrow(clients.readScopes(job.scopes), clients.policy(client)),
      patient: undefined,
      grants: new Set(['import']),
    }
  }

  /** What its client could act on ends the job; anything else is tried again, a few times. */
  private async failed(claimed: ClaimedInput, error: unknown, wasAborted: boolean): Promise<void> {
    const { store, context, report } = this.options
    if (error instanceof LostInput) return
    const isFinal = error instanceof FhirError && error.status < 500
    if (!wasAborted && !isFinal) report(error)
    await store.transaction('care', async (tx) => {
      if (wasAborted || (!isFinal && claimed.failures + 1 < maxFailures)) {
        const delaySeconds = wasAborted ? 0 : 2 ** claimed.failures
        return returnInput(tx, claimed, { failed: !wasAborted, delaySeconds })
      }
      const issues = isFinal
        ? error.issues
        : [issue('exception', `input ${claimed.place + 1}: could not be imported`)]
      await endJob(tx, claimed.job, { state: 'failed', now: context.now(), failure: JSON.stringify(issues) })
    })
  }
}
