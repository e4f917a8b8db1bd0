import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { onRecord, touchedPatients, type OnRecord } from './audit.interceptor.ts'
import { alertKinds, type AlertEntity, type AlertKind } from './reidentification-entities.ts'
import { grounds, recipients, type Ground, type Recipient } from './reidentification-state.ts'
import type { CarriedOut, CaseFile, DescribedCase } from './reidentifications.ts'
import type { Identity } from './reidentified.ts'

export class CaseAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty()
  readonly permit: string
  @ApiProperty()
  readonly requester: string
  @ApiProperty({ enum: ['user', 'dpo'], description: 'as a user of the permit, or for the privacy desk' })
  readonly filedAs: string
  @ApiProperty({ enum: grounds })
  readonly ground: Ground
  @ApiProperty({ type: [String] })
  readonly pseudonyms: readonly string[]
  @ApiProperty({ enum: recipients })
  readonly recipient: Recipient
  @ApiPropertyOptional({ description: 'who receives for a care service' })
  readonly recipientPerson: string | undefined
  @ApiProperty({
    enum: ['open', 'approved', 'done', 'refused', 'withdrawn', 'lapsed'],
    description: 'as it is now',
  })
  readonly status: string
  @ApiPropertyOptional({ description: 'when its approvals lapse; from the first one on' })
  readonly lapsesAt: string | undefined
  @ApiProperty()
  readonly filedAt: string

  constructor({ row, status }: DescribedCase) {
    this.id = row.id
    this.permit = row.permit
    this.requester = row.requester
    this.filedAs = row.filedAs
    this.ground = row.ground
    this.pseudonyms = row.pseudonyms
    this.recipient = row.recipient
    this.recipientPerson = row.recipientPerson ?? undefined
    this.status = status
    this.lapsesAt = row.lapsesAt?.toISOString()
    this.filedAt = row.filedAt.toISOString()
  }
}

export class CaseEventAnswer {
  @ApiProperty({ enum: ['approve', 'refuse', 'withdraw', 'carry-out'] })
  readonly action!: string
  @ApiProperty({ enum: ['requester', 'dpo', 'physician'] })
  readonly role!: string
  @ApiPropertyOptional({ description: 'not shown to the requester' })
  readonly actor!: string | undefined
  @ApiProperty()
  readonly at!: string
}

/** One case with what was said and done about it; never whose the pseudonyms are. */
export class CaseFileAnswer extends CaseAnswer implements OnRecord {
  @ApiPropertyOptional()
  readonly reason: string | undefined
  @ApiPropertyOptional()
  readonly evidence: string | undefined
  @ApiPropertyOptional()
  readonly service: string | undefined
  @ApiPropertyOptional({ description: 'why it was refused' })
  readonly refusal: string | undefined
  @ApiProperty({ type: [CaseEventAnswer] })
  readonly events: readonly CaseEventAnswer[]
  readonly [onRecord]: OnRecord[typeof onRecord]

  /** @param raised alerts that this call raised: for the trail, not for the caller */
  constructor(file: CaseFile, raised: readonly AlertKind[] = []) {
    super(file)
    this.reason = file.words?.reason
    this.evidence = file.words?.evidence
    this.service = file.words?.service
    this.refusal = file.refusal
    this.events = file.events.map(({ action, role, actor, at }) => ({
      ...{ action, role, at: at.toISOString() },
      actor: file.showsActors ? actor : undefined,
    }))
    this[onRecord] = { detail: { ground: file.row.ground }, alerts: raised }
  }
}

export class IdentityAnswer {
  @ApiProperty()
  readonly pseudonym!: string
  @ApiProperty({
    enum: ['found', 'withdrawn', 'no-record'],
    description:
      'withdrawn: nobody of the cohort has this pseudonym, or no longer, because of an opposition or an ' +
      'erasure; no-record: there is no current Patient',
  })
  readonly status!: Identity['status']
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'elements of the Patient' })
  readonly patient?: object
}

/** The answer of a case: it is given once and kept nowhere. */
export class CarriedOutAnswer implements OnRecord {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty({ enum: grounds })
  readonly ground: Ground
  @ApiProperty({ type: [IdentityAnswer] })
  readonly identities: readonly IdentityAnswer[]
  readonly [onRecord]: OnRecord[typeof onRecord]
  readonly [touchedPatients]: readonly string[]

  constructor({ row, identities, patients, alerts }: CarriedOut) {
    this.id = row.id
    this.ground = row.ground
    this.identities = identities
    const detail = { ground: row.ground, pseudonyms: String(identities.length) }
    this[onRecord] = { detail, alerts }
    this[touchedPatients] = patients
  }
}

export class AlertAnswer {
  @ApiProperty({ description: 'grows' })
  readonly id: string
  @ApiProperty({ enum: alertKinds })
  readonly kind: AlertKind
  @ApiPropertyOptional({ format: 'uuid', description: 'absent: the case was refused at filing' })
  readonly reidentification: string | undefined
  @ApiProperty()
  readonly permit: string
  @ApiProperty()
  readonly requester: string
  @ApiProperty()
  readonly at: string

  constructor(row: AlertEntity) {
    this.id = row.sequence
    this.kind = row.kind
    this.reidentification = row.reidentification ?? undefined
    this.permit = row.permit
    this.requester = row.requester
    this.at = row.at.toISOString()
  }
}
