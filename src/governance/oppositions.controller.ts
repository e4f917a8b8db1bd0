import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common'
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson, Roles } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { Audited } from './audit.interceptor.ts'
import { GovernanceApi, OppositionId } from './governance-api.ts'
import { Oppositions } from './oppositions.ts'
import { NamedPatientDto, OppositionAnswer, RightsPageDto } from './rights.dto.ts'

/** The right to oppose the use of one's data in research: at any time, without reasons, reversible. */
@GovernanceApi('oppositions')
@Controller('governance/oppositions')
export class OppositionsController {
  private readonly oppositions: Oppositions

  constructor(oppositions: Oppositions) {
    this.oppositions = oppositions
  }

  @Post()
  @Roles('dpo', 'steward')
  @Audited('C', 'Consent', 'opposition-take')
  @ApiOperation({ summary: 'Takes an opposition; it acts at once (dpo, steward)' })
  @ApiCreatedResponse({ type: OppositionAnswer })
  async take(@CurrentPerson() person: Person, @Body() named: NamedPatientDto): Promise<OppositionAnswer> {
    return new OppositionAnswer(await this.oppositions.take(person, named, new Date()))
  }

  @Get()
  @Roles('dpo')
  @Audited('R', 'Consent', 'opposition-list')
  @ApiOperation({ summary: 'Oppositions, newest first, lifted ones too (dpo)' })
  @ApiOkResponse({ type: [OppositionAnswer] })
  async list(@Query() page: RightsPageDto): Promise<OppositionAnswer[]> {
    return (await this.oppositions.list(page)).map((one) => new OppositionAnswer(one))
  }

  @Get(':id')
  @Roles('dpo')
  @Audited('R', 'Consent', 'opposition-read')
  @ApiOperation({ summary: 'One opposition (dpo)' })
  @ApiOkResponse({ type: OppositionAnswer })
  async one(@OppositionId() id: string): Promise<OppositionAnswer> {
    return new OppositionAnswer(await this.oppositions.one(id))
  }

  @Delete(':id')
  @HttpCode(200)
  @Roles('dpo')
  @Audited('D', 'Consent', 'opposition-lift')
  @ApiOperation({ summary: 'Lifts it: new cohorts see the patient again, those that were left do not (dpo)' })
  @ApiOkResponse({ type: OppositionAnswer })
  async lift(@CurrentPerson() person: Person, @OppositionId() id: string): Promise<OppositionAnswer> {
    return new OppositionAnswer(await this.oppositions.lift(person, id, new Date()))
  }
}
