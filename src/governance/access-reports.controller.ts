import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common'
import { ApiOkResponse, ApiOperation, ApiProduces } from '@nestjs/swagger'
import type { FastifyReply } from 'fastify'
import { CurrentPerson, Roles } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { FhirError } from '../fhir/outcome.ts'
import { AccessReportAnswer, AccessReportDto, csvOf } from './access-report.dto.ts'
import { AccessReports } from './access-report.ts'
import { languageOf } from './access-report-words.ts'
import { Audited } from './audit.interceptor.ts'
import { GovernanceApi, NoStore } from './governance-api.ts'

/** The right to know who had access to one's data. */
@GovernanceApi('access reports')
@Controller('governance/access-reports')
export class AccessReportsController {
  private readonly reports: AccessReports

  constructor(reports: AccessReports) {
    this.reports = reports
  }

  @Post()
  @HttpCode(200)
  @NoStore()
  @Roles('dpo')
  @Audited('R', 'Consent', 'access-report')
  @ApiOperation({
    summary: 'Who saw the data of a patient, when and why (dpo); Accept-Language fr or en; Accept text/csv',
  })
  @ApiProduces('application/json', 'text/csv')
  @ApiOkResponse({ type: AccessReportAnswer })
  async report(
    @CurrentPerson() person: Person,
    @Body() asked: AccessReportDto,
    @Headers('accept-language') acceptLanguage: string | undefined,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessReportAnswer> {
    const { from, to, patient, identifier, limit, before } = asked
    const period = periodOf(from, to, new Date())
    const language = languageOf(acceptLanguage)
    const named = {
      ...(patient === undefined ? {} : { patient }),
      ...(identifier === undefined ? {} : { identifier }),
    }
    const report = await this.reports.report(person, { ...period, patient: named, limit, before })
    void reply.header('Content-Language', language)
    if (/\btext\/csv\b/.test(accept ?? '')) {
      void reply
        .type('text/csv; charset=utf-8; header=present')
        .serializer((answer: AccessReportAnswer) => csvOf(answer, language))
    }
    return new AccessReportAnswer(report, period, language)
  }
}

const yearMs = 365 * 24 * 3_600_000

/** @throws FhirError 400 when the period ends before it begins */
function periodOf(from: Date | undefined, to: Date | undefined, now: Date): { from: Date; to: Date } {
  const end = to ?? now
  const begin = from ?? new Date(end.getTime() - yearMs)
  if (begin > end) throw FhirError.invalid('from: must not be after to', 'from')
  return { from: begin, to: end }
}
