import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import { IsOptional, IsUUID, Length, Matches, ValidateNested } from 'class-validator'
import { touchedPatients } from './audit.interceptor.ts'
import { LimitDto } from './limit.dto.ts'
import type { DescribedOpposition } from './oppositions.ts'

/** @see FHIR R4 § Data Types, "id" */
export const logicalId = /^[A-Za-z0-9.-]{1,64}$/

export class IdentifierDto {
  @ApiPropertyOptional({ example: 'urn:oid:1.2.250.1.213.1.4.8' })
  @IsOptional()
  @Length(1, 1000)
  system?: string

  @ApiProperty()
  @Length(1, 1000)
  value!: string
}

/** Who opposes: exactly one of the two. No reason is asked, and none is taken. */
export class NamedPatientDto {
  @ApiPropertyOptional({ description: 'logical id of the Patient on the care base' })
  @IsOptional()
  @Matches(logicalId, { message: 'patient must be a logical id' })
  patient?: string

  @ApiPropertyOptional({ type: IdentifierDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => IdentifierDto)
  identifier?: IdentifierDto
}

/** A page of what the desk keeps. */
export class RightsPageDto extends LimitDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'id of the last one of the page before' })
  @IsOptional()
  @IsUUID()
  before?: string
}

export class OppositionAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty({ description: 'logical id of the Patient on the care base' })
  readonly patient: string
  @ApiProperty({ enum: ['desk', 'consent', 'patient', 'suppression'] })
  readonly source: string
  @ApiPropertyOptional({ description: 'logical id of the Consent that says so' })
  readonly consent: string | undefined
  @ApiProperty()
  readonly takenBy: string
  @ApiProperty()
  readonly takenAt: string
  @ApiPropertyOptional()
  readonly liftedBy: string | undefined
  @ApiPropertyOptional()
  readonly liftedAt: string | undefined
  /** for the trail, not for the answer */
  readonly [touchedPatients]: readonly string[]

  constructor(one: DescribedOpposition) {
    this.id = one.id
    this.patient = one.logicalId
    this.source = one.source
    this.consent = one.consent
    this.takenBy = one.takenBy
    this.takenAt = one.takenAt.toISOString()
    this.liftedBy = one.liftedBy
    this.liftedAt = one.liftedAt?.toISOString()
    this[touchedPatients] = [one.patient]
  }
}
