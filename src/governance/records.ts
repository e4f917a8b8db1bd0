import { QueryFailedError, type DataSource, type EntityManager } from 'typeorm'
import { FhirError } from '../fhir/outcome.ts'
import { EventEntity, OpinionEntity, PolicyEntity, RequestEntity } from './entities.ts'
import type { Proposal } from './proposal.ts'
import type { NewMember } from './pseudonyms.ts'
import type { ActingRole, Opinions, PermitAction, RequestAction, Standing } from './request-state.ts'

/** Someone who is signed in. */
export interface Person {
  readonly userId: string
  readonly roles: ReadonlySet<string>
}

/** What was proposed, as kept; its shape was checked on the way in. */
export function proposalOf(row: { readonly proposal: string }): Proposal {
  return JSON.parse(row.proposal) as Proposal
}

/**
 * Runs `work` in one transaction, all or nothing.
 *
 * @throws FhirError 409 when the database refuses a change: someone else was faster
 */
export async function changing<T>(
  database: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return orConflict(() => database.transaction(work))
}

/** @throws FhirError 409 when the database refuses what `work` writes */
export async function orConflict<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const refused: unknown = error instanceof QueryFailedError ? error.driverError : error
    if (isRefusal(refused)) throw FhirError.conflict('another change stands in the way')
    throw error
  }
}

/** Class 23 of PostgreSQL's error codes: a constraint, or a trigger that stands for one. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('23')
}

/** The request, held until the end of the transaction. */
export function lockRequest(manager: EntityManager, id: string): Promise<RequestEntity | null> {
  return manager.findOne(RequestEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

/**
 * The requests that a person may see, newest first: their own, those submitted when they review, and
 * those submitted that name them.
 *
 * @param before code of the last request of the page before
 */
export function visibleRequests(
  manager: EntityManager,
  person: Person,
  isReviewing: boolean,
  page: { readonly limit: number; readonly before?: string | undefined },
): Promise<RequestEntity[]> {
  const { userId } = person
  return manager
    .createQueryBuilder(RequestEntity, 'r')
    .where(
      `(r.requester = :userId OR r.round > 0 AND (:isReviewing OR r.proposal::jsonb -> 'people' ? :userId))`,
    )
    .andWhere(
      `(:before::text IS NULL OR (r.created_at, r.id) <
                (SELECT b.created_at, b.id FROM governance.request b WHERE b.code = :before))`,
    )
    .setParameters({ userId, isReviewing, before: page.before ?? null })
    .orderBy('r.created_at', 'DESC')
    .addOrderBy('r.id', 'DESC')
    .limit(page.limit)
    .getMany()
}

export async function readPolicy(manager: EntityManager): Promise<PolicyEntity> {
  return manager.findOneByOrFail(PolicyEntity, { single: true })
}

/** How a person stands to a request. */
export async function standingOf(
  manager: EntityManager,
  request: RequestEntity,
  person: Person,
): Promise<Standing> {
  const own = await manager.findBy(OpinionEntity, { request: request.id, member: person.userId })
  return {
    roles: person.roles,
    isRequester: request.requester === person.userId,
    isNamed: proposalOf(request).people.includes(person.userId),
    hasOpined: own.length > 0,
    hasOpinedNow: own.some((opinion) => opinion.round === request.round),
  }
}

/** What the committee has said in the round in review. */
export async function opinionsOn(manager: EntityManager, request: RequestEntity): Promise<Opinions> {
  const given = await manager.findBy(OpinionEntity, { request: request.id, round: request.round })
  const { quorum } = await readPolicy(manager)
  return {
    approving: given.filter(({ verdict }) => verdict.startsWith('approve')).length,
    refusing: given.filter(({ verdict }) => verdict === 'refuse').length,
    quorum,
  }
}

/** Puts a transition on record, which is what moves the status (see migration 0005). */
export async function addEvent(
  manager: EntityManager,
  event: {
    readonly request: string
    readonly permit?: string
    readonly action: RequestAction | PermitAction
    readonly actor: string
    readonly role: ActingRole
    readonly reason?: string | undefined
  },
): Promise<void> {
  await manager
    .createQueryBuilder()
    .insert()
    .into(EventEntity)
    .values({ permit: null, ...event, reason: event.reason ?? null })
    .updateEntity(false)
    .execute()
}

/** Adds patients to the cohort of a permit, in the transaction that grants it. */
export async function addMembers(
  manager: EntityManager,
  permit: string,
  members: readonly NewMember[],
): Promise<void> {
  await manager.query(
    `INSERT INTO governance.permit_member (permit, patient, pseudonym, shift_days, secret)
     SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::integer[], $5::bytea[])`,
    [
      permit,
      members.map(({ patient }) => patient),
      members.map(({ pseudonym }) => pseudonym),
      members.map(({ shiftDays }) => shiftDays),
      members.map(({ secret }) => secret),
    ],
  )
}
