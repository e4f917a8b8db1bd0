import { Controller, Get, Ip, Post, Req, Res, UseFilters } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VNode } from 'preact'
import { sessionSeconds } from '../auth/people/sessions.ts'
import { SignIns } from '../auth/people/sign-ins.ts'
import { CodePage } from './code-page.tsx'
import { PageErrorFilter } from './page-error.filter.tsx'
import { Pages } from './pages.tsx'
import { SignInPage, signInPath } from './sign-in-page.tsx'

export const sessionCookie = 'coffre_session'

/** How people sign in and out in a browser. */
@Controller()
@UseFilters(PageErrorFilter)
export class SignInController {
  constructor(
    private readonly pages: Pages,
    private readonly signIns: SignIns,
  ) {}

  @Get('sign-in')
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.pages.visit(request, reply)
    const { return_to: given } = request.query as { return_to?: string }
    const returnTo = ownPath(given ?? null)
    this.send(reply, <SignInPage {...visit} returnTo={returnTo} username="" refused={false} />, returnTo)
  }

  @Post('sign-in')
  async signIn(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Ip() ip: string): Promise<void> {
    const [visit, fields] = await this.pages.form(request, reply)
    const [username, password] = [fields.get('username') ?? '', fields.get('password') ?? '']
    const returnTo = ownPath(fields.get('return_to'))
    const isLegible = username.length <= 64 && password.length <= 1024
    const signIn = isLegible ? await this.signIns.signIn(username, password, ip) : undefined
    if (signIn?.kind === 'open') return this.enter(reply, signIn.token, returnTo)
    // the page that a sign-in begins at: what only a form leads to answers no link
    const asked = { ...visit, here: signInPath(returnTo), returnTo }
    if (signIn?.kind === 'code') {
      return this.send(reply, <CodePage {...asked} waiting={signIn.waiting} />, returnTo)
    }
    this.send(reply, <SignInPage {...asked} username={username} refused />, returnTo, 401)
  }

  @Post('sign-in/code')
  async code(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Ip() ip: string): Promise<void> {
    const [visit, fields] = await this.pages.form(request, reply)
    const [waiting, code] = [fields.get('waiting') ?? '', fields.get('code') ?? '']
    const returnTo = ownPath(fields.get('return_to'))
    const signIn = await this.signIns.enterCode(waiting, code, ip)
    if (signIn.kind === 'open') return this.enter(reply, signIn.token, returnTo)
    const asked = { ...visit, here: signInPath(returnTo), returnTo }
    this.send(reply, <CodePage {...asked} waiting={waiting} refused />, returnTo, 401)
  }

  /** Where an app waits for the sign-in, it is told at once when nothing can be had for this person. */
  private send(reply: FastifyReply, page: VNode, returnTo: string, status = 200): void {
    this.pages.send(reply, page, { status, formsLead: returnTo.startsWith('/auth/') })
  }

  private enter(reply: FastifyReply, token: string, returnTo: string): void {
    void reply
      .setCookie(sessionCookie, token, { ...this.pages.cookie, maxAge: sessionSeconds })
      .header('Cache-Control', 'no-store')
      .redirect(returnTo, 303)
  }

  @Post('sign-out')
  async signOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @Ip() ip: string): Promise<void> {
    const [{ person }, fields] = await this.pages.form(request, reply)
    if (person) await this.signIns.signOut(person, ip)
    const returnTo = ownPath(fields.get('return_to'))
    void reply.clearCookie(sessionCookie, this.pages.cookie).redirect(returnTo, 303)
  }
}

/** Where somebody goes after signing in: a path of this server, and nowhere else. */
export function ownPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])[\w./?=&%-]*$/.test(path) ? path : '/'
}
