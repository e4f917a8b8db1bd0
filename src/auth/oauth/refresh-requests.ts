import { Injectable } from '@nestjs/common'
import { IncomingMessage } from 'node:http'
import { narrow, printScopes } from '../../access/scope.ts'
import { Clients } from '../clients/clients.ts'
import { ArtifactStore } from './artifact-store.ts'
import { printGranted, readWords } from './launch-words.ts'

/** The library reads no longer body either. */
const longestForm = 56 * 1024

/** A request to the token endpoint as the library is to see it. */
export interface TokenRequest {
  readonly request: IncomingMessage
  /** what a refresh is narrowed to, canonical; undefined: not narrowed */
  readonly narrowedTo?: string
}

/**
 * What the library knows of no refresh: one by a public client that does not say its name, which is
 * found by the token, and one for less than was granted, in SMART's sense and not word by word.
 *
 * @see SMART App Launch 2.2 § Refresh Token; RFC 6749 § 6
 */
@Injectable()
export class RefreshRequests {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly clients: Clients,
  ) {}

  async prepare(request: IncomingMessage): Promise<TokenRequest> {
    const length = Number(request.headers['content-length'])
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')
    if (!isForm || !(length <= longestForm)) return { request }
    const form = new URLSearchParams(await bodyOf(request))
    if (form.get('grant_type') !== 'refresh_token') return { request: withForm(request, form) }
    const narrowedTo = await this.amend(request, form)
    return { request: withForm(request, form), ...(narrowedTo !== undefined && { narrowedTo }) }
  }

  /** @returns the narrowed scope, which is not left in the form */
  private async amend(request: IncomingMessage, form: URLSearchParams): Promise<string | undefined> {
    const token = await this.artifacts.refreshToken(form.get('refresh_token') ?? '')
    if (!token) return undefined
    const isNamed = ['client_id', 'client_assertion'].some((name) => form.has(name))
    if (!isNamed && request.headers.authorization === undefined && (await this.isPublic(token.clientId))) {
      form.set('client_id', token.clientId)
    }
    const asked = form.get('scope')
    const narrowed = asked === null ? undefined : this.within(asked, token.scope)
    if (narrowed !== undefined) form.delete('scope')
    return narrowed
  }

  private async isPublic(clientId: string): Promise<boolean> {
    const client = await this.clients.find(clientId)
    return client !== undefined && this.clients.metadata(client).token_endpoint_auth_method === 'none'
  }

  /** What is asked for, in canonical form; undefined when it is nothing, or wider than what was granted. */
  private within(asked: string, granted: string): string | undefined {
    const words = readWords(asked)
    const known = new Set(readWords(granted))
    const scopes = this.clients.readScopes(asked)
    const kept = narrow(scopes, this.clients.readScopes(granted))
    const isWider = printScopes(kept) !== printScopes(scopes) || words.some((word) => !known.has(word))
    return isWider || (kept.length === 0 && words.length === 0) ? undefined : printGranted(words, kept)
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** The same request with this form as its body, not yet read. */
function withForm(request: IncomingMessage, form: URLSearchParams): IncomingMessage {
  const body = Buffer.from(form.toString())
  const copy = new IncomingMessage(request.socket)
  Object.assign(copy, {
    method: request.method,
    url: request.url,
    httpVersion: request.httpVersion,
    headers: { ...request.headers, 'content-length': String(body.length) },
    complete: true,
  })
  copy.push(body)
  copy.push(null)
  return copy
}
