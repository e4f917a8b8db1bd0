import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import {
  verdicts,
  type EventEntity,
  type OpinionEntity,
  type RequestEntity,
  type Verdict,
} from './entities.ts'
import type { DescribedPermit } from './permit-lifecycle.ts'
import { proposalOf } from './records.ts'
import { ProposalDto } from './request.dto.ts'

export class RequestAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty({ example: 'CHU-2026-0001' })
  readonly code: string
  @ApiProperty()
  readonly requester: string
  @ApiProperty({ enum: ['draft', 'in-review', 'returned', 'permitted', 'refused', 'withdrawn'] })
  readonly status: string
  @ApiProperty({ description: 'how often it was submitted' })
  readonly round: number
  @ApiProperty({ type: ProposalDto })
  readonly proposal: object
  @ApiProperty({ description: 'SHA-256 of the canonical proposal' })
  readonly evidence: string
  @ApiProperty()
  readonly createdAt: string
  @ApiProperty()
  readonly changedAt: string

  constructor(row: RequestEntity) {
    this.id = row.id
    this.code = row.code
    this.requester = row.requester
    this.status = row.status
    this.round = row.round
    this.proposal = proposalOf(row)
    this.evidence = row.evidence
    this.createdAt = row.createdAt.toISOString()
    this.changedAt = row.changedAt.toISOString()
  }
}

export class OpinionAnswer {
  @ApiProperty()
  readonly round: number
  @ApiProperty()
  readonly member: string
  @ApiProperty({ enum: verdicts })
  readonly verdict: Verdict
  @ApiProperty()
  readonly text: string
  @ApiProperty()
  readonly givenAt: string

  constructor(row: OpinionEntity) {
    this.round = row.round
    this.member = row.member
    this.verdict = row.verdict
    this.text = row.text
    this.givenAt = row.givenAt.toISOString()
  }
}

export class EventAnswer {
  @ApiProperty()
  readonly action: string
  @ApiPropertyOptional({ description: 'set when it is the permit that moved' })
  readonly permit: string | undefined
  @ApiProperty()
  readonly from: string
  @ApiProperty()
  readonly to: string
  @ApiProperty()
  readonly actor: string
  @ApiProperty()
  readonly role: string
  @ApiPropertyOptional()
  readonly reason: string | undefined
  @ApiProperty()
  readonly evidence: string
  @ApiProperty()
  readonly at: string

  constructor(row: EventEntity) {
    this.action = row.action
    this.permit = row.permit ?? undefined
    this.from = row.from
    this.to = row.to
    this.actor = row.actor
    this.role = row.role
    this.reason = row.reason ?? undefined
    this.evidence = row.evidence
    this.at = row.at.toISOString()
  }
}

/** One request with all that was said and done about it. */
export class RequestFileAnswer extends RequestAnswer {
  @ApiProperty({ type: [OpinionAnswer] })
  readonly opinions: readonly OpinionAnswer[]
  @ApiProperty({ type: [EventAnswer] })
  readonly events: readonly EventAnswer[]
  @ApiPropertyOptional({ description: 'id of the permit that came of it' })
  readonly permit: string | undefined

  constructor(
    row: RequestEntity,
    opinions: readonly OpinionEntity[],
    events: readonly EventEntity[],
    permit: string | undefined,
  ) {
    super(row)
    this.opinions = opinions.map((opinion) => new OpinionAnswer(opinion))
    this.events = events.map((event) => new EventAnswer(event))
    this.permit = permit
  }
}

export class PermitAnswer {
  @ApiProperty()
  readonly id: string
  @ApiProperty({ example: 'CHU-2026-0001' })
  readonly code: string
  @ApiProperty({ format: 'uuid' })
  readonly request: string
  @ApiProperty({ enum: ['active', 'suspended', 'expired', 'revoked', 'closed'], description: 'as it is now' })
  readonly status: string
  @ApiProperty({ description: 'path of its FHIR base' })
  readonly base: string
  @ApiProperty()
  readonly validFrom: string
  @ApiProperty()
  readonly validUntil: string
  @ApiProperty({ example: '<10', description: 'size of the cohort, small numbers hidden' })
  readonly patients: string
  @ApiProperty({ type: ProposalDto, description: 'as it was approved' })
  readonly proposal: object
  @ApiProperty({ description: 'SHA-256 of the canonical proposal' })
  readonly evidence: string

  constructor({ row, request, status, proposal, evidence, patients }: DescribedPermit) {
    this.id = row.id
    this.code = request.code
    this.request = request.id
    this.status = status
    this.base = `/research/${row.id}/fhir`
    this.validFrom = row.validFrom.toISOString()
    this.validUntil = row.validUntil.toISOString()
    this.patients = patients
    this.proposal = proposal
    this.evidence = evidence
  }
}

export class FeasibilityAnswer {
  @ApiProperty({ example: '<10' })
  readonly patients!: string
}

/** How this API says no: FHIR's OperationOutcome, `expression` naming the property. */
export class OperationOutcomeAnswer {
  @ApiProperty({ enum: ['OperationOutcome'] })
  readonly resourceType!: string
  @ApiProperty({
    type: 'array',
    items: {
      type: 'object',
      properties: {
        severity: { type: 'string' },
        code: { type: 'string' },
        diagnostics: { type: 'string' },
        expression: { type: 'array', items: { type: 'string' } },
      },
    },
  })
  readonly issue!: readonly object[]
}
