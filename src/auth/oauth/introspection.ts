import { Injectable } from '@nestjs/common'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { IncomingMessage } from 'node:http'
import { FhirError } from '../../fhir/outcome.ts'
import { Settings } from '../../config.ts'
import { Authenticator } from '../authenticator.ts'
import { Clients } from '../clients/clients.ts'
import { baseOf, type FhirBase } from '../fhir-base.ts'
import { OpaqueTokens } from './opaque-tokens.ts'
import { launchedFor } from './token-response.ts'

/**
 * Token introspection, for clients that hold the grant `introspect`: they may ask about the tokens of any
 * client. They show who they are with an access token, which the library does not know, or by their own
 * authentication, which it sees to. A token that is not good at this base is not active.
 *
 * @see RFC 7662; SMART App Launch 2.2 § Token Introspection
 */
@Injectable()
export class Introspection {
  private readonly careBase: FhirBase

  constructor(
    private readonly authenticator: Authenticator,
    private readonly clients: Clients,
    private readonly tokens: OpaqueTokens,
    settings: Settings,
  ) {
    this.careBase = baseOf(settings.publicUrl, undefined)
  }

  /** Answers in place of the library, or with the library's word on who asks. */
  async answer(ctx: KoaContextWithOIDC, base: FhirBase, next: () => Promise<void>): Promise<void> {
    const { authorization } = ctx.headers
    if (authorization !== undefined && /^Bearer /i.test(authorization)) {
      await this.answerBearer(ctx, base, authorization)
    } else {
      await next()
      if (!hasAuthenticated(ctx)) return
      const { client, params } = ctx.oidc
      const registered = client && (await this.clients.find(client.clientId))
      await this.send(ctx, base, registered?.grants ?? [], params?.['token'])
    }
  }

  private async answerBearer(ctx: KoaContextWithOIDC, base: FhirBase, authorization: string): Promise<void> {
    try {
      const { grants } = await this.authenticator.authenticate(authorization, base.path, ctx.ip)
      const form = new URLSearchParams(await textOf(ctx.req))
      await this.send(ctx, base, [...grants], form.get('token'))
    } catch (error) {
      if (!(error instanceof FhirError)) throw error
      ctx.status = error.status
      ctx.set(error.headers)
      ctx.body = { error: error.status === 401 ? 'invalid_token' : 'access_denied' }
    }
  }

  private async send(
    ctx: KoaContextWithOIDC,
    base: FhirBase,
    grants: readonly string[],
    token: unknown,
  ): Promise<void> {
    const isAllowed = grants.includes('introspect')
    ctx.status = isAllowed ? 200 : 403
    ctx.body = isAllowed ? await this.describe(base, token) : { error: 'access_denied' }
  }

  /** What RFC 7662 § 2.2 and SMART tell of a token; of one that is not good at this base, nothing. */
  private async describe(base: FhirBase, value: unknown): Promise<object> {
    const token = typeof value === 'string' ? await this.tokens.find(value) : undefined
    if (token?.audience !== base.url) return { active: false }
    const { userId, fhirUser, context } = token
    return {
      ...{ active: true, scope: token.scope, client_id: token.clientId, token_type: 'Bearer' },
      ...{ exp: token.expiresAt, iat: token.issuedAt, iss: this.careBase.authUrl, aud: token.audience },
      ...(userId !== undefined && { sub: userId, username: userId }),
      ...(fhirUser !== undefined && { fhirUser: `${this.careBase.url}/${fhirUser}` }),
      ...launchedFor(context),
    }
  }
}

/** Whether the library has taken who asks for who they say they are: it says 200, or dislikes the token. */
function hasAuthenticated({ status, body }: KoaContextWithOIDC): boolean {
  const isOfToken = isError(body) && body.error === 'unsupported_token_type'
  return status === 200 || isOfToken
}

function isError(body: unknown): body is { readonly error: unknown } {
  return typeof body === 'object' && body !== null && 'error' in body
}

/** A form with a token in it; one that is larger is read to its end, and asks about nothing. */
async function textOf(request: IncomingMessage): Promise<string> {
  let form = Buffer.alloc(0)
  for await (const chunk of request) {
    if (form.length <= largestForm) form = Buffer.concat([form, chunk as Buffer]) // no encoding is set
  }
  return form.length > largestForm ? '' : form.toString('utf8')
}

const largestForm = 64 * 1024
