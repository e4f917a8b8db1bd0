import { randomUUID } from 'node:crypto'
import type { CareAccess } from '../access/access.ts'
import { printScopes } from '../access/scope.ts'
import type { Trail } from '../audit/trail.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import { open, seal, type Keyring } from '../identity/keyring.ts'
import type { Context } from '../interactions/context.ts'
import type { Store } from '../store/store.ts'
import { isUuid } from '../store/uuid.ts'
import { engineSink } from './engine-sink.ts'
import type { ImportRequest } from './import-request.ts'
import {
  createJob,
  endJob,
  findJob,
  inputsOf,
  refusalsOf,
  unfinished,
  type ImportInput,
  type ImportJob,
} from './jobs.ts'
import { importStream } from './stream.ts'

/** Imports of one client that may be under way at once. */
const mostUnfinished = 20
const parallel = 4

export type ImportStatus =
  | { readonly state: 'running'; readonly inputs: readonly ImportInput[]; readonly since: Date }
  | {
      readonly state: 'done'
      readonly job: ImportJob
      readonly request: ImportRequest
      readonly inputs: readonly ImportInput[]
    }

/** Imports as a client sees them. It needs the grant `import` beside its scopes. Everything goes on record. */
export class Imports {
  private readonly store: Store
  private readonly keyring: Keyring
  private readonly trail: Pick<Trail, 'record'>

  constructor(store: Store, keyring: Keyring, trail: Pick<Trail, 'record'>) {
    this.store = store
    this.keyring = keyring
    this.trail = trail
  }

  /**
   * Imports what a client sends, while it sends it.
   *
   * @param context of the caller; its access is what the import may write
   * @returns counts, and an OperationOutcome for each refusal
   * @throws FhirError 403 without the grant
   */
  async upload(context: Context, access: CareAccess, stream: AsyncIterable<Buffer>, signal: AbortSignal) {
    demandGrant(access)
    const counts = { accepted: 0, refused: 0 }
    const sink = engineSink({ ...context, access }, this.trail)
    const outcomes = await importStream(stream, sink, `upload/${randomUUID()}`, counts, { parallel, signal })
    await this.record(access, context.now(), { ...counts })
    return { ...counts, outcomes }
  }

  /** Takes an import into the queue. @returns the job's id; @throws FhirError 403, 429 */
  async kickoff(access: CareAccess, request: ImportRequest, now: Date): Promise<string> {
    demandGrant(access)
    const id = randomUUID()
    const { clientId, userId } = access.caller
    await this.store.transaction('care', async (tx) => {
      if ((await unfinished(tx, clientId)) >= mostUnfinished) {
        throw FhirError.later(429, 'too many imports of this client are under way', 60)
      }
      const sealed = seal(this.requestKey(), JSON.stringify(request), `import-request/${id}`)
      const scopes = printScopes(access.scopes)
      const job = { id, clientId, userId, scopes, request: sealed, createdAt: now }
      await createJob(tx, job, request.inputs.length)
    })
    await this.record(access, now, { job: id, files: request.inputs.length })
    return id
  }

  /** @throws FhirError 404 for whoever did not start it; what a failed one failed by */
  async status(access: CareAccess, id: string): Promise<ImportStatus> {
    return this.store.transaction('care', async (tx) => {
      const job = await this.own(access, id, (uuid) => findJob(tx, uuid))
      if (job.state === 'cancelled') throw FhirError.notFound('import')
      if (job.state === 'failed') throw new FhirError(500, JSON.parse(job.failure ?? '[]') as Issue[])
      const inputs = await inputsOf(tx, job.id)
      if (job.state === 'running') return { state: 'running', inputs, since: job.createdAt }
      return { state: 'done', job, request: this.requestOf(job), inputs }
    })
  }

  /** What was refused of one input: OperationOutcomes. @throws FhirError 404 */
  async refusals(access: CareAccess, id: string, place: number): Promise<string[]> {
    return this.store.transaction('care', async (tx) => {
      const job = await this.own(access, id, (uuid) => findJob(tx, uuid))
      return refusalsOf(tx, job.id, place)
    })
  }

  /** Stops an import; what it has imported stays. @throws FhirError 404 */
  async cancel(access: CareAccess, id: string, now: Date): Promise<void> {
    await this.store.transaction('care', async (tx) => {
      const job = await this.own(access, id, (uuid) => findJob(tx, uuid))
      if (!(await endJob(tx, job.id, { state: 'cancelled', now }))) throw FhirError.notFound('import')
    })
    await this.record(access, now, { job: id, cancelled: 1 })
  }

  requestOf(job: Pick<ImportJob, 'id' | 'request'>): ImportRequest {
    return JSON.parse(
      open(this.requestKey(), job.request, `import-request/${job.id}`).toString(),
    ) as ImportRequest
  }

  private async own(
    { caller }: CareAccess,
    id: string,
    find: (id: string) => Promise<ImportJob | undefined>,
  ): Promise<ImportJob> {
    const job = isUuid(id) ? await find(id) : undefined
    if (job?.clientId !== caller.clientId || job.userId !== caller.userId) throw FhirError.notFound('import')
    return job
  }

  private requestKey(): Buffer {
    return this.keyring.derive('import-request')
  }

  private record(access: CareAccess, at: Date, detail: Record<string, string | number>): Promise<void> {
    return this.trail.record({
      ...{ action: 'E', interaction: 'import', outcome: 'success', access, base: '/fhir' },
      ...{ entities: [], patients: [], at },
      detail: Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, String(value)])),
    })
  }
}

function demandGrant(access: CareAccess): void {
  if (!access.grants.has('import')) throw FhirError.forbidden('$import: needs the grant import')
}
