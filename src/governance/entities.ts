import { Column, Entity, PrimaryColumn } from 'typeorm'
import { EmergencyEntity } from './emergency-entity.ts'
import { reidentificationEntities } from './reidentification-entities.ts'
import type { PermitStatus, RequestStatus } from './request-state.ts'

/** What the database sets, and the server has no right to write. */
const computed = { insert: false, update: false } as const

/** A data access request. Its status and round move by events only. */
@Entity({ schema: 'governance', name: 'request' })
export class RequestEntity {
  @PrimaryColumn('uuid')
  id!: string

  /** `CHU-2026-0001`, for people */
  @Column({ type: 'text', ...computed })
  code!: string

  @Column({ type: 'text', update: false })
  requester!: string

  @Column({ type: 'text', ...computed })
  status!: RequestStatus

  /** how often it was submitted */
  @Column({ type: 'integer', ...computed })
  round!: number

  /** canonical JSON of a `Proposal` */
  @Column({ type: 'text' })
  proposal!: string

  /** SHA-256 of `proposal`, hexadecimal */
  @Column({ type: 'text', ...computed })
  evidence!: string

  @Column({ type: 'timestamptz', name: 'created_at', ...computed })
  createdAt!: Date

  @Column({ type: 'timestamptz', name: 'changed_at', ...computed })
  changedAt!: Date
}

/** A proposal as a committee saw it. */
@Entity({ schema: 'governance', name: 'submission' })
export class SubmissionEntity {
  @PrimaryColumn('uuid', computed)
  request!: string

  @PrimaryColumn('integer', computed)
  round!: number

  @Column({ type: 'text', ...computed })
  proposal!: string

  @Column({ type: 'text', ...computed })
  evidence!: string

  @Column({ type: 'timestamptz', name: 'submitted_at', ...computed })
  submittedAt!: Date
}

export const verdicts = ['approve', 'approve-with-conditions', 'refuse', 'ask'] as const
export type Verdict = (typeof verdicts)[number]

@Entity({ schema: 'governance', name: 'opinion' })
export class OpinionEntity {
  @PrimaryColumn('uuid')
  request!: string

  @PrimaryColumn('integer')
  round!: number

  @PrimaryColumn('text')
  member!: string

  @Column('text')
  verdict!: Verdict

  /** conditions, reasons or the question */
  @Column('text')
  text!: string

  @Column({ type: 'timestamptz', name: 'given_at', ...computed })
  givenAt!: Date
}

/** One transition: who, when, from where to where, over which evidence. */
@Entity({ schema: 'governance', name: 'event' })
export class EventEntity {
  @PrimaryColumn({ type: 'bigint', ...computed })
  sequence!: string

  @Column({ type: 'uuid', update: false })
  request!: string

  /** set when it is the permit that moved */
  @Column({ type: 'text', nullable: true, update: false })
  permit!: string | null

  @Column({ type: 'text', update: false })
  action!: string

  @Column({ type: 'text', name: 'from_status', ...computed })
  from!: string

  @Column({ type: 'text', name: 'to_status', ...computed })
  to!: string

  @Column({ type: 'text', update: false })
  actor!: string

  @Column({ type: 'text', update: false })
  role!: string

  @Column({ type: 'text', nullable: true, update: false })
  reason!: string | null

  @Column({ type: 'text', ...computed })
  evidence!: string

  @Column({ type: 'timestamptz', ...computed })
  at!: Date
}

@Entity({ schema: 'governance', name: 'permit' })
export class PermitEntity {
  /** the segment in `/research/{permit}/fhir` */
  @PrimaryColumn('text')
  id!: string

  @Column({ type: 'uuid', update: false })
  request!: string

  @Column({ type: 'integer', update: false })
  round!: number

  /** as last moved; past `validUntil` it is not active, whatever stands here */
  @Column({ type: 'text', ...computed })
  status!: PermitStatus

  /** grows with every change of the row */
  @Column({ type: 'integer', ...computed })
  version!: number

  /** the project secret, wrapped by the keyring; null once closed. Read only where it is asked for. */
  @Column({ type: 'bytea', nullable: true, select: false })
  secret!: Buffer | null

  @Column({ type: 'integer', name: 'key_version', nullable: true, select: false })
  keyVersion!: number | null

  @Column({ type: 'timestamptz', name: 'valid_from', ...computed })
  validFrom!: Date

  @Column({ type: 'timestamptz', name: 'valid_until', update: false })
  validUntil!: Date
}

/** One patient of a permit's frozen cohort. */
@Entity({ schema: 'governance', name: 'permit_member' })
export class PermitMemberEntity {
  @PrimaryColumn('text')
  permit!: string

  /** internal key */
  @PrimaryColumn('uuid')
  patient!: string

  @Column('text')
  pseudonym!: string

  @Column({ type: 'integer', name: 'shift_days' })
  shiftDays!: number

  /** the member's secret, wrapped under the permit's; destroyed with the row */
  @Column({ type: 'bytea', select: false })
  secret!: Buffer
}

@Entity({ schema: 'governance', name: 'policy' })
export class PolicyEntity {
  @PrimaryColumn({ type: 'boolean', ...computed })
  single!: true

  /** approving opinions that a permit takes */
  @Column({ type: 'integer', ...computed })
  quorum!: number

  @Column({ type: 'integer', name: 'longest_validity_days', ...computed })
  longestValidityDays!: number

  /** counts of patients below this are not shown */
  @Column({ type: 'integer', name: 'smallest_cell', ...computed })
  smallestCell!: number
}

/** For TypeORM's `entities`. */
export const governanceEntities = [
  RequestEntity,
  SubmissionEntity,
  OpinionEntity,
  EventEntity,
  PermitEntity,
  PermitMemberEntity,
  PolicyEntity,
  ...reidentificationEntities,
  EmergencyEntity,
]
