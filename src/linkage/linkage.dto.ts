import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { IsIn, IsString, Length, Matches } from 'class-validator'
import type { Json, Resource } from '../fhir/json.ts'
import { touchedPatients } from '../governance/audit.interceptor.ts'
import { logicalId, RightsPageDto } from '../governance/rights.dto.ts'
import { pairStates, type PairState } from '../identity/linkage/pair-state.ts'
import type { ComparedPair, DescribedPair } from './linkage-desk.ts'

/** A page of the queue. */
export class PairsPageDto extends RightsPageDto {
  @ApiPropertyOptional({ enum: pairStates, default: 'open' })
  @IsIn(pairStates)
  state: PairState = 'open'
}

/** Why a merge is undone. */
export class ReasonDto {
  @ApiProperty({ description: 'stands in the Provenance' })
  @IsString()
  @Length(3, 2000)
  reason!: string
}

/** Which of the two stays, and why. */
export class MergePairDto extends ReasonDto {
  @ApiProperty({ description: 'logical id of the Patient that replaces the other one' })
  @Matches(logicalId, { message: 'target must be a logical id' })
  target!: string
}

/** A pair as the queue has it: who the two are, it does not say. */
export class PairAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty({ type: [String], description: 'logical ids of the two Patients on the care base' })
  readonly patients: readonly string[]
  @ApiProperty({ enum: ['certain', 'probable'] })
  readonly grade: string
  @ApiProperty({ description: 'bits of evidence that they are one person' })
  readonly score: number
  @ApiProperty({ description: 'both have the same INS and nothing contradicts it' })
  readonly byIns: boolean
  @ApiProperty({ enum: pairStates })
  readonly state: string
  @ApiProperty({ format: 'date-time' })
  readonly foundAt: string
  @ApiPropertyOptional({ description: 'absent: the server' })
  readonly decidedBy: string | undefined
  @ApiPropertyOptional({ format: 'date-time' })
  readonly decidedAt: string | undefined
  /** for the trail, not for the answer */
  readonly [touchedPatients]: readonly string[]

  constructor(pair: DescribedPair) {
    this.id = pair.id
    this.patients = pair.ids
    this.grade = pair.grade
    this.score = Math.round(pair.score * 10) / 10
    this.byIns = pair.byIns
    this.state = pair.state
    this.foundAt = pair.foundAt.toISOString()
    this.decidedBy = pair.decidedBy
    this.decidedAt = pair.decidedAt?.toISOString()
    this[touchedPatients] = [pair.one, pair.other]
  }
}

/** The elements of a Patient by which persons are compared. */
const compared = ['identifier', 'name', 'gender', 'birthDate', 'telecom', 'address', 'extension'] as const

/** One of the two, as far as it is compared. */
export class ComparedPatientAnswer {
  @ApiProperty({ description: 'logical id' })
  readonly id: string
  @ApiProperty({ description: 'whether there is such a Patient now' })
  readonly isThere: boolean
  @ApiProperty({ type: Object, description: `its ${compared.join(', ')}, as FHIR has them` })
  readonly traits: Readonly<Record<string, Json>>

  constructor(id: string, patient: Resource | undefined) {
    this.id = id
    this.isThere = patient !== undefined
    this.traits = Object.fromEntries(
      compared.flatMap((name) => {
        const value = patient?.[name]
        return value === undefined ? [] : [[name, value]]
      }),
    )
  }
}

/** A pair side by side. */
export class ComparedPairAnswer extends PairAnswer {
  @ApiProperty({ type: [ComparedPatientAnswer], description: 'in the order of `patients`' })
  readonly sides: readonly ComparedPatientAnswer[]
  @ApiPropertyOptional({
    type: Object,
    example: { family: 'equal', given: 'near', birthDate: 'swapped', sex: 'equal' },
    description: 'how what is known of both agrees; absent when one of the two is not there',
  })
  readonly agreements: object | undefined

  constructor(pair: ComparedPair) {
    super(pair)
    this.sides = pair.ids.map((id, index) => new ComparedPatientAnswer(id, pair.patients[index]))
    this.agreements = pair.agreements
  }
}
