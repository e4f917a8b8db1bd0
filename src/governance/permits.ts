import { Injectable } from '@nestjs/common'
import { InjectDataSource } from '@nestjs/typeorm'
import { DataSource, type EntityManager } from 'typeorm'
import type { Permit } from '../access/access.ts'
import { Settings } from '../config.ts'
import { Keyring } from '../identity/keyring.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import { readProposal } from './data-definition.ts'
import { PermitEntity, SubmissionEntity } from './entities.ts'
import { permitSecretContext } from './permit-secrets.ts'
import { proposalOf } from './records.ts'
import { Pseudonyms } from './pseudonyms.ts'
import type { PermitStatus } from './request-state.ts'

/** A permit that is active now, read and ready for the gate. */
export interface ActivePermit {
  readonly permit: Permit
  /** OAuth clients that may call its base */
  readonly clientIds: ReadonlySet<string>
  /** people who may open its safe */
  readonly userIds: ReadonlySet<string>
  /** the project secret, unwrapped */
  readonly secret: Buffer
  readonly pseudonyms: Pseudonyms
}

/** Permits as the research side needs them. What is active is asked of the database each time. */
@Injectable()
export class Permits {
  private readonly database: DataSource
  private readonly keyring: Keyring
  private readonly zone: string
  private readonly read = new Map<string, ActivePermit>()

  constructor(@InjectDataSource() database: DataSource, keyring: Keyring, settings: Settings) {
    this.database = database
    this.keyring = keyring
    this.zone = settings.zone
  }

  /** @returns undefined when there is none, or it is suspended, revoked, closed or past its end at `now` */
  async load(permitId: string, now: Date = new Date()): Promise<ActivePermit | undefined> {
    const row = await this.database.manager.findOneBy(PermitEntity, { id: permitId })
    if (!row || statusAt(row, now) !== 'active') return undefined
    // the version grows with every change of the row: what is found under it is what the row says
    const key = `${row.id}/${row.version}`
    let active = this.read.get(key)
    if (!active) {
      active = await this.readPermit(row)
      if (this.read.size >= mostPermitsKept) this.read.clear()
      this.read.set(key, active)
    }
    return active
  }

  /** The key of the patient who has this pseudonym in this permit's cohort. */
  async member(tx: Tx, permitId: string, pseudonym: string): Promise<string | undefined> {
    const [row] = await tx.query<{ patient: string }>(
      sql`SELECT patient FROM governance.permit_member WHERE permit = ${permitId} AND pseudonym = ${pseudonym}`,
    )
    return row?.patient
  }

  /** Stores a permit's secret wrapped for it alone. */
  async insert(
    manager: EntityManager,
    permit: Pick<PermitEntity, 'id' | 'request' | 'round' | 'validUntil'>,
    secret: Buffer,
  ): Promise<void> {
    const { wrapped, keyVersion } = await this.keyring.wrap(secret, permitSecretContext(permit.id))
    await manager
      .createQueryBuilder()
      .insert()
      .into(PermitEntity)
      .values({ ...permit, secret: wrapped, keyVersion })
      .updateEntity(false)
      .execute()
  }

  private async readPermit(row: PermitEntity): Promise<ActivePermit> {
    const { manager } = this.database
    const { secret, keyVersion } = await manager.findOneOrFail(PermitEntity, {
      where: { id: row.id },
      select: { id: true, secret: true, keyVersion: true },
    })
    if (!secret || keyVersion === null) throw new TypeError('an active permit has its secret')
    const submission = { request: row.request, round: row.round }
    const proposal = proposalOf(await manager.findOneByOrFail(SubmissionEntity, submission))
    const { data } = readProposal(proposal, this.zone)
    const unwrapped = await this.keyring.unwrap(secret, keyVersion, permitSecretContext(row.id))
    return {
      permit: {
        ...{ id: row.id, data, freeText: proposal.freeText },
        ...{ grantedAt: row.validFrom, expiresAt: row.validUntil },
      },
      clientIds: new Set(proposal.clientIds),
      userIds: new Set(proposal.people),
      secret: unwrapped,
      pseudonyms: new Pseudonyms(row.id, unwrapped),
    }
  }
}

/** Each holds some kilobytes, and up to 10,000 pseudonyms while it is in use. */
const mostPermitsKept = 100

/** The clock is stronger than the row: a permit past its end is not active, whatever it says. */
export function statusAt(row: Pick<PermitEntity, 'status' | 'validUntil'>, now: Date): PermitStatus {
  const isOver = row.validUntil <= now && (row.status === 'active' || row.status === 'suspended')
  return isOver ? 'expired' : row.status
}
