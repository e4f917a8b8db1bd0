import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson, Roles } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { Audited } from './audit.interceptor.ts'
import { CertificateAnswer, ErasureAnswer, ErasureDto, RetypedPatientDto } from './erasure.dto.ts'
import { Erasures } from './erasures.ts'
import { ErasureId, GovernanceApi } from './governance-api.ts'
import { RightsPageDto } from './rights.dto.ts'

/** The right to erasure: asked by the dpo, confirmed by another person of another role, proved by the server. */
@GovernanceApi('erasures')
@Controller('governance/erasures')
export class ErasuresController {
  private readonly erasures: Erasures

  constructor(erasures: Erasures) {
    this.erasures = erasures
  }

  @Post()
  @Roles('dpo')
  @Audited('C', 'Task', 'erasure-ask')
  @ApiOperation({
    summary: 'Asks for the erasure of a patient; nothing happens before it is confirmed (dpo)',
  })
  @ApiCreatedResponse({ type: ErasureAnswer })
  async ask(@CurrentPerson() person: Person, @Body() asked: ErasureDto): Promise<ErasureAnswer> {
    return new ErasureAnswer(await this.erasures.ask(person, asked, new Date()))
  }

  @Get()
  @Roles('dpo', 'director', 'steward')
  @Audited('R', 'Task', 'erasure-list')
  @ApiOperation({ summary: 'Erasures, newest first (dpo, director, steward)' })
  @ApiOkResponse({ type: [ErasureAnswer] })
  async list(@Query() page: RightsPageDto): Promise<ErasureAnswer[]> {
    return (await this.erasures.page(page)).map((one) => new ErasureAnswer(one))
  }

  @Get(':id')
  @Roles('dpo', 'director', 'steward')
  @Audited('R', 'Task', 'erasure-read')
  @ApiOperation({ summary: 'One erasure (dpo, director, steward)' })
  @ApiOkResponse({ type: ErasureAnswer })
  async one(@ErasureId() id: string): Promise<ErasureAnswer> {
    return new ErasureAnswer(await this.erasures.one(id))
  }

  @Post(':id/confirm')
  @HttpCode(200)
  @Roles('director', 'steward')
  @Audited('D', 'Task', 'erasure-confirm')
  @ApiOperation({
    summary: 'Confirms it by the logical id, typed again; it is carried out at once and cannot be undone',
  })
  @ApiOkResponse({ type: ErasureAnswer })
  async confirm(
    @CurrentPerson() person: Person,
    @ErasureId() id: string,
    @Body() { patient }: RetypedPatientDto,
  ): Promise<ErasureAnswer> {
    return new ErasureAnswer(await this.erasures.confirm(person, id, patient, new Date()))
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  @Roles('dpo')
  @Audited('U', 'Task', 'erasure-withdraw')
  @ApiOperation({ summary: 'Takes back what was not confirmed (dpo)' })
  @ApiOkResponse({ type: ErasureAnswer })
  async withdraw(@ErasureId() id: string): Promise<ErasureAnswer> {
    return new ErasureAnswer(await this.erasures.withdraw(id))
  }

  @Get(':id/certificate')
  @Roles('dpo', 'director', 'auditor')
  @Audited('R', 'Task', 'erasure-certificate')
  @ApiOperation({ summary: 'The proof, some minutes after the erasure (dpo, director, auditor)' })
  @ApiOkResponse({ type: CertificateAnswer })
  async certificate(@ErasureId() id: string): Promise<CertificateAnswer> {
    return new CertificateAnswer(await this.erasures.certificate(id))
  }
}
