import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { Type } from 'class-transformer'
import { IsDate, IsInt, IsOptional, Matches, Max, Min } from 'class-validator'
import type { AccessReport, ReportedAccess } from './access-report.ts'
import { columnHeads, whatWasDone, whyItWasDone, type Language } from './access-report-words.ts'
import { touchedPatients } from './audit.interceptor.ts'
import { NamedPatientDto } from './rights.dto.ts'

/** Whose report, over which time. Sent in a body: an address must not name a patient. */
export class AccessReportDto extends NamedPatientDto {
  @ApiPropertyOptional({ format: 'date-time', description: 'default: a year before `to`' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  from?: Date

  @ApiPropertyOptional({ format: 'date-time', description: 'default: now' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  to?: Date

  @ApiPropertyOptional({ minimum: 1, maximum: 1000, default: 200 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 200

  @ApiPropertyOptional({ description: '`next` of the page before' })
  @IsOptional()
  @Matches(/^[0-9a-f.-]{1,80}$/, { message: 'before must be the next of a page' })
  before?: string
}

export class ReportedAccessAnswer {
  @ApiProperty({ format: 'date-time' })
  readonly at: string
  @ApiProperty({ description: 'name of a person, or of a piece of software that acts by itself' })
  readonly who: string
  @ApiPropertyOptional({ description: 'name of the software that the person used' })
  readonly application: string | undefined
  @ApiProperty({ description: 'what was done, in the language asked for' })
  readonly what: string
  @ApiProperty({ type: [String], example: ['3 Observation'] })
  readonly elements: readonly string[]
  @ApiProperty({ description: 'why it was done, in the language asked for' })
  readonly why: string

  constructor({ at, kind, who, application, elements, project, ground }: ReportedAccess, language: Language) {
    this.at = at.toISOString()
    this.who = who
    this.application = application
    this.what = whatWasDone(kind, language)
    this.elements = elements
    const named = project && { code: project.code, ...project.proposal }
    this.why = whyItWasDone(kind, language, named, ground)
  }
}

export class ReportedActorAnswer {
  @ApiProperty()
  readonly who!: string
  @ApiProperty({ description: 'all pages counted' })
  readonly accesses!: number
  @ApiProperty({ format: 'date-time' })
  readonly first!: string
  @ApiProperty({ format: 'date-time' })
  readonly last!: string
}

/** Who saw a patient's data, when and why. */
export class AccessReportAnswer {
  @ApiProperty({ format: 'date-time' })
  readonly from: string
  @ApiProperty({ format: 'date-time' })
  readonly to: string
  @ApiProperty({ type: [ReportedActorAnswer] })
  readonly actors: readonly ReportedActorAnswer[]
  @ApiProperty({ type: [ReportedAccessAnswer], description: 'newest first' })
  readonly accesses: readonly ReportedAccessAnswer[]
  @ApiPropertyOptional({ description: '`before` of the next page; absent on the last one' })
  readonly next: string | undefined
  /** for the trail, not for the answer */
  readonly [touchedPatients]: readonly string[]

  constructor(report: AccessReport, period: { readonly from: Date; readonly to: Date }, language: Language) {
    this.from = period.from.toISOString()
    this.to = period.to.toISOString()
    this.actors = report.actors.map(({ who, accesses, first, last }) => ({
      ...{ who, accesses, first: first.toISOString(), last: last.toISOString() },
    }))
    this.accesses = report.accesses.map((access) => new ReportedAccessAnswer(access, language))
    this.next = report.next
    this[touchedPatients] = [report.patient]
  }
}

/** The accesses as a table. @see RFC 4180 */
export function csvOf({ accesses }: AccessReportAnswer, language: Language): string {
  const rows = accesses.map((one) => [
    ...[one.at, one.who, one.application ?? '', one.what, one.elements.join(' '), one.why],
  ])
  return [columnHeads[language], ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
}

/** A name is text that somebody chose: a spreadsheet must not take it for a formula. */
function csvCell(text: string): string {
  const inert = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}
