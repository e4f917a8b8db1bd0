import { Injectable } from '@nestjs/common'
import { InjectDataSource } from '@nestjs/typeorm'
import { DataSource, type EntityManager } from 'typeorm'
import { FhirError } from '../fhir/outcome.ts'
import { cell } from './cohort.ts'
import { PermitEntity, PermitMemberEntity, RequestEntity, SubmissionEntity } from './entities.ts'
import { statusAt } from './permits.ts'
import type { Proposal } from './proposal.ts'
import { addEvent, changing, lockRequest, proposalOf, readPolicy, type Person } from './records.ts'
import { demandMove } from './request-rules.ts'
import { movePermit, type PermitAction, type PermitStatus } from './request-state.ts'
import { maySee } from './visibility.ts'

/** A permit with what people need to know of it; never its secret. */
export interface DescribedPermit {
  readonly row: PermitEntity
  readonly request: RequestEntity
  readonly status: PermitStatus
  readonly proposal: Proposal
  readonly evidence: string
  /** size of the frozen cohort, small numbers hidden */
  readonly patients: string
}

/** Permits after they were granted: who holds which, and how they end. */
@Injectable()
export class PermitLifecycle {
  private readonly database: DataSource

  constructor(@InjectDataSource() database: DataSource) {
    this.database = database
  }

  /** Those that this person may see, newest first. */
  async list(person: Person, now: Date): Promise<DescribedPermit[]> {
    const { manager } = this.database
    const rows = await manager.find(PermitEntity, { order: { validFrom: 'DESC', id: 'ASC' } })
    const described: DescribedPermit[] = []
    for (const row of rows) {
      const request = await manager.findOneByOrFail(RequestEntity, { id: row.request })
      if (maySee(person, request)) described.push(await describe(manager, row, request, now))
    }
    return described
  }

  /** @throws FhirError 404 when it is not there, or not for this person to see */
  async one(person: Person, id: string, now: Date): Promise<DescribedPermit> {
    const { manager } = this.database
    const row = await manager.findOneBy(PermitEntity, { id })
    const request = row && (await manager.findOneBy(RequestEntity, { id: row.request }))
    if (!row || !request || !maySee(person, request)) throw FhirError.notFound('permit')
    return describe(manager, row, request, now)
  }

  /** Ends a permit. It acts at once: what is active is asked of the database at every access. */
  async end(person: Person, id: string, action: PermitAction, reason: string, now: Date): Promise<void> {
    const { row } = await this.one(person, id, now)
    await changing(this.database, async (manager) => {
      await lockRequest(manager, row.request)
      const current = await manager.findOneByOrFail(PermitEntity, { id })
      const { role } = demandMove(movePermit(current.status, action, person.roles))
      await addEvent(manager, {
        request: row.request,
        permit: id,
        action,
        actor: person.userId,
        role,
        reason,
      })
    })
  }
}

async function describe(
  manager: EntityManager,
  row: PermitEntity,
  request: RequestEntity,
  now: Date,
): Promise<DescribedPermit> {
  const submission = { request: row.request, round: row.round }
  const granted = await manager.findOneByOrFail(SubmissionEntity, submission)
  const patients = await manager.countBy(PermitMemberEntity, { permit: row.id })
  const { smallestCell } = await readPolicy(manager)
  return {
    row,
    request,
    status: statusAt(row, now),
    proposal: proposalOf(granted),
    evidence: granted.evidence,
    patients: cell(patients, smallestCell),
  }
}
