import { Injectable } from '@nestjs/common'
import { InjectDataSource } from '@nestjs/typeorm'
import { randomBytes, randomUUID } from 'node:crypto'
import { DataSource, type EntityManager } from 'typeorm'
import { Settings } from '../config.ts'
import { interval } from '../fhir/search/interval.ts'
import { FhirError } from '../fhir/outcome.ts'
import { Store } from '../store/store.ts'
import { cell, countCohort, freezeCohort } from './cohort.ts'
import { readProposal } from './data-definition.ts'
import { EventEntity, OpinionEntity, PermitEntity, RequestEntity, type Verdict } from './entities.ts'
import { Gate } from './gate.ts'
import { Permits } from './permits.ts'
import { canonicalText, type Proposal } from './proposal.ts'
import * as records from './records.ts'
import type { Person } from './records.ts'
import { Pseudonyms } from './pseudonyms.ts'
import { demandMove, demandSubmittable } from './request-rules.ts'
import { editable, moveRequest, type RequestAction } from './request-state.ts'
import { isReviewing, maySee } from './visibility.ts'

/** Data access requests, from a draft to the director's decision. */
@Injectable()
export class Requests {
  private readonly database: DataSource
  readonly store: Store
  readonly gate: Gate
  private readonly permits: Permits
  private readonly zone: string

  constructor(
    @InjectDataSource() database: DataSource,
    store: Store,
    gate: Gate,
    permits: Permits,
    settings: Settings,
  ) {
    this.database = database
    this.store = store
    this.gate = gate
    this.permits = permits
    this.zone = settings.zone
  }

  /** @returns the id of the new draft. @throws FhirError 403 when this person files no requests */
  async draft(person: Person, proposal: Proposal): Promise<string> {
    if (!person.roles.has('requester')) throw FhirError.forbidden('a request is filed by a requester')
    const id = randomUUID()
    await this.database
      .createQueryBuilder()
      .insert()
      .into(RequestEntity)
      .values({ id, requester: person.userId, proposal: canonicalText(proposal) })
      .updateEntity(false)
      .execute()
    return id
  }

  /** Newest first; those that this person may see. @param page `before`: code of the last one of the page before */
  list(person: Person, page: { limit: number; before?: string | undefined }): Promise<RequestEntity[]> {
    return records.visibleRequests(this.database.manager, person, isReviewing(person), page)
  }

  /** A request with all that was said and done about it, oldest first. @throws FhirError 404 like `one` */
  async file(person: Person, id: string): Promise<RequestFile> {
    const request = await this.one(person, id)
    const { manager } = this.database
    const opinions = await manager.find(OpinionEntity, { where: { request: id }, order: { givenAt: 'ASC' } })
    const events = await manager.find(EventEntity, { where: { request: id }, order: { sequence: 'ASC' } })
    const permit = await manager.findOneBy(PermitEntity, { request: id })
    return { request, opinions, events, permit: permit?.id }
  }

  /** @throws FhirError 404 when it is not there, or not for this person to see */
  async one(person: Person, id: string): Promise<RequestEntity> {
    return visible(person, await this.database.manager.findOneBy(RequestEntity, { id }))
  }

  /** Replaces the proposal of a draft, or of a request that came back with a question. */
  async edit(person: Person, id: string, proposal: Proposal): Promise<void> {
    await records.changing(this.database, async (manager) => {
      const request = visible(person, await records.lockRequest(manager, id))
      if (request.requester !== person.userId) throw FhirError.forbidden('only its requester may change it')
      if (!editable.has(request.status))
        throw FhirError.conflict('a request that was submitted does not change')
      await manager.update(RequestEntity, { id }, { proposal: canonicalText(proposal) })
    })
  }

  /** Hands a request to the committee. @throws FhirError 422 when it could not be granted as it is */
  async submit(person: Person, id: string, now: Date): Promise<void> {
    await this.move(person, id, 'submit', async (manager, request) => {
      const { longestValidityDays } = await records.readPolicy(manager)
      demandSubmittable(records.proposalOf(request), longestValidityDays, this.zone, now)
      return undefined
    })
  }

  async withdraw(person: Person, id: string, reason: string | undefined): Promise<void> {
    await this.move(person, id, 'withdraw', () => Promise.resolve(reason))
  }

  /** One opinion of one member; a question sends the request back to its requester. */
  async opine(person: Person, id: string, verdict: Verdict, text: string): Promise<void> {
    await this.move(person, id, verdict === 'ask' ? 'ask' : 'opine', async (manager, request) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(OpinionEntity)
        .values({ request: id, round: request.round, member: person.userId, verdict, text })
        .updateEntity(false)
        .execute()
      return undefined
    })
  }

  async refuse(person: Person, id: string, reason: string): Promise<void> {
    await this.move(person, id, 'refuse', () => Promise.resolve(reason))
  }

  /**
   * The director's yes: the request becomes a permit, with its own secret, and its cohort is frozen.
   *
   * @returns the permit's id, the segment of its base
   * @throws FhirError 422 when nobody is in the cohort, or it has expired meanwhile
   */
  async grant(person: Person, id: string, reason: string | undefined, now: Date): Promise<string> {
    const permitId = randomBytes(16).toString('hex')
    await records.changing(this.database, async (manager) => {
      const request = await this.moveIn(manager, person, id, 'permit', () => Promise.resolve(reason))
      const proposal = records.proposalOf(request)
      const { longestValidityDays } = await records.readPolicy(manager)
      const { cohort } = demandSubmittable(proposal, longestValidityDays, this.zone, now)
      const secret = randomBytes(32)
      const validUntil = new Date(interval(proposal.expiresOn, this.zone)[1])
      await this.permits.insert(
        manager,
        { id: permitId, request: id, round: request.round, validUntil },
        secret,
      )
      const permit = { id: permitId, cohort, pseudonyms: new Pseudonyms(permitId, secret) }
      const patients = await freezeCohort(manager, this, person, permit)
      if (patients === 0) throw FhirError.rule('nobody is in this cohort', 'cohort')
    })
    return permitId
  }

  /** How many patients a cohort has now, small numbers hidden: `<10`. */
  async feasibility(person: Person, id: string): Promise<{ patients: string }> {
    const { cohort } = readProposal(records.proposalOf(await this.one(person, id)), this.zone)
    const { smallestCell } = await records.readPolicy(this.database.manager)
    return { patients: cell(await countCohort(this, person, cohort), smallestCell) }
  }

  private async move(person: Person, id: string, action: RequestAction, first: First): Promise<void> {
    await records.changing(this.database, (manager) => this.moveIn(manager, person, id, action, first))
  }

  /** Asks the table of transitions, does what comes before the move, puts it on record. */
  private async moveIn(
    manager: EntityManager,
    person: Person,
    id: string,
    action: RequestAction,
    first: First,
  ): Promise<RequestEntity> {
    const request = visible(person, await records.lockRequest(manager, id))
    const standing = await records.standingOf(manager, request, person)
    const opinions = await records.opinionsOn(manager, request)
    const { role } = demandMove(moveRequest(request.status, action, standing, opinions))
    const reason = await first(manager, request)
    await records.addEvent(manager, { request: id, action, actor: person.userId, role, reason })
    return request
  }
}

export interface RequestFile {
  readonly request: RequestEntity
  readonly opinions: readonly OpinionEntity[]
  readonly events: readonly EventEntity[]
  /** id of the permit that came of it */
  readonly permit: string | undefined
}

/** Done before the event is written; gives its reason. */
type First = (manager: EntityManager, request: RequestEntity) => Promise<string | undefined>

function visible(person: Person, request: RequestEntity | null): RequestEntity {
  if (!request || !maySee(person, request)) throw FhirError.notFound('request')
  return request
}
