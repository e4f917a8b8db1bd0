import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common'
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { FeasibilityAnswer, PermitAnswer, RequestAnswer, RequestFileAnswer } from './answer.dto.ts'
import { Audited } from './audit.interceptor.ts'
import { GovernanceApi, Id } from './governance-api.ts'
import { PermitLifecycle } from './permit-lifecycle.ts'
import { demandLawfulPurpose } from './request-rules.ts'
import { OpinionDto, OptionalReasonDto, PageDto, ProposalDto, ReasonDto } from './request.dto.ts'
import { Requests } from './requests.ts'

/** Data access requests over HTTP. Answers to changes are the request as it is then. */
@GovernanceApi('requests')
@Controller('governance/requests')
export class RequestsController {
  private readonly requests: Requests
  private readonly permits: PermitLifecycle

  constructor(requests: Requests, permits: PermitLifecycle) {
    this.requests = requests
    this.permits = permits
  }

  @Post()
  @Audited('C', 'Task', 'request-draft')
  @ApiOperation({ summary: 'Begins a draft (requester)' })
  @ApiCreatedResponse({ type: RequestFileAnswer })
  async draft(@CurrentPerson() person: Person, @Body() proposal: ProposalDto): Promise<RequestFileAnswer> {
    demandLawfulPurpose(proposal.purposeCategory)
    return this.file(person, await this.requests.draft(person, proposal))
  }

  @Get()
  @Audited('R', 'Task', 'request-list')
  @ApiOperation({ summary: 'Requests that you may see, newest first' })
  @ApiOkResponse({ type: [RequestAnswer] })
  async list(@CurrentPerson() person: Person, @Query() page: PageDto): Promise<RequestAnswer[]> {
    return (await this.requests.list(person, page)).map((row) => new RequestAnswer(row))
  }

  @Get(':id')
  @Audited('R', 'Task', 'request-read')
  @ApiOperation({ summary: 'One request with its opinions and its history' })
  @ApiOkResponse({ type: RequestFileAnswer })
  one(@CurrentPerson() person: Person, @Id() id: string): Promise<RequestFileAnswer> {
    return this.file(person, id)
  }

  @Put(':id')
  @Audited('U', 'Task', 'request-edit')
  @ApiOperation({ summary: 'Changes a draft, or a request that was returned (its requester)' })
  @ApiOkResponse({ type: RequestFileAnswer })
  async edit(
    @CurrentPerson() person: Person,
    @Id() id: string,
    @Body() proposal: ProposalDto,
  ): Promise<RequestFileAnswer> {
    demandLawfulPurpose(proposal.purposeCategory)
    await this.requests.edit(person, id, proposal)
    return this.file(person, id)
  }

  @Post(':id/submit')
  @HttpCode(200)
  @Audited('U', 'Task', 'request-submit')
  @ApiOperation({ summary: 'Hands it to the committee (its requester); 422 names what no permit could be' })
  @ApiOkResponse({ type: RequestFileAnswer })
  async submit(@CurrentPerson() person: Person, @Id() id: string): Promise<RequestFileAnswer> {
    await this.requests.submit(person, id, new Date())
    return this.file(person, id)
  }

  @Post(':id/opinions')
  @HttpCode(200)
  @Audited('U', 'Task', 'request-opinion')
  @ApiOperation({ summary: 'Gives an opinion (committee, once a round); a question returns the request' })
  @ApiOkResponse({ type: RequestFileAnswer })
  async opine(
    @CurrentPerson() person: Person,
    @Id() id: string,
    @Body() opinion: OpinionDto,
  ): Promise<RequestFileAnswer> {
    await this.requests.opine(person, id, opinion.verdict, opinion.text ?? '')
    return this.file(person, id)
  }

  @Post(':id/permit')
  @Audited('U', 'Task', 'request-permit')
  @ApiOperation({ summary: 'Grants the permit and freezes its cohort (director)' })
  @ApiCreatedResponse({ type: PermitAnswer })
  async grant(
    @CurrentPerson() person: Person,
    @Id() id: string,
    @Body() { reason }: OptionalReasonDto,
  ): Promise<PermitAnswer> {
    const now = new Date()
    const permit = await this.requests.grant(person, id, reason, now)
    return new PermitAnswer(await this.permits.one(person, permit, now))
  }

  @Post(':id/refuse')
  @HttpCode(200)
  @Audited('U', 'Task', 'request-refuse')
  @ApiOperation({ summary: 'Refuses it (director)' })
  @ApiOkResponse({ type: RequestFileAnswer })
  async refuse(
    @CurrentPerson() person: Person,
    @Id() id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<RequestFileAnswer> {
    await this.requests.refuse(person, id, reason)
    return this.file(person, id)
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  @Audited('U', 'Task', 'request-withdraw')
  @ApiOperation({ summary: 'Takes it back, for good (its requester)' })
  @ApiOkResponse({ type: RequestFileAnswer })
  async withdraw(
    @CurrentPerson() person: Person,
    @Id() id: string,
    @Body() { reason }: OptionalReasonDto,
  ): Promise<RequestFileAnswer> {
    await this.requests.withdraw(person, id, reason)
    return this.file(person, id)
  }

  @Get(':id/feasibility')
  @Audited('R', 'Task', 'request-feasibility')
  @ApiOperation({
    summary: 'How many patients the cohort has now',
    description: 'Fewer than the smallest cell are shown as `<10`. No noise is added yet.',
  })
  @ApiOkResponse({ type: FeasibilityAnswer })
  feasibility(@CurrentPerson() person: Person, @Id() id: string): Promise<FeasibilityAnswer> {
    return this.requests.feasibility(person, id)
  }

  private async file(person: Person, id: string): Promise<RequestFileAnswer> {
    const { request, opinions, events, permit } = await this.requests.file(person, id)
    return new RequestFileAnswer(request, opinions, events, permit)
  }
}
