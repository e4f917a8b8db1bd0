import { Controller, Get, Ip, Param, Post, Req, Res, UseFilters } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AuthorizedApps } from '../auth/oauth/authorized-apps.ts'
import { AppsPage } from './apps-page.tsx'
import { PageErrorFilter } from './page-error.filter.tsx'
import { Pages } from './pages.tsx'
import { signInPath } from './sign-in-page.tsx'

const appsPath = '/account/apps'

/** The apps that act in somebody's name, for them to see and to end. */
@Controller('account/apps')
@UseFilters(PageErrorFilter)
export class AppsController {
  constructor(
    private readonly pages: Pages,
    private readonly apps: AuthorizedApps,
  ) {}

  @Get()
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.visit(request, reply)
    if (!visit.person) return void reply.redirect(signInPath(appsPath), 303)
    const apps = await this.apps.of(visit.person.userId)
    const { revoked } = request.query as { revoked?: string }
    this.pages.send(reply, <AppsPage {...visit} apps={apps} revoked={revoked !== undefined} />)
  }

  @Post(':grant/revoke')
  async revoke(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('grant') grant: string,
    @Ip() ip: string,
  ): Promise<void> {
    const [{ person }] = await this.pages.form(request, reply)
    if (!person) return void reply.redirect(signInPath(appsPath), 303)
    await this.apps.revoke(person, grant, ip)
    void reply.redirect(`${appsPath}?revoked`, 303)
  }
}
