import { Injectable } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { randomBytes } from 'node:crypto'
import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { Sessions } from '../auth/people/sessions.ts'
import { Settings } from '../config.ts'
import { Csrf } from './csrf.ts'
import { isLanguage, languageCookie, languageOf } from './language.ts'
import type { PageContext } from './page.tsx'

/** A form that is not of a page of ours, or of one that is too old. */
export class RefusedForm extends Error {}

/** Ties forms to a browser in which nobody is signed in. */
const visitorCookie = 'coffre_visitor'
const yearSeconds = 365 * 86_400

/** How pages come and go: who is there, in which language, with which forms, under which headers. */
@Injectable()
export class Pages {
  private readonly secure: boolean

  constructor(
    private readonly sessions: Sessions,
    private readonly csrf: Csrf,
    settings: Settings,
  ) {
    this.secure = settings.publicUrl.startsWith('https:')
  }

  /** Cookies of ours: for this site alone, read by no script. @see RFC 6265bis */
  get cookie() {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.secure } as const
  }

  /** What a page for this request is made with. */
  async visit(request: FastifyRequest, reply: FastifyReply): Promise<PageContext> {
    const language = languageOf(request)
    const { lang, ...query } = request.query as Record<string, string>
    if (isLanguage(lang)) void reply.setCookie(languageCookie, lang, { ...this.cookie, maxAge: yearSeconds })
    const person = await this.sessions.ofCookie(request.headers.cookie)
    const binding = person?.sessionId ?? this.visitor(request, reply)
    const rest = new URLSearchParams(query).toString()
    const path = request.url.split('?', 1)[0] ?? '/'
    return {
      ...{ language, person, csrf: this.csrf.token(binding) },
      here: rest === '' ? path : `${path}?${rest}`,
    }
  }

  /** A form that was sent from a page of ours. @throws RefusedForm */
  async form(request: FastifyRequest, reply: FastifyReply): Promise<[PageContext, URLSearchParams]> {
    const visit = await this.visit(request, reply)
    const fields = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
    const binding = visit.person?.sessionId ?? request.cookies[visitorCookie]
    const site = request.headers['sec-fetch-site']
    const isOurs = site === undefined || site === 'same-origin'
    if (!isOurs || binding === undefined || !this.csrf.isToken(fields.get('csrf'), binding)) {
      throw new RefusedForm()
    }
    return [visit, fields]
  }

  /**
   * @param formsLead whether forms of the page lead to an app in the end: browsers hold redirects after a
   *   form against `form-action` too
   */
  send(reply: FastifyReply, page: VNode, { status = 200, formsLead = false } = {}): void {
    const policy =
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    void reply
      .status(status)
      .headers({
        'Content-Security-Policy': formsLead ? policy : `${policy}; form-action 'self'`,
        'Cache-Control': 'no-store',
        'X-Frame-Options': 'DENY',
      })
      .type('text/html; charset=utf-8')
      .send(`<!doctype html>${renderToString(page)}`)
  }

  private visitor(request: FastifyRequest, reply: FastifyReply): string {
    const there = request.cookies[visitorCookie]
    if (there !== undefined) return there
    const made = randomBytes(16).toString('base64url')
    void reply.setCookie(visitorCookie, made, this.cookie)
    return made
  }
}
