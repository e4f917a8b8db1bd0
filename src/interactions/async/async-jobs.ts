import { randomBytes, randomUUID } from 'node:crypto'
import type { Access } from '../../access/access.ts'
import { FhirError } from '../../fhir/outcome.ts'
import type { KeptOfPatients } from '../../governance/kept-of-patients.ts'
import type { KeptRelease } from '../../governance/withdrawals.ts'
import { open, seal, type Keyring } from '../../identity/keyring.ts'
import { lockCohorts } from '../../store/lock.ts'
import type { Store } from '../../store/store.ts'
import { isUuid } from '../../store/uuid.ts'
import { demandBundle } from '../bundle-entry.ts'
import { affectsState } from '../operations/index.ts'
import type { FhirRequest } from '../request.ts'
import type { InteractionCode, Route } from '../route.ts'
import { askedBy, demandCover, parseAsked, printAsked, type Asked } from './asked.ts'
import { jobKeyContext } from './job-keys.ts'
import {
  createJob,
  deleteJob,
  deleteJobsAt,
  deleteResults,
  findJob,
  unfinishedBefore,
  unfinishedJobs,
  type Job,
} from './jobs.ts'

/** Who asks, at which base: `/fhir` or `/research/{permit}/fhir`. */
export interface At {
  readonly access: Access
  readonly base: string
}

export type JobStatus =
  | { readonly state: 'waiting' | 'running'; readonly since: Date }
  | { readonly state: 'done'; readonly expiresAt: Date; /** a Bundle as JSON text */ readonly result: string }

/** More at once is a client that does not wait for its answers. */
const maxUnfinished = 100

/**
 * Whether a request is answered later when it asks for that: what reads much, and Bundles. Others are
 * quick, and answered at once whatever `Prefer` says.
 *
 * @throws FhirError 404 for an operation that there is not
 */
export function isAsync({ prefer }: FhirRequest, found: Route): boolean {
  if (!prefer.async) return false
  return found.interaction === 'operation' ? !affectsState(found) : deferrable.has(found.interaction)
}

const deferrable: ReadonlySet<InteractionCode> = new Set([
  ...(['search-type', 'search-system', 'batch'] as const),
  ...(['history-instance', 'history-type', 'history-system'] as const),
])

/**
 * Requests that are answered later, as their clients see them: kick-off, status, result, cancellation.
 *
 * @see FHIR R4 § Asynchronous Request Patterns; R5 § Asynchronous Interaction Request Pattern, for the result
 */
export class AsyncJobs {
  private readonly store: Store
  private readonly keyring: Keyring
  private readonly zone: string

  constructor(store: Store, keyring: Keyring, zone: string) {
    this.store = store
    this.keyring = keyring
    this.zone = zone
  }

  /**
   * Takes a request into the queue.
   *
   * @param tokenExpiresAt until when a token that is gone was revoked; undefined: not known
   * @returns the job's id
   * @throws FhirError 400 for a body that is no batch or transaction, 429 when the client has too many
   */
  async accept(
    { access, base }: At,
    request: FhirRequest,
    found: Route,
    tokenExpiresAt?: Date,
  ): Promise<string> {
    const isBatch = found.interaction === 'batch' && demandBundle(request.body).type === 'batch'
    const { clientId, userId } = access.caller
    const [id, key] = [randomUUID(), randomBytes(32)]
    const content = seal(key, printAsked(askedBy(access, request, tokenExpiresAt)), contextOf(id, 'request'))
    const wrapped = await this.keyring.wrap(key, jobKeyContext(id))
    await this.store.transaction('care', async (tx) => {
      if (access.kind === 'research') await lockCohorts(tx, 'shared')
      if ((await unfinishedJobs(tx, clientId)) >= maxUnfinished) {
        throw FhirError.later(429, 'too many asynchronous requests that are not done', 60)
      }
      await createJob(tx, {
        ...{ id, base, clientId, userId, request: content, createdAt: new Date() },
        ...wrapped,
        // each entry of a batch stands alone: what was done of it would be done twice
        repeatable: !isBatch,
      })
    })
    return id
  }

  /** @throws FhirError 404 when it is unknown, somebody else's or over; 403 when the token is narrower */
  async status(at: At, id: string): Promise<JobStatus> {
    const job = await this.find(at, id)
    if (job.state !== 'done' || !job.result || !job.expiresAt) {
      return { state: job.state === 'waiting' ? 'waiting' : 'running', since: job.createdAt }
    }
    const result = open(await this.keyOf(job), job.result, contextOf(id, 'result')).toString('utf8')
    return { state: 'done', expiresAt: job.expiresAt, result }
  }

  /** Cancels a job, or deletes its result. @throws FhirError as `status` */
  async remove(at: At, id: string): Promise<void> {
    const job = await this.find(at, id)
    if (!(await this.store.transaction('care', (tx) => deleteJob(tx, job.id)))) throw unknownJob()
  }

  /** Answers as what is kept of a cohort: when a patient leaves it they are forgotten, to be asked for again. */
  readonly kept: KeptRelease & KeptOfPatients = {
    async withdraw(tx, permits) {
      const counts = new Map<string, number>()
      for (const permit of permits) counts.set(permit, await deleteJobsAt(tx, `/research/${permit}/fhir`))
      return counts
    },
    // sealed as they are, nobody can tell whom they hold: what waits to be fetched is asked for again
    erase: deleteResults,
    pending: unfinishedBefore,
  }

  /** What was asked of a job. */
  async askedOf(job: Job): Promise<Asked> {
    return parseAsked(open(await this.keyOf(job), job.request, contextOf(job.id, 'request')).toString('utf8'))
  }

  /** An answer, sealed for its job. */
  async sealResult(job: Job, result: string): Promise<Buffer> {
    return seal(await this.keyOf(job), result, contextOf(job.id, 'result'))
  }

  private async find({ access, base }: At, id: string): Promise<Job> {
    const job = isUuid(id) ? await this.store.read('care', (tx) => findJob(tx, id)) : undefined
    const { clientId, userId } = access.caller
    const isOwn = job?.base === base && job.clientId === clientId && job.userId === userId
    const isOver = job?.expiresAt !== undefined && job.expiresAt <= new Date()
    if (!job || !isOwn || isOver) throw unknownJob()
    demandCover(access, await this.askedOf(job), this.zone)
    return job
  }

  private keyOf({ id, wrapped, keyVersion }: Job): Promise<Buffer> {
    return this.keyring.unwrap(wrapped, keyVersion, jobKeyContext(id))
  }
}

function contextOf(job: string, part: 'request' | 'result'): string {
  return `async-${part}/${job}`
}

function unknownJob(): FhirError {
  return FhirError.notFound('asynchronous request')
}
