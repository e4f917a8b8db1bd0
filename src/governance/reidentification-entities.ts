import { Column, Entity, PrimaryColumn } from 'typeorm'
import type { CaseAction, CaseRole, CaseStatus, Ground, Recipient } from './reidentification-state.ts'

/** What the database sets, and the server has no right to write. */
const computed = { insert: false, update: false } as const

/** A re-identification case. Its status moves by events only. */
@Entity({ schema: 'governance', name: 'reidentification' })
export class ReidentificationEntity {
  @PrimaryColumn('uuid')
  id!: string

  @Column({ type: 'text', update: false })
  permit!: string

  @Column({ type: 'text', update: false })
  requester!: string

  /** a user of the permit, or the privacy desk */
  @Column({ type: 'text', name: 'filed_as', update: false })
  filedAs!: 'user' | 'dpo'

  @Column({ type: 'text', update: false })
  ground!: Ground

  /** of patients, in the order asked */
  @Column({ type: 'text', array: true, update: false })
  pseudonyms!: string[]

  @Column({ type: 'text', update: false })
  recipient!: Recipient

  /** user id of the care service's physician who receives */
  @Column({ type: 'text', name: 'recipient_person', nullable: true, update: false })
  recipientPerson!: string | null

  /** as last moved; see `statusOf` */
  @Column({ type: 'text', ...computed })
  status!: CaseStatus

  /** set by the first approval */
  @Column({ type: 'timestamptz', name: 'lapses_at', nullable: true, ...computed })
  lapsesAt!: Date | null

  /** the key of the case, wrapped by the keyring */
  @Column({ type: 'bytea', select: false })
  key!: Buffer

  @Column({ type: 'integer', name: 'key_version', select: false })
  keyVersion!: number

  /** `CaseWords`, sealed under the key of the case */
  @Column({ type: 'bytea', select: false, update: false })
  words!: Buffer

  @Column({ type: 'timestamptz', name: 'filed_at', ...computed })
  filedAt!: Date
}

@Entity({ schema: 'governance', name: 'reidentification_event' })
export class ReidentificationEventEntity {
  @PrimaryColumn({ type: 'bigint', ...computed })
  sequence!: string

  @Column({ type: 'uuid', update: false })
  reidentification!: string

  @Column({ type: 'text', update: false })
  action!: CaseAction

  @Column({ type: 'text', name: 'to_status', ...computed })
  to!: CaseStatus

  @Column({ type: 'text', update: false })
  actor!: string

  @Column({ type: 'text', update: false })
  role!: CaseRole

  /** why it was refused, sealed under the key of the case */
  @Column({ type: 'bytea', nullable: true, update: false })
  words!: Buffer | null

  @Column({ type: 'timestamptz', ...computed })
  at!: Date
}

export const alertKinds = [
  ...(['requester-rate', 'permit-rate', 'over-limit', 'outside-hours'] as const),
  ...(['repeated-patient', 'staff-as-patient', 'restricted-patient'] as const),
] as const
export type AlertKind = (typeof alertKinds)[number]

/** What the privacy desk should look at; it names no patient. */
@Entity({ schema: 'governance', name: 'alert' })
export class AlertEntity {
  @PrimaryColumn({ type: 'bigint', ...computed })
  sequence!: string

  @Column({ type: 'text', update: false })
  kind!: AlertKind

  /** null: the case was refused at filing, there is none */
  @Column({ type: 'uuid', nullable: true, update: false })
  reidentification!: string | null

  @Column({ type: 'text', update: false })
  permit!: string

  @Column({ type: 'text', update: false })
  requester!: string

  @Column({ type: 'timestamptz', ...computed })
  at!: Date
}

/** For TypeORM's `entities`. */
export const reidentificationEntities = [ReidentificationEntity, ReidentificationEventEntity, AlertEntity]
