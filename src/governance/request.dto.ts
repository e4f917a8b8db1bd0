import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateIf,
  ValidateNested,
} from 'class-validator'
import { verdicts, type Verdict } from './entities.ts'
import { LimitDto } from './limit.dto.ts'
import { purposeCategories, refusedPurposes, type Proposal, type ProposedData } from './proposal.ts'

const most = 100
const longestText = 20_000

const Texts = (longest: number) => (target: object, property: string) => {
  IsArray()(target, property)
  ArrayMaxSize(most)(target, property)
  ArrayUnique()(target, property)
  IsString({ each: true })(target, property)
  Length(1, longest, { each: true })(target, property)
}

/** A calendar day that exists, `2027-06-30`. */
const Day = () => (target: object, property: string) => {
  Matches(/^\d{4}-\d\d-\d\d$/, { message: `${property} must be a day, YYYY-MM-DD` })(target, property)
  IsISO8601({ strict: true })(target, property)
}

export class PeriodDto {
  @ApiPropertyOptional({ format: 'date' })
  @IsOptional()
  @Day()
  start?: string

  @ApiPropertyOptional({ format: 'date' })
  @IsOptional()
  @Day()
  end?: string
}

export class DataDto implements ProposedData {
  @ApiProperty({ example: 'Observation' })
  @Matches(/^[A-Z][A-Za-z]{1,40}$/, { message: 'type must be a FHIR resource type' })
  type!: string

  @ApiPropertyOptional({ type: [String], example: ['Observation?category=laboratory'] })
  @Texts(4000)
  typeFilters: string[] = []

  @ApiPropertyOptional({ type: [String], description: 'root elements; absent: all that the rules let out' })
  @IsOptional()
  @Texts(64)
  elements?: string[]

  @ApiProperty({ description: 'why the project cannot do without (CNIL référentiel 5.4)' })
  @Matches(/\S/, { message: 'justification must not be empty' })
  @Length(1, longestText)
  justification!: string
}

/** What is asked for: the body of a draft, and of its later versions. */
export class ProposalDto implements Proposal {
  @ApiProperty()
  @Length(1, 300)
  title!: string

  @ApiProperty()
  @Length(1, longestText)
  purpose!: string

  @ApiProperty({ enum: purposeCategories })
  @IsIn([...purposeCategories, ...refusedPurposes])
  purposeCategory!: Proposal['purposeCategory']

  @ApiPropertyOptional({ type: [String], description: 'user ids of those who will use the data' })
  @Texts(64)
  people: string[] = []

  @ApiPropertyOptional({ type: [String], description: 'OAuth clients that may call the research base' })
  @Texts(200)
  clientIds: string[] = []

  @ApiProperty({
    type: [String],
    example: ['Patient?gender=female', 'Patient?_has:Condition:patient:code=44054006'],
    description: 'searches on Patient, ANDed; a bare Patient says everyone',
  })
  @Texts(4000)
  cohort!: string[]

  @ApiProperty({ type: [DataDto] })
  @IsArray()
  @ArrayMaxSize(most)
  @ValidateNested({ each: true })
  @Type(() => DataDto)
  data!: DataDto[]

  @ApiPropertyOptional({ type: PeriodDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => PeriodDto)
  period?: PeriodDto

  @ApiPropertyOptional({ default: false })
  @IsBoolean()
  freeText: boolean = false

  @ApiProperty({ format: 'date', description: 'last day of the permit' })
  @Day()
  expiresOn!: string
}

export class OpinionDto {
  @ApiProperty({ enum: verdicts })
  @IsIn(verdicts)
  verdict!: Verdict

  @ApiPropertyOptional({
    description: 'conditions, reasons or the question; only a plain approval goes without',
  })
  @ValidateIf((opinion: OpinionDto) => opinion.verdict !== 'approve' || opinion.text !== undefined)
  @IsString()
  @Length(1, longestText)
  @Matches(/\S/, { message: 'text must not be empty' })
  text?: string
}

export class ReasonDto {
  @ApiProperty()
  @Length(1, longestText)
  @Matches(/\S/, { message: 'reason must not be empty' })
  reason!: string
}

export class OptionalReasonDto {
  @ApiPropertyOptional()
  @IsOptional()
  @Length(1, longestText)
  reason?: string
}

export class PageDto extends LimitDto {
  @ApiPropertyOptional({ description: 'code of the last request of the page before' })
  @IsOptional()
  @Matches(/^[A-Z]{2,8}-\d{4}-\d{4,9}$/, { message: 'before must be the code of a request' })
  before?: string
}
