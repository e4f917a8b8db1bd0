import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsNumberString,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  ValidateIf,
  ValidateNested,
} from 'class-validator'
import { LimitDto } from './limit.dto.ts'
import { grounds, recipients, type Ground, type Recipient } from './reidentification-state.ts'

const longestText = 4000
/** of pseudonyms in one case, whatever the policy says */
const most = 1000

const isService = ({ kind }: RecipientDto) => kind === 'care-service'

export class RecipientDto {
  @ApiProperty({ enum: recipients })
  @IsIn(recipients)
  kind!: Recipient

  @ApiPropertyOptional({ description: 'the care service, as people call it; for the kind care-service' })
  @ValidateIf((recipient: RecipientDto) => isService(recipient) || recipient.service !== undefined)
  @IsString()
  @Length(1, 200)
  @Matches(/\S/, { message: 'service must not be empty' })
  service?: string

  @ApiPropertyOptional({
    description: 'user id of the physician of that service who receives; for the kind care-service',
  })
  @ValidateIf((recipient: RecipientDto) => isService(recipient) || recipient.person !== undefined)
  @IsString()
  @Length(1, 64)
  person?: string
}

/** Whose identity is asked for, why, and who is to have it. */
export class ReidentificationDto {
  @ApiProperty({ description: 'id of the permit whose pseudonyms these are' })
  @Matches(/^[0-9a-z]{20,64}$/, { message: 'permit must be the id of a permit' })
  permit!: string

  @ApiProperty({
    type: [String],
    description: 'of a patient, or of a resource, which names its patient; one, but for the ground recontact',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(most)
  @ArrayUnique()
  @IsString({ each: true })
  pseudonyms!: string[]

  @ApiProperty({ enum: grounds, description: 'CNIL référentiel entrepôts, 5.5: there is no other' })
  @IsIn(grounds)
  ground!: Ground

  @ApiProperty({ description: 'why; sealed' })
  @IsString()
  @Length(1, longestText)
  @Matches(/\S/, { message: 'reason must not be empty' })
  reason!: string

  @ApiProperty({ description: 'where the evidence is: the number of a report, an order, of minutes; sealed' })
  @IsString()
  @Length(1, 400)
  @Matches(/\S/, { message: 'evidence must not be empty' })
  evidence!: string

  @ApiProperty({ type: RecipientDto })
  @IsDefined()
  @ValidateNested()
  @Type(() => RecipientDto)
  recipient!: RecipientDto
}

export class CasePageDto extends LimitDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'id of the last case of the page before' })
  @IsOptional()
  @IsUUID()
  before?: string
}

export class AlertPageDto extends LimitDto {
  @ApiPropertyOptional({ description: 'id of the last alert of the page before' })
  @IsOptional()
  @IsNumberString({ no_symbols: true })
  @Length(1, 18)
  before?: string
}
