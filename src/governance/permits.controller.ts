import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common'
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { PermitAnswer } from './answer.dto.ts'
import { Audited } from './audit.interceptor.ts'
import { GovernanceApi, PermitId } from './governance-api.ts'
import { PermitLifecycle } from './permit-lifecycle.ts'
import type { PermitAction } from './request-state.ts'
import { ReasonDto } from './request.dto.ts'

/** Permits over HTTP. */
@GovernanceApi('permits')
@Controller('governance/permits')
export class PermitsController {
  private readonly permits: PermitLifecycle

  constructor(permits: PermitLifecycle) {
    this.permits = permits
  }

  @Get()
  @Audited('R', 'Consent', 'permit-list')
  @ApiOperation({ summary: 'Permits that you may see, newest first' })
  @ApiOkResponse({ type: [PermitAnswer] })
  async list(@CurrentPerson() person: Person): Promise<PermitAnswer[]> {
    return (await this.permits.list(person, new Date())).map((permit) => new PermitAnswer(permit))
  }

  @Get(':id')
  @Audited('R', 'Consent', 'permit-read')
  @ApiOperation({ summary: 'One permit' })
  @ApiOkResponse({ type: PermitAnswer })
  async one(@CurrentPerson() person: Person, @PermitId() id: string): Promise<PermitAnswer> {
    return new PermitAnswer(await this.permits.one(person, id, new Date()))
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @Audited('U', 'Consent', 'permit-revoke')
  @ApiOperation({ summary: 'Takes it away, at once (director)' })
  @ApiOkResponse({ type: PermitAnswer })
  revoke(@CurrentPerson() person: Person, @PermitId() id: string, @Body() { reason }: ReasonDto) {
    return this.end(person, id, 'revoke', reason)
  }

  @Post(':id/expire')
  @HttpCode(200)
  @Audited('U', 'Consent', 'permit-expire')
  @ApiOperation({ summary: 'Ends it before its day (director)' })
  @ApiOkResponse({ type: PermitAnswer })
  expire(@CurrentPerson() person: Person, @PermitId() id: string, @Body() { reason }: ReasonDto) {
    return this.end(person, id, 'expire', reason)
  }

  private async end(person: Person, id: string, action: PermitAction, reason: string): Promise<PermitAnswer> {
    const now = new Date()
    await this.permits.end(person, id, action, reason, now)
    return new PermitAnswer(await this.permits.one(person, id, now))
  }
}
