import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Transform } from 'class-transformer'
import { IsBoolean, IsISO8601, IsOptional } from 'class-validator'
import { touchedPatients } from './audit.interceptor.ts'
import type { Emergency } from './emergencies.ts'
import { LimitDto } from './limit.dto.ts'

export class EmergencyPageDto extends LimitDto {
  @ApiPropertyOptional({ format: 'date-time', description: '`at` of the last one of the page before' })
  @IsOptional()
  @IsISO8601({ strict: true })
  before?: string

  @ApiPropertyOptional({ description: 'true: those that nobody has reviewed yet' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  open?: boolean
}

export class ReviewDto {
  @ApiProperty({ description: 'whether the emergency was one' })
  @IsBoolean()
  justified!: boolean
}

export class EmergencyAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty({ description: 'who broke the glass' })
  readonly username: string
  @ApiProperty({ description: 'the app that they used' })
  readonly clientId: string
  @ApiProperty({ description: 'what they said; it may name a patient' })
  readonly reason: string
  @ApiProperty({ format: 'date-time' })
  readonly at: string
  @ApiPropertyOptional({ description: 'absent: nobody has looked into it yet' })
  readonly reviewedBy: string | undefined
  @ApiPropertyOptional({ format: 'date-time' })
  readonly reviewedAt: string | undefined
  @ApiPropertyOptional()
  readonly justified: boolean | undefined
  readonly [touchedPatients]: readonly string[]

  constructor({ row, reason }: Emergency) {
    this.id = row.id
    this.username = row.username
    this.clientId = row.clientId
    this.reason = reason
    this.at = row.at.toISOString()
    this.reviewedBy = row.reviewedBy ?? undefined
    this.reviewedAt = row.reviewedAt?.toISOString()
    this.justified = row.justified ?? undefined
    this[touchedPatients] = row.patient === null ? [] : [row.patient]
  }
}
