import supertest, { type Response } from 'supertest'
import { createHash, randomBytes } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Authorizations, type Consent } from '../../src/auth/oauth/authorizations.ts'
import { Sessions } from '../../src/auth/people/sessions.ts'
import { People } from '../../src/auth/people/people.ts'
import type { TestServer } from './server.ts'

export const redirectUri = 'https://app.example/callback'

/** A browser, as far as App Launch needs one: it keeps cookies by their path, and follows nothing by itself. */
export class Browser {
  private readonly cookies = new Map<string, { value: string; path: string }>()

  constructor(private readonly server: TestServer) {}

  async get(url: string): Promise<Response> {
    const { pathname, search } = new URL(url, this.server.url)
    const sent = this.header(pathname)
    const answer = await supertest(this.server.url)
      .get(pathname + search)
      .set('Accept', 'text/html')
      .set(sent === '' ? {} : { Cookie: sent })
    this.keep(answer)
    return answer
  }

  /** What the sign-in page does in the end. */
  async signIn(username: string): Promise<void> {
    const person = await this.server.app.get(People, { strict: false }).find(username)
    if (!person) throw new Error('nobody of that name')
    const value = await this.server.app.get(Sessions, { strict: false }).open(person)
    this.cookies.set('coffre_session', { value, path: '/' })
  }

  signOut(): void {
    this.cookies.delete('coffre_session')
  }

  /** The request of a page at this URL, for those who answer it. */
  request(url: string): readonly [IncomingMessage, ServerResponse] {
    const request = new IncomingMessage(new Socket())
    request.url = new URL(url, this.server.url).pathname
    request.headers = { cookie: this.header(request.url), host: new URL(this.server.url).host }
    return [request, new ServerResponse(request)]
  }

  private header(path: string): string {
    const fitting = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path))
    return fitting.map(([name, { value }]) => `${name}=${value}`).join('; ')
  }

  private keep({ headers }: Response): void {
    const lines = (headers['set-cookie'] as unknown as string[] | undefined) ?? []
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      const [, path = '/'] = /; path=([^;]+)/i.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, { value, path })
    }
  }
}

/** An app's own part of a launch. */
export class App {
  readonly verifier = randomBytes(32).toString('base64url')
  readonly state = `s ${randomBytes(8).toString('hex')}&é`

  constructor(
    private readonly server: TestServer,
    readonly clientId: string,
    /** where it sends its requests */
    private readonly authUrl = `${server.url}/auth`,
  ) {}

  /** A parameter that is undefined is not sent. */
  parameters(given: Record<string, string | undefined> = {}): URLSearchParams {
    const all = {
      response_type: 'code',
      client_id: this.clientId,
      redirect_uri: redirectUri,
      scope: 'openid fhirUser launch/patient patient/Observation.rs offline_access',
      state: this.state,
      aud: `${this.server.settings.publicUrl}/fhir`,
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...given,
    }
    return new URLSearchParams(
      Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
    )
  }

  authorizeUrl(given: Record<string, string | undefined> = {}): string {
    return `${this.authUrl}/authorize?${this.parameters(given).toString()}`
  }

  redeem(code: string, given: Record<string, string | undefined> = {}, authorization?: string) {
    const named = authorization === undefined ? { client_id: this.clientId } : {}
    const form = { code, redirect_uri: redirectUri, code_verifier: this.verifier, ...named, ...given }
    return this.token({ grant_type: 'authorization_code', ...form }, authorization)
  }

  refresh(token: unknown, given: Record<string, string | undefined> = {}) {
    const form = { refresh_token: String(token), client_id: this.clientId, ...given }
    return this.token({ grant_type: 'refresh_token', ...form })
  }

  token(form: Record<string, string | undefined>, authorization?: string) {
    const sent = Object.entries(form).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return supertest(this.authUrl)
      .post('/token')
      .set(authorization === undefined ? {} : { Authorization: authorization })
      .type('form')
      .send(new URLSearchParams(sent).toString())
  }
}

/** What a person does at each step; the defaults sign nobody in and grant all that there is. */
export interface Person {
  readonly patient?: string
  readonly consent?: (consent: Consent) => Consent
}

/**
 * Walks from an authorization request to where the app gets its answer.
 *
 * @returns the URL that the browser was sent to in the end, at the app; the error page's response otherwise
 */
export async function walk(
  server: TestServer,
  browser: Browser,
  url: string,
  person: Person = {},
): Promise<URL | Response> {
  const authorizations = server.app.get(Authorizations, { strict: false })
  let next = url
  for (let step = 0; step < 12; step++) {
    if (next.startsWith(redirectUri)) return new URL(next)
    if (new URL(next, server.url).pathname.startsWith('/auth/interaction/')) {
      next = await decide(server, authorizations, browser, next, person)
      continue
    }
    const answer = await browser.get(next)
    if (answer.headers['location'] === undefined) return answer
    next = answer.headers['location']
  }
  throw new Error('it does not end')
}

async function decide(
  server: TestServer,
  authorizations: Authorizations,
  browser: Browser,
  url: string,
  person: Person,
): Promise<string> {
  const [request, response] = browser.request(url)
  const pending = await authorizations.pending(request, response)
  if (!pending) throw new Error('nothing is pending')
  if (pending.prompt === 'login') {
    const current = await server.app.get(Sessions, { strict: false }).ofCookie(request.headers.cookie)
    if (!current) throw new Error('nobody is signed in')
    return authorizations.signedIn(request, response, current)
  }
  if (pending.prompt === 'patient') {
    return authorizations.choosePatient(request, response, person.patient ?? '')
  }
  const all = { scopes: pending.scopes, offline: true }
  return authorizations.grant(request, response, person.consent ? person.consent(all) : all)
}

/** The code of a walk that ended well. */
export async function codeOf(walked: Promise<URL | Response>): Promise<string> {
  const end = await walked
  if (!(end instanceof URL)) throw new Error(`an error page: ${end.status} ${end.text}`)
  const code = end.searchParams.get('code')
  if (code === null) throw new Error(`no code: ${end.search}`)
  return code
}
