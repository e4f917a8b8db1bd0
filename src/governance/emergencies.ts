import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { randomUUID } from 'node:crypto'
import { IsNull, LessThan, Repository, type FindOptionsWhere } from 'typeorm'
import { Trail } from '../audit/trail.ts'
import { AuthSeal, sealedPlace } from '../auth/auth-seal.ts'
import type { BrokenGlass } from '../auth/oauth/authorizations.ts'
import type { CurrentPerson } from '../auth/people/sessions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import { EmergencyEntity } from './emergency-entity.ts'

/** An emergency as the privacy officer reads it. */
export interface Emergency {
  readonly row: EmergencyEntity
  readonly reason: string
}

/** Of whom there is nothing left: that the glass was broken stays on record, on whom and why does not. */
export async function forgetEmergencies(tx: Tx, patient: string): Promise<void> {
  await tx.query(sql`UPDATE governance.emergency SET patient = NULL, reason = '' WHERE patient = ${patient}`)
}

/** What is kept of each broken glass, and what the privacy officer finds of it. */
@Injectable()
export class Emergencies {
  private readonly table: Repository<EmergencyEntity>
  private readonly seal: AuthSeal
  private readonly trail: Trail

  constructor(
    @InjectRepository(EmergencyEntity) table: Repository<EmergencyEntity>,
    seal: AuthSeal,
    trail: Trail,
  ) {
    this.table = table
    this.seal = seal
    this.trail = trail
  }

  /**
   * Tells the privacy desk, before anything is opened: an alert on the trail, and a case to review. The
   * reason is for the case alone: it may name a patient.
   */
  async tell({ clientId, username, patient, reason }: BrokenGlass): Promise<void> {
    const id = randomUUID()
    const sealed = this.seal.seal(reason, sealedPlace.emergencyReason(id))
    await this.table.insert({ id, username, clientId, patient: patient ?? null, reason: sealed })
    await this.trail.record({
      ...{ action: 'E', interaction: 'alert-break-glass', outcome: 'success', base: '/auth' },
      access: { caller: { clientId, userId: username, tokenId: '', ip: undefined, purpose: 'BTG' } },
      ...{ entities: [], patients: patient === undefined ? [] : [patient], at: new Date() },
    })
  }

  /** Newest first. @param page `before`: ISO time of the last one of the page before */
  async list(page: {
    readonly limit: number
    readonly before?: string | undefined
    readonly open?: boolean | undefined
  }): Promise<Emergency[]> {
    const where: FindOptionsWhere<EmergencyEntity> = {
      ...(page.before === undefined ? {} : { at: LessThan(new Date(page.before)) }),
      ...(page.open ? { reviewedAt: IsNull() } : {}),
    }
    const rows = await this.table.find({ where, order: { at: 'DESC', id: 'ASC' }, take: page.limit })
    return rows.map((row) => this.read(row))
  }

  /**
   * Puts down, once, whether it was justified.
   *
   * @throws FhirError 404; 409 when it was reviewed before; 403 when it was their own
   */
  async review(person: CurrentPerson, id: string, justified: boolean, now: Date): Promise<Emergency> {
    const row = await this.table.findOneBy({ id })
    if (!row) throw FhirError.notFound('emergency')
    if (row.username === person.userId) throw FhirError.forbidden('who broke the glass does not review it')
    const review = { reviewedBy: person.userId, reviewedAt: now, justified }
    const done = await this.table.update({ id, reviewedAt: IsNull() }, review)
    if (done.affected !== 1) throw FhirError.conflict('it was reviewed before')
    return this.read({ ...row, ...review })
  }

  private read(row: EmergencyEntity): Emergency {
    const isForgotten = row.reason.length === 0
    const place = sealedPlace.emergencyReason(row.id)
    return { row, reason: isForgotten ? '' : String(this.seal.open(row.reason, place)) }
  }
}
