import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { Audited } from './audit.interceptor.ts'
import { GovernanceApi, Id, NoStore } from './governance-api.ts'
import { CarriedOutAnswer, CaseAnswer, CaseFileAnswer } from './reidentification-answer.dto.ts'
import { CasePageDto, ReidentificationDto } from './reidentification.dto.ts'
import { Reidentifications } from './reidentifications.ts'
import { ReasonDto } from './request.dto.ts'

/** The re-identification desk over HTTP: the narrow way back. */
@GovernanceApi('reidentifications')
@Controller('governance/reidentifications')
export class ReidentificationsController {
  private readonly cases: Reidentifications

  constructor(cases: Reidentifications) {
    this.cases = cases
  }

  @Post()
  @NoStore()
  @Audited('C', 'Task', 'reidentification-file')
  @ApiOperation({
    summary: 'Files a case (a user of the permit; the dpo for the rights of a person, or a legal order)',
    description: 'Whether the pseudonyms are of the cohort is not said. 429 beyond the cases of a day.',
  })
  @ApiCreatedResponse({ type: CaseFileAnswer })
  async file(@CurrentPerson() person: Person, @Body() asked: ReidentificationDto): Promise<CaseFileAnswer> {
    const now = new Date()
    const id = await this.cases.file(person, asked, now)
    return new CaseFileAnswer(await this.cases.one(person, id, now), await this.cases.alerts(id))
  }

  @Get()
  @NoStore()
  @Audited('R', 'Task', 'reidentification-list')
  @ApiOperation({ summary: 'Cases that you may see, newest first' })
  @ApiOkResponse({ type: [CaseAnswer] })
  async list(@CurrentPerson() person: Person, @Query() page: CasePageDto): Promise<CaseAnswer[]> {
    return (await this.cases.list(person, page, new Date())).map((one) => new CaseAnswer(one))
  }

  @Get(':id')
  @NoStore()
  @Audited('R', 'Task', 'reidentification-read')
  @ApiOperation({ summary: 'One case with its reason and its history; never the identity' })
  @ApiOkResponse({ type: CaseFileAnswer })
  one(@CurrentPerson() person: Person, @Id() id: string): Promise<CaseFileAnswer> {
    return this.answer(person, id, new Date())
  }

  @Post(':id/approve')
  @HttpCode(200)
  @NoStore()
  @Audited('U', 'Task', 'reidentification-approve')
  @ApiOperation({ summary: 'Approves it (one dpo and one physician, both from outside the project)' })
  @ApiOkResponse({ type: CaseFileAnswer })
  async approve(@CurrentPerson() person: Person, @Id() id: string): Promise<CaseFileAnswer> {
    const now = new Date()
    await this.cases.approve(person, id, now)
    return this.answer(person, id, now)
  }

  @Post(':id/refuse')
  @HttpCode(200)
  @NoStore()
  @Audited('U', 'Task', 'reidentification-refuse')
  @ApiOperation({ summary: 'Refuses it, for good (dpo or physician, from outside the project)' })
  @ApiOkResponse({ type: CaseFileAnswer })
  async refuse(
    @CurrentPerson() person: Person,
    @Id() id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<CaseFileAnswer> {
    const now = new Date()
    await this.cases.refuse(person, id, reason, now)
    return this.answer(person, id, now)
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  @NoStore()
  @Audited('U', 'Task', 'reidentification-withdraw')
  @ApiOperation({ summary: 'Takes it back, for good (its requester)' })
  @ApiOkResponse({ type: CaseFileAnswer })
  async withdraw(@CurrentPerson() person: Person, @Id() id: string): Promise<CaseFileAnswer> {
    const now = new Date()
    await this.cases.withdraw(person, id, now)
    return this.answer(person, id, now)
  }

  @Post(':id/identity')
  @HttpCode(200)
  @NoStore()
  @Audited('R', 'Task', 'reidentify')
  @ApiOperation({
    summary: 'Carries it out: whose the pseudonyms are (its recipient, once)',
    description: 'The answer is kept nowhere. Who loses it files a new case.',
  })
  @ApiOkResponse({ type: CarriedOutAnswer })
  async identity(@CurrentPerson() person: Person, @Id() id: string): Promise<CarriedOutAnswer> {
    return new CarriedOutAnswer(await this.cases.carryOut(person, id, new Date()))
  }

  private async answer(person: Person, id: string, now: Date): Promise<CaseFileAnswer> {
    return new CaseFileAnswer(await this.cases.one(person, id, now))
  }
}
