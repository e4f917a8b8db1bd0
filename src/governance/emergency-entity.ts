import { Column, Entity, PrimaryColumn } from 'typeorm'

/** That somebody broke the glass. What happened does not change; the review is added once. */
@Entity({ schema: 'governance', name: 'emergency' })
export class EmergencyEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: string

  @Column({ type: 'text', update: false })
  username!: string

  @Column({ type: 'text', name: 'client_id', update: false })
  clientId!: string

  /** key of the patient in context */
  @Column({ type: 'uuid', nullable: true, update: false })
  patient!: string | null

  /** sealed: see `sealedPlace.emergencyReason` */
  @Column({ type: 'bytea', update: false })
  reason!: Buffer

  @Column({ type: 'timestamptz', insert: false, update: false })
  at!: Date

  @Column({ type: 'text', name: 'reviewed_by', nullable: true, insert: false })
  reviewedBy!: string | null

  @Column({ type: 'timestamptz', name: 'reviewed_at', nullable: true, insert: false })
  reviewedAt!: Date | null

  @Column({ type: 'boolean', nullable: true, insert: false })
  justified!: boolean | null
}
