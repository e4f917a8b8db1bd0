import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Access } from '../access/access.ts'
import type { AuditedAccess, Trail } from '../audit/trail.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import type { Gate } from '../governance/gate.ts'
import { lockCohorts } from '../store/lock.ts'
import { readerOf } from '../store/reader.ts'
import type { Store } from '../store/store.ts'
import { isUuid } from '../store/uuid.ts'
import { takeBack } from './expiry.ts'
import {
  createJob,
  findFile,
  findJob,
  listFiles,
  progress,
  unfinishedJobs,
  type ExportFile,
  type Job,
} from './jobs.ts'
import type { Kickoff } from './kickoff.ts'
import { readNdjson } from './ndjson-file.ts'
import { patientsOf } from './patients.ts'
import { authorise, demandCover, type ExportRequest } from './request.ts'
import { openRequest, sealRequest, type Safes } from './safes.ts'

/** A caller at one FHIR base. */
export interface At {
  readonly access: Access
  /** `/fhir` or `/research/{permit}/fhir` */
  readonly base: string
}

export type ExportStatus =
  /** parts in all are 0 while the job is planned */
  | { readonly state: 'running'; readonly done: number; readonly total: number; readonly since: Date }
  | {
      readonly state: 'done'
      readonly url: string
      readonly transactionTime: Date
      readonly expiresAt: Date
      readonly files: readonly ExportFile[]
    }

/**
 * Jobs a client may have unfinished at once. Test suites start a hundred a minute and a hospital's
 * pipelines a dozen; a client that polls nothing and starts without end is stopped here.
 */
const mostUnfinished = 500

/** Bulk exports as a client sees them: kick-off, status, files, deletion. Everything goes on record. */
export class Exports {
  private readonly store: Store
  private readonly gate: Gate
  private readonly safes: Safes
  private readonly trail: Pick<Trail, 'record'>
  private readonly zone: string
  private readonly now: () => Date

  constructor(options: {
    readonly store: Store
    readonly gate: Gate
    readonly safes: Safes
    readonly trail: Pick<Trail, 'record'>
    readonly zone: string
    readonly now: () => Date
  }) {
    this.store = options.store
    this.gate = options.gate
    this.safes = options.safes
    this.trail = options.trail
    this.zone = options.zone
    this.now = options.now
  }

  /**
   * Puts a job into the queue; it is durable when this resolves.
   *
   * @param url of the kick-off, for the manifest
   * @returns the job's id
   * @throws FhirError 403 beyond scopes, permit or, on the care base, without the grant `bulk-identified`;
   *   404 for a Group that is not known; 400 for a patient that is not; 429 for too many at once
   */
  async kickoff(at: At, kickoff: Kickoff, url: string): Promise<string> {
    return this.onRecord(at, 'export', { parameters: parameterNames(kickoff) }, async () => {
      demandGrant(at.access)
      const request = authorise(at.access, kickoff, url)
      const [id, made] = [randomUUID(), await this.safes.make()]
      // what a Group or a patient's id is wrong about is said now, not by a job that fails later
      const isListed = kickoff.group !== undefined || kickoff.patients.length > 0
      if (isListed) {
        await this.store.snapshot(readerOf(at.access), (tx) => patientsOf(tx, this.gate, at.access, kickoff))
      }
      await this.store.transaction('care', async (tx) => {
        if (at.access.kind === 'research') await lockCohorts(tx, 'shared')
        if ((await unfinishedJobs(tx, at.access.caller.clientId)) >= mostUnfinished) {
          throw FhirError.later(429, 'too many exports at once', 60)
        }
        await createJob(
          tx,
          { ...this.owner(at), id, safe: made.safe, request: sealRequest(made.key, id, request) },
          made.wrapped,
        )
      })
      return id
    })
  }

  /**
   * @throws FhirError 404 for a job that is not this client's, was deleted or is past its time; 403 when
   *   the token's scopes do not reach the data; 500 when the job failed
   */
  async status(at: At, id: string): Promise<ExportStatus> {
    const { job, request } = await this.find(at, id)
    for (const type of request.types) demandCover(at.access, request, type, this.zone)
    if (job.state === 'accepted' || job.state === 'running') {
      return {
        state: 'running',
        since: job.createdAt,
        ...(await this.store.read('care', (tx) => progress(tx, id))),
      }
    }
    if (!job.transactionTime || !job.expiresAt) throw new TypeError('a job that is done has its times')
    const { transactionTime, expiresAt } = job
    return this.onRecord(at, 'export-status', {}, async () => {
      const files = await this.store.read('care', (tx) => listFiles(tx, id))
      return { state: 'done', url: request.url, transactionTime, expiresAt, files }
    })
  }

  /**
   * Opens a file for reading. What is being read stays readable when the export is deleted meanwhile.
   *
   * @returns NDJSON as a stream, packed when `coding` says so; it fails when the file is not as written
   * @throws FhirError as `status`
   */
  async open(at: At, id: string, file: string, coding: 'identity' | 'gzip'): Promise<Readable> {
    const { job, request } = await this.find(at, id)
    const found = isUuid(file) ? await this.store.read('care', (tx) => findFile(tx, id, file)) : undefined
    if (job.state !== 'done' || !found) throw FhirError.notFound('export file')
    const place = await this.onRecord(
      at,
      'export-file',
      { type: found.type, detail: { file, count: String(found.count) } },
      async () => {
        if (!found.isError) demandCover(at.access, request, found.type, this.zone)
        return this.store.read('care', (tx) => this.safes.place(tx, job.safe))
      },
    )
    const stream = place && (await readNdjson({ ...place, file }, coding))
    if (!stream) throw FhirError.notFound('export file')
    return stream
  }

  /** Cancels a job, or deletes its result. @throws FhirError 404 as `status` */
  async remove(at: At, id: string): Promise<void> {
    const job = await this.findOwn(at, id)
    await this.onRecord(at, 'export-delete', {}, async () => {
      const ended = await takeBack(this.store, this.safes, job.id, { state: 'cancelled', now: this.now() })
      if (!ended) throw FhirError.notFound('export')
    })
  }

  private owner({ access, base }: At): Pick<Job, 'base' | 'permit' | 'clientId' | 'userId' | 'createdAt'> {
    const permit = access.kind === 'research' ? access.permit.id : undefined
    const { clientId, userId } = access.caller
    return { base, permit, clientId, userId, createdAt: this.now() }
  }

  /** A job of this very client (and person) at this base; of others nothing is said, not even that they are. */
  private async findOwn(at: At, id: string): Promise<Job> {
    demandGrant(at.access)
    const job = isUuid(id) ? await this.store.read('care', (tx) => findJob(tx, id)) : undefined
    const owner = this.owner(at)
    const isOwn = job?.base === owner.base && job.clientId === owner.clientId && job.userId === owner.userId
    const isOver = job?.expiresAt !== undefined && job.expiresAt <= this.now()
    if (!job || !isOwn || isOver || job.state === 'cancelled' || job.state === 'expired') {
      throw FhirError.notFound('export')
    }
    return job
  }

  private async find(at: At, id: string): Promise<{ job: Job; request: ExportRequest }> {
    const job = await this.findOwn(at, id)
    if (job.state === 'failed') throw new FhirError(500, JSON.parse(job.failure ?? '[]') as Issue[])
    const place = await this.store.read('care', (tx) => this.safes.place(tx, job.safe))
    if (!place) throw FhirError.notFound('export')
    return { job, request: openRequest(place.safeKey, job.id, job.request) }
  }

  /** Does something and records it before it is answered, whichever way it went. */
  private async onRecord<T>(
    at: At,
    interaction: string,
    more: Pick<AuditedAccess, 'type' | 'parameters' | 'detail'>,
    work: () => Promise<T>,
  ): Promise<T> {
    const permit = at.access.kind === 'research' ? { permit: at.access.permit.id } : {}
    const event = {
      action: interaction === 'export-delete' ? 'D' : 'E',
      interaction,
      ...at,
      ...permit,
      ...more,
    } as const
    const record = (outcome: AuditedAccess['outcome']) =>
      this.trail.record({ ...event, outcome, entities: [], patients: [], at: this.now() })
    const result = await work().catch(async (error: unknown) => {
      await record(error instanceof FhirError && error.status < 500 ? 'refused' : 'failed')
      throw error
    })
    await record('success')
    return result
  }
}

/** Identified data in bulk are for the hospital's own pipelines: nobody has the grant by default. */
function demandGrant(access: Access): void {
  if (access.kind === 'care' && !access.grants.has('bulk-identified')) {
    throw FhirError.forbidden('an identified export needs the grant bulk-identified')
  }
}

function parameterNames({ types, typeFilters, elements, since, patients }: Kickoff): string[] {
  const given = {
    _type: types,
    _typeFilter: typeFilters[0],
    _elements: elements[0],
    _since: since,
    patient: patients[0],
  }
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]))
}
