import supertest, { type Response } from 'supertest'
import { redirectUri } from './app-launch.ts'
import type { TestServer } from './server.ts'

/** A browser without scripts: keeps cookies, follows links and redirects on the server, sends forms as they stand. */
export class PageBrowser {
  private readonly cookies = new Map<string, { value: string; path: string }>()
  /** the last page */
  page: Response | undefined
  url = '/'

  constructor(
    private readonly server: TestServer,
    private readonly headers: Readonly<Record<string, string>> = { 'Accept-Language': 'en' },
  ) {}

  /** @returns the page it ends at, or the URL at an app that the server sent it to */
  async open(url: string): Promise<Response | URL> {
    return this.go('get', url)
  }

  /** Sends the form whose action ends so, with its hidden fields, what was typed, and what is ticked. */
  async submit(
    action: string,
    typed: Readonly<Record<string, string>> = {},
    without: readonly string[] = [],
  ) {
    const form = this.form(action)
    const fields = new URLSearchParams()
    for (const tag of form.body.match(/<input[^>]*>/g) ?? []) {
      const [name, value] = [attribute(tag, 'name'), attribute(tag, 'value')]
      const isOff = /type="checkbox"/.test(tag) && without.includes(value)
      if (name !== '' && !isOff && !(name in typed)) fields.append(name, value)
    }
    for (const [name, value] of Object.entries(typed)) fields.append(name, value)
    return this.go('post', form.action, fields)
  }

  cookie(name: string): string | undefined {
    return this.cookies.get(name)?.value
  }

  /** All that a person can read of the page. */
  get text(): string {
    return (this.page?.text ?? '').replaceAll(/<style.*?<\/style>|<[^>]+>/gs, ' ').replaceAll(/\s+/g, ' ')
  }

  private form(action: string): { action: string; body: string } {
    const forms = [...(this.page?.text ?? '').matchAll(/<form([^>]*)>(.*?)<\/form>/gs)]
    // the header has forms too
    for (const [, head = '', body = ''] of forms.reverse()) {
      const targets = [
        attribute(head, 'action'),
        ...[...body.matchAll(/formaction="([^"]*)"/g)].map(([, to = '']) => to),
      ]
      const found = targets.find((target) => target.endsWith(action))
      if (found !== undefined) return { action: found, body }
    }
    throw new Error(`no form leads to ${action}`)
  }

  private async go(method: 'get' | 'post', url: string, fields?: URLSearchParams): Promise<Response | URL> {
    let answer = await this.send(method, url, fields)
    for (let hops = 0; answer.headers['location'] !== undefined; hops++) {
      const next = answer.headers['location']
      if (next.startsWith(redirectUri)) return new URL(next)
      if (hops > 10) throw new Error('it does not end')
      answer = await this.send('get', next)
    }
    this.page = answer
    return answer
  }

  private async send(method: 'get' | 'post', url: string, fields?: URLSearchParams): Promise<Response> {
    const { pathname, search } = new URL(url, this.server.url)
    this.url = pathname + search
    const sent = [...this.cookies].filter(([, { path }]) => pathname.startsWith(path))
    const agent = supertest(this.server.url)
    const request = (method === 'get' ? agent.get(pathname + search) : agent.post(pathname + search))
      .set({ Accept: 'text/html', ...this.headers })
      .set(
        sent.length === 0 ? {} : { Cookie: sent.map(([name, { value }]) => `${name}=${value}`).join('; ') },
      )
    const answer = fields ? await request.type('form').send(fields.toString()) : await request
    const lines = (answer.headers['set-cookie'] as unknown as string[] | undefined) ?? []
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      const [, path = '/'] = /; path=([^;]+)/i.exec(line) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, { value, path })
    }
    return answer
  }
}

function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(` ${name}="([^"]*)"`).exec(tag) ?? []
  return value.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
}
