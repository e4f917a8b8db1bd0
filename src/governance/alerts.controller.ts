import { Controller, Get, Query } from '@nestjs/common'
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { Roles } from '../auth/people/person.guard.ts'
import { Audited } from './audit.interceptor.ts'
import { GovernanceApi } from './governance-api.ts'
import { AlertAnswer } from './reidentification-answer.dto.ts'
import { AlertPageDto } from './reidentification.dto.ts'
import { Reidentifications } from './reidentifications.ts'

/** What the privacy desk should look at. */
@GovernanceApi('alerts')
@Controller('governance/alerts')
export class AlertsController {
  private readonly cases: Reidentifications

  constructor(cases: Reidentifications) {
    this.cases = cases
  }

  @Get()
  @Roles('dpo', 'auditor')
  @Audited('R', 'Task', 'alert-list')
  @ApiOperation({ summary: 'Alerts of the re-identification desk, newest first (dpo, auditor)' })
  @ApiOkResponse({ type: [AlertAnswer] })
  async list(@Query() page: AlertPageDto): Promise<AlertAnswer[]> {
    return (await this.cases.alertList(page)).map((row) => new AlertAnswer(row))
  }
}
