import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson, Roles } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { Audited } from './audit.interceptor.ts'
import { Emergencies } from './emergencies.ts'
import { EmergencyAnswer, EmergencyPageDto, ReviewDto } from './emergency.dto.ts'
import { EmergencyId, GovernanceApi, NoStore } from './governance-api.ts'

/** Who broke the glass, and whether they had to. */
@GovernanceApi('emergencies')
@Controller('governance/emergencies')
export class EmergenciesController {
  private readonly emergencies: Emergencies

  constructor(emergencies: Emergencies) {
    this.emergencies = emergencies
  }

  @Get()
  @NoStore()
  @Roles('dpo')
  @Audited('R', 'Task', 'emergency-list')
  @ApiOperation({ summary: 'Emergency accesses, newest first (dpo)' })
  @ApiOkResponse({ type: [EmergencyAnswer] })
  async list(@Query() page: EmergencyPageDto): Promise<EmergencyAnswer[]> {
    return (await this.emergencies.list(page)).map((one) => new EmergencyAnswer(one))
  }

  @Post(':id/review')
  @HttpCode(200)
  @NoStore()
  @Roles('dpo')
  @Audited('U', 'Task', 'emergency-review')
  @ApiOperation({ summary: 'Says, once, whether it was justified; not by who did it (dpo)' })
  @ApiOkResponse({ type: EmergencyAnswer })
  async review(
    @CurrentPerson() person: Person,
    @EmergencyId() id: string,
    @Body() { justified }: ReviewDto,
  ): Promise<EmergencyAnswer> {
    return new EmergencyAnswer(await this.emergencies.review(person, id, justified, new Date()))
  }
}
