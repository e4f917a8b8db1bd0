import { Controller, Get, Ip, Post, Req, Res, UseFilters } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { OwnSecondFactor } from '../auth/people/own-second-factor.ts'
import { SecondFactors } from '../auth/people/second-factors.ts'
import type { CurrentPerson } from '../auth/people/sessions.ts'
import { PageErrorFilter } from './page-error.filter.tsx'
import type { PageContext } from './page.tsx'
import { Pages } from './pages.tsx'
import { signInPath } from './sign-in-page.tsx'
import { ProposalPage, RecoveryCodesPage, SecondFactorPage, secondFactorPath } from './second-factor-page.tsx'

type Visit = PageContext & { readonly person: CurrentPerson }

/** Where people add their authenticator app and remove it. */
@Controller('account/second-factor')
@UseFilters(PageErrorFilter)
export class SecondFactorController {
  constructor(
    private readonly pages: Pages,
    private readonly own: OwnSecondFactor,
    private readonly factors: SecondFactors,
  ) {}

  @Get()
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.visit(request, reply)
    const { person } = visit
    if (!person) return void reply.redirect(signInPath(secondFactorPath), 303)
    await this.sendState(reply, { ...visit, person }, false)
  }

  @Post('propose')
  async propose(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [visit, fields] = await this.form(request, reply)
    if (!visit) return void reply.redirect(signInPath(secondFactorPath), 303)
    const password = fields.get('password') ?? ''
    const isLegible = password.length <= 1024
    const proposal = isLegible ? await this.own.propose(visit.person, password) : undefined
    if (!proposal) return this.sendState(reply, visit, true)
    this.pages.send(reply, <ProposalPage {...visit} proposal={proposal} />)
  }

  @Post('confirm')
  async confirm(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Ip() ip: string): Promise<void> {
    const [visit, fields] = await this.form(request, reply)
    if (!visit) return void reply.redirect(signInPath(secondFactorPath), 303)
    const proposal = this.own.proposed(visit.person, fields.get('proposal') ?? '')
    if (!proposal) return void reply.redirect(secondFactorPath, 303)
    const codes = await this.own.confirm(visit.person, proposal, fields.get('code') ?? '', ip)
    if (codes) return this.pages.send(reply, <RecoveryCodesPage {...visit} codes={codes} />)
    this.pages.send(reply, <ProposalPage {...visit} proposal={proposal} refused />, { status: 401 })
  }

  @Post('remove')
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Ip() ip: string): Promise<void> {
    const [visit, fields] = await this.form(request, reply)
    if (!visit) return void reply.redirect(signInPath(secondFactorPath), 303)
    const isRemoved = await this.own.remove(visit.person, fields.get('code') ?? '', ip)
    if (!isRemoved) return this.sendState(reply, visit, true)
    void reply.redirect(secondFactorPath, 303)
  }

  /** @returns no visit when nobody is signed in */
  private async form(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<[Visit | undefined, URLSearchParams]> {
    const [visit, fields] = await this.pages.form(request, reply)
    const { person } = visit
    return [person && { ...visit, person, here: secondFactorPath }, fields]
  }

  private async sendState(reply: FastifyReply, visit: Visit, refused: boolean): Promise<void> {
    const { userId } = visit.person
    const isSet = await this.factors.isAsked(userId)
    const left = await this.factors.recoveryCodesLeft(userId)
    const page = <SecondFactorPage {...visit} {...{ isSet, left, refused }} />
    this.pages.send(reply, page, { status: refused ? 401 : 200 })
  }
}
