import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger'
import { CurrentPerson, Roles } from '../auth/people/person.guard.ts'
import type { CurrentPerson as Person } from '../auth/people/sessions.ts'
import { Audited } from '../governance/audit.interceptor.ts'
import { GovernanceApi, NoStore, PairId } from '../governance/governance-api.ts'
import { LinkageDesk } from './linkage-desk.ts'
import { ComparedPairAnswer, MergePairDto, PairAnswer, PairsPageDto, ReasonDto } from './linkage.dto.ts'

/** The queue of Patients who may be one person, and what a steward makes of each pair. */
@GovernanceApi('record linkage')
@Roles('steward')
@Controller('governance/linkage')
export class LinkageController {
  private readonly desk: LinkageDesk

  constructor(desk: LinkageDesk) {
    this.desk = desk
  }

  @Get()
  @Audited('R', 'Task', 'linkage-list')
  @ApiOperation({ summary: 'Pairs that may be one person, best first; open ones unless asked (steward)' })
  @ApiOkResponse({ type: [PairAnswer] })
  async list(@Query() { state, limit, before }: PairsPageDto): Promise<PairAnswer[]> {
    return (await this.desk.list(state, { limit, before })).map((pair) => new PairAnswer(pair))
  }

  @Get(':id')
  @NoStore()
  @Audited('R', 'Task', 'linkage-compare')
  @ApiOperation({ summary: 'The two side by side, and how they agree; an access to both (steward)' })
  @ApiOkResponse({ type: ComparedPairAnswer })
  async compared(@PairId() id: string): Promise<ComparedPairAnswer> {
    return new ComparedPairAnswer(await this.desk.compared(id))
  }

  @Post(':id/reject')
  @HttpCode(200)
  @Audited('U', 'Task', 'linkage-reject')
  @ApiOperation({
    summary: 'They are two persons; it does not come back unless their traits change (steward)',
  })
  @ApiOkResponse({ type: PairAnswer })
  async reject(@CurrentPerson() person: Person, @PairId() id: string): Promise<PairAnswer> {
    return new PairAnswer(await this.desk.reject(person, id))
  }

  @Post(':id/link')
  @HttpCode(200)
  @Audited('U', 'Task', 'linkage-link')
  @ApiOperation({ summary: 'They are one person: each Patient gets a link to the other (steward)' })
  @ApiOkResponse({ type: PairAnswer })
  async link(@CurrentPerson() person: Person, @PairId() id: string): Promise<PairAnswer> {
    return new PairAnswer(await this.desk.link(person, id))
  }

  @Post(':id/unlink')
  @HttpCode(200)
  @Audited('U', 'Task', 'linkage-unlink')
  @ApiOperation({ summary: 'The link was false: both are as they were without it, and are two (steward)' })
  @ApiOkResponse({ type: PairAnswer })
  async unlink(@CurrentPerson() person: Person, @PairId() id: string): Promise<PairAnswer> {
    return new PairAnswer(await this.desk.unlink(person, id))
  }

  @Post(':id/merge')
  @HttpCode(200)
  @Audited('U', 'Task', 'linkage-merge')
  @ApiOperation({ summary: 'One replaces the other, as `Patient/$merge` does (steward)' })
  @ApiOkResponse({ type: PairAnswer })
  async merge(
    @CurrentPerson() person: Person,
    @PairId() id: string,
    @Body() { target, reason }: MergePairDto,
  ): Promise<PairAnswer> {
    return new PairAnswer(await this.desk.merge(person, id, target, reason))
  }

  @Post(':id/undo')
  @HttpCode(200)
  @Audited('U', 'Task', 'linkage-undo')
  @ApiOperation({ summary: 'Undoes the merge, as `Patient/$undo-merge` does: they are two again (steward)' })
  @ApiOkResponse({ type: PairAnswer })
  async undo(
    @CurrentPerson() person: Person,
    @PairId() id: string,
    @Body() { reason }: ReasonDto,
  ): Promise<PairAnswer> {
    return new PairAnswer(await this.desk.undo(person, id, reason))
  }
}
