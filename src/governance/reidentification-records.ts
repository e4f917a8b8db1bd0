import type { EntityManager } from 'typeorm'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import { EventEntity, OpinionEntity, PermitEntity, RequestEntity, SubmissionEntity } from './entities.ts'
import { statusAt } from './permits.ts'
import { proposalOf, type Person } from './records.ts'
import {
  AlertEntity,
  ReidentificationEntity,
  ReidentificationEventEntity,
  type AlertKind,
} from './reidentification-entities.ts'
import type { CaseAction, CaseRole, CaseStanding } from './reidentification-state.ts'

/** The project behind a permit, as far as it decides who may have a part in a case. */
export interface CaseProject {
  readonly permit: PermitEntity
  readonly request: RequestEntity
  /** users of the permit as it was granted */
  readonly users: ReadonlySet<string>
  /** requester and users, of any round */
  readonly insiders: ReadonlySet<string>
  /** gave an opinion, or moved the request or the permit */
  readonly deciders: ReadonlySet<string>
}

/** @returns undefined when there is no such permit */
export async function projectOf(manager: EntityManager, permitId: string): Promise<CaseProject | undefined> {
  const permit = await manager.findOneBy(PermitEntity, { id: permitId })
  if (!permit) return undefined
  const of = { request: permit.request }
  const request = await manager.findOneByOrFail(RequestEntity, { id: permit.request })
  const submissions = await manager.findBy(SubmissionEntity, of)
  const granted = submissions.find(({ round }) => round === permit.round)
  const [opinions, events] = [await manager.findBy(OpinionEntity, of), await manager.findBy(EventEntity, of)]
  return {
    ...{ permit, request },
    users: new Set(granted ? proposalOf(granted).people : []),
    insiders: new Set([request.requester, ...submissions.flatMap((one) => proposalOf(one).people)]),
    deciders: new Set([...opinions.map(({ member }) => member), ...events.map(({ actor }) => actor)]),
  }
}

/** Whether a permit still bears a case: a user's while it is active, the privacy desk's until it is closed. */
export function isPermitLive(permit: PermitEntity, filedAs: 'user' | 'dpo', now: Date): boolean {
  const status = statusAt(permit, now)
  return filedAs === 'user' ? status === 'active' : status !== 'closed'
}

export function caseStanding(
  row: ReidentificationEntity,
  events: readonly ReidentificationEventEntity[],
  project: CaseProject,
  { userId, roles }: Person,
): CaseStanding {
  return {
    roles,
    isRequester: row.requester === userId,
    isOfProject: project.insiders.has(userId),
    hasDecided: project.deciders.has(userId),
    isNamedRecipient: row.recipientPerson === userId,
    hasApproved: events.some(({ action, actor }) => action === 'approve' && actor === userId),
  }
}

/** The case, held until the end of the transaction. */
export function lockCase(manager: EntityManager, id: string): Promise<ReidentificationEntity | null> {
  // the row is the server's to read and not to write: it is locked through what it may update
  return manager.findOne(ReidentificationEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

/** All that happened to a case, oldest first. */
export function eventsOf(manager: EntityManager, id: string): Promise<ReidentificationEventEntity[]> {
  return manager.find(ReidentificationEventEntity, {
    where: { reidentification: id },
    order: { sequence: 'ASC' },
  })
}

/**
 * Newest first.
 *
 * @param seenBy the requester or named recipient of all that is listed; undefined: anyone's
 * @param before id of the last case of the page before
 */
export function listCases(
  manager: EntityManager,
  seenBy: string | undefined,
  page: { readonly limit: number; readonly before?: string | undefined },
): Promise<ReidentificationEntity[]> {
  return manager
    .createQueryBuilder(ReidentificationEntity, 'c')
    .where('(:seenBy::text IS NULL OR c.requester = :seenBy OR c.recipient_person = :seenBy)')
    .andWhere(
      `(:before::uuid IS NULL OR (c.filed_at, c.id) <
          (SELECT b.filed_at, b.id FROM governance.reidentification b WHERE b.id = :before::uuid))`,
    )
    .setParameters({ seenBy: seenBy ?? null, before: page.before ?? null })
    .orderBy('c.filed_at', 'DESC')
    .addOrderBy('c.id', 'DESC')
    .limit(page.limit)
    .getMany()
}

/** How many cases this requester filed in the last day, and how many there are on this permit; the hard limit. */
export async function casesToday(
  manager: EntityManager,
  requester: string,
  permit: string,
): Promise<{ own: number; permits: number; limit: number; mostRecontacted: number }> {
  const [row] = await manager.query<
    { own: number; permits: number; limit: number; mostRecontacted: number }[]
  >(
    `SELECT count(*) FILTER (WHERE c.requester = $1)::int AS own, count(*) FILTER (WHERE c.permit = $2)::int AS permits,
            p.cases_a_day AS "limit", p.most_recontacted AS "mostRecontacted"
     FROM governance.policy p
     LEFT JOIN governance.reidentification c
       ON (c.requester = $1 OR c.permit = $2) AND c.filed_at > now() - interval '1 day'
     GROUP BY p.single`,
    [requester, permit],
  )
  if (!row) throw new TypeError('there is one policy')
  return row
}

export async function insertCase(
  manager: EntityManager,
  row: Omit<ReidentificationEntity, 'status' | 'lapsesAt' | 'filedAt'>,
): Promise<void> {
  await manager
    .createQueryBuilder()
    .insert()
    .into(ReidentificationEntity)
    .values(row)
    .updateEntity(false)
    .execute()
}

/** Puts a move on record, which is what moves the case (see migration 0018). */
export async function addCaseEvent(
  manager: EntityManager,
  event: {
    readonly reidentification: string
    readonly action: Exclude<CaseAction, 'carry-out'>
    readonly actor: string
    readonly role: CaseRole
    readonly words: Buffer | null
  },
): Promise<void> {
  await manager
    .createQueryBuilder()
    .insert()
    .into(ReidentificationEventEntity)
    .values(event)
    .updateEntity(false)
    .execute()
}

/** A pseudonym, and whose it is; null: nobody's in the cohort, or nobody's any more. */
export interface Link {
  readonly pseudonym: string
  readonly patient: string | null
}

/**
 * Carries an approved case out. The database decides who is first, and refuses who may not.
 *
 * @throws a database error of class 23 when it does
 */
export function carryOut(tx: Tx, id: string, actor: string, role: CaseRole): Promise<Link[]> {
  return tx.query<Link>(sql`SELECT pseudonym, patient FROM governance.reidentify(${id}, ${actor}, ${role})`)
}

/** Raises an alert of what only the identity shows. */
export async function raiseAlert(
  tx: Tx,
  kind: AlertKind,
  of: Pick<ReidentificationEntity, 'permit' | 'requester'> & { readonly id: string | null },
): Promise<void> {
  await tx.query(
    sql`INSERT INTO governance.alert (kind, reidentification, permit, requester)
        VALUES (${kind}, ${of.id}, ${of.permit}, ${of.requester})`,
  )
}

/** What a case raised, in order. */
export async function alertsOf(manager: EntityManager, id: string): Promise<AlertKind[]> {
  const rows = await manager.find(AlertEntity, {
    where: { reidentification: id },
    order: { sequence: 'ASC' },
  })
  return rows.map(({ kind }) => kind)
}

/** Newest first. @param before sequence of the last one of the page before */
export function listAlerts(
  manager: EntityManager,
  page: { readonly limit: number; readonly before?: string | undefined },
): Promise<AlertEntity[]> {
  return manager
    .createQueryBuilder(AlertEntity, 'a')
    .where('(:before::bigint IS NULL OR a.sequence < :before::bigint)', { before: page.before ?? null })
    .orderBy('a.sequence', 'DESC')
    .limit(page.limit)
    .getMany()
}
