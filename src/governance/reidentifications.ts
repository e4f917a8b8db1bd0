import { Injectable } from '@nestjs/common'
import { InjectDataSource } from '@nestjs/typeorm'
import { randomUUID } from 'node:crypto'
import { DataSource, type EntityManager } from 'typeorm'
import { isPseudonym, patientOf } from '../deid/pseudonym.ts'
import { FhirError } from '../fhir/outcome.ts'
import { Keyring } from '../identity/keyring.ts'
import { Store } from '../store/store.ts'
import { Gate } from './gate.ts'
import { changing, orConflict, type Person } from './records.ts'
import {
  ReidentificationEntity,
  type AlertEntity,
  type AlertKind,
  type ReidentificationEventEntity,
} from './reidentification-entities.ts'
import * as records from './reidentification-records.ts'
import { demandCaseMove, demandFiling, type AskedCase } from './reidentification-rules.ts'
import {
  moveCase,
  statusOf,
  type CaseAction,
  type CaseRole,
  type CaseStatus,
} from './reidentification-state.ts'
import {
  caseKeyContext,
  newCaseKey,
  openRefusal,
  openWords,
  sealRefusal,
  sealWords,
  type CaseKey,
  type CaseWords,
} from './reidentification-words.ts'
import { tell, type Told } from './reidentified.ts'

/** A case as it is now. */
export interface DescribedCase {
  readonly row: ReidentificationEntity
  readonly status: CaseStatus | 'lapsed'
}

/** A case with what was said and done about it, as far as one person may know. */
export interface CaseFile extends DescribedCase {
  readonly events: readonly ReidentificationEventEntity[]
  readonly showsActors: boolean
  readonly words: CaseWords | undefined
  readonly refusal: string | undefined
}

/** A case that is done: for its recipient, and for the trail. */
export interface CarriedOut extends Told {
  readonly row: ReidentificationEntity
  /** all that the case raised */
  readonly alerts: readonly AlertKind[]
}

/** The re-identification desk: one asks, two of two roles approve, a fourth is told, once. */
@Injectable()
export class Reidentifications {
  private readonly database: DataSource
  private readonly store: Store
  private readonly gate: Gate
  private readonly keyring: Keyring

  constructor(@InjectDataSource() database: DataSource, store: Store, gate: Gate, keyring: Keyring) {
    this.database = database
    this.store = store
    this.gate = gate
    this.keyring = keyring
  }

  /**
   * Files a case. Whether the pseudonyms are of anyone is not looked at: who asks learns nothing by it.
   *
   * @returns its id
   * @throws FhirError 400 for a mistyped pseudonym, 403, 404, 409, 422 for what no case may be, 429 beyond
   *   the cases of a day
   */
  async file(person: Person, asked: AskedCase, now: Date): Promise<string> {
    const pseudonyms = patientsOf(asked.pseudonyms)
    const { manager } = this.database
    const project = await records.projectOf(manager, asked.permit)
    const today = await records.casesToday(manager, person.userId, asked.permit)
    const filedAs = demandFiling(person, { ...asked, pseudonyms }, project, today.mostRecontacted, now)
    if (Math.max(today.own, today.permits) >= today.limit) {
      const of = { id: null, permit: asked.permit, requester: person.userId }
      await this.store.transaction('care', (tx) => records.raiseAlert(tx, 'over-limit', of))
      throw FhirError.later(429, 'more cases in a day than the policy allows', secondsToRetry)
    }
    const key = await newCaseKey(this.keyring, randomUUID())
    const { reason, evidence, recipient } = asked
    await changing(this.database, (inside) =>
      records.insertCase(inside, {
        ...{ id: key.id, permit: asked.permit, requester: person.userId, filedAs, ground: asked.ground },
        ...{ pseudonyms, recipient: recipient.kind, recipientPerson: recipient.person ?? null },
        ...{ key: key.wrapped, keyVersion: key.keyVersion },
        words: sealWords(key, { reason, evidence, service: recipient.service }),
      }),
    )
    return key.id
  }

  /** Newest first; those that this person may see. @param page `before`: id of the last one of the page before */
  async list(
    person: Person,
    page: { readonly limit: number; readonly before?: string | undefined },
    now: Date,
  ): Promise<DescribedCase[]> {
    const seenBy = isOfDesk(person) || person.roles.has('auditor') ? undefined : person.userId
    const rows = await records.listCases(this.database.manager, seenBy, page)
    return rows.map((row) => ({ row, status: statusOf(row, now) }))
  }

  /** @throws FhirError 404 when it is not there, or not for this person to see */
  async one(person: Person, id: string, now: Date): Promise<CaseFile> {
    const { manager } = this.database
    const row = visible(person, await manager.findOneBy(ReidentificationEntity, { id }))
    const events = await records.eventsOf(manager, id)
    const isRequester = row.requester === person.userId
    const described = { row, events, status: statusOf(row, now), showsActors: !isRequester }
    const reads = isRequester || isOfDesk(person) || row.recipientPerson === person.userId
    if (!reads) return { ...described, words: undefined, refusal: undefined }
    const { key, sealed } = await this.keyOf(manager, id)
    const refused = events.find(({ action }) => action === 'refuse')?.words
    return {
      ...{ ...described, words: openWords(key, sealed) },
      refusal: refused ? openRefusal(key, refused) : undefined,
    }
  }

  /** One of the two approvals. */
  async approve(person: Person, id: string, now: Date): Promise<void> {
    await this.move(person, id, 'approve', undefined, now)
  }

  async refuse(person: Person, id: string, reason: string, now: Date): Promise<void> {
    await this.move(person, id, 'refuse', reason, now)
  }

  async withdraw(person: Person, id: string, now: Date): Promise<void> {
    await this.move(person, id, 'withdraw', undefined, now)
  }

  /**
   * Tells the recipient whose the pseudonyms are. What is read, is read in the transaction that marks the
   * case done: it is done once, and if it cannot be, the case is as it was.
   *
   * @throws FhirError 403 when this person is not the recipient, 409 when it is not approved, or done
   */
  async carryOut(person: Person, id: string, now: Date): Promise<CarriedOut> {
    const { manager } = this.database
    const row = visible(person, await manager.findOneBy(ReidentificationEntity, { id }))
    const role = await this.demand(manager, row, person, 'carry-out', now)
    const told = await orConflict(() =>
      this.store.transaction('care', (tx) => tell(tx, this.gate, row, person.userId, role)),
    )
    return { row, ...told, alerts: await records.alertsOf(manager, id) }
  }

  /** What a case raised. */
  alerts(id: string): Promise<AlertKind[]> {
    return records.alertsOf(this.database.manager, id)
  }

  /** Alerts of all cases, newest first. */
  alertList(page: { readonly limit: number; readonly before?: string | undefined }): Promise<AlertEntity[]> {
    return records.listAlerts(this.database.manager, page)
  }

  private async move(
    person: Person,
    id: string,
    action: Exclude<CaseAction, 'carry-out'>,
    reason: string | undefined,
    now: Date,
  ): Promise<void> {
    await changing(this.database, async (manager) => {
      const row = visible(person, await records.lockCase(manager, id))
      const role = await this.demand(manager, row, person, action, now)
      const words = reason === undefined ? null : sealRefusal((await this.keyOf(manager, id)).key, reason)
      await records.addCaseEvent(manager, { reidentification: id, action, actor: person.userId, role, words })
    })
  }

  /** The role in which this person moves the case. @throws FhirError 403 or 409 when they may not */
  private async demand(
    manager: EntityManager,
    row: ReidentificationEntity,
    person: Person,
    action: CaseAction,
    now: Date,
  ): Promise<CaseRole> {
    const project = await records.projectOf(manager, row.permit)
    if (!project) throw new TypeError('a case has its permit')
    const events = await records.eventsOf(manager, row.id)
    const moved = {
      ...{ status: statusOf(row, now), recipient: row.recipient },
      approvedAs: events.filter((event) => event.action === 'approve').map(({ role }) => role),
      isPermitLive: records.isPermitLive(project.permit, row.filedAs, now),
    }
    return demandCaseMove(moveCase(moved, action, records.caseStanding(row, events, project, person)))
  }

  private async keyOf(manager: EntityManager, id: string): Promise<{ key: CaseKey; sealed: Buffer }> {
    const { key, keyVersion, words } = await manager.findOneOrFail(ReidentificationEntity, {
      where: { id },
      select: { id: true, key: true, keyVersion: true, words: true },
    })
    return { key: { id, key: await this.keyring.unwrap(key, keyVersion, caseKeyContext(id)) }, sealed: words }
  }
}

/** Who waits an hour may find that the day has moved on. */
const secondsToRetry = 3600

/** Whether a person works at the desk: sees every case with its reason. */
function isOfDesk({ roles }: Person): boolean {
  return roles.has('dpo') || roles.has('physician')
}

function visible(person: Person, row: ReidentificationEntity | null): ReidentificationEntity {
  const { userId, roles } = person
  const isTheirs = row?.requester === userId || row?.recipientPerson === userId
  if (!row || !(isTheirs || isOfDesk(person) || roles.has('auditor'))) {
    throw FhirError.notFound('reidentification')
  }
  return row
}

/** @throws FhirError 400 naming the one whose check digits do not hold */
function patientsOf(pseudonyms: readonly string[]): string[] {
  const patients = pseudonyms.map((pseudonym, index) => {
    if (isPseudonym(pseudonym)) return patientOf(pseudonym) ?? pseudonym
    throw FhirError.invalid('not a pseudonym: mistyped', `pseudonyms[${index}]`)
  })
  return [...new Set(patients)]
}
