import {
  Body,
  Controller,
  ForbiddenException,
  Header,
  Headers,
  HttpCode,
  Ip,
  Param,
  Post,
} from '@nestjs/common'
import { Settings } from '../../config.ts'
import { Authenticator } from '../authenticator.ts'
import { baseOf } from '../fhir-base.ts'
import { OpaqueTokens } from './opaque-tokens.ts'

/**
 * Token introspection, for clients that hold the grant `introspect` and show it with an access token.
 * They may ask about the tokens of any client; a token that is not good at this base is not active.
 *
 * @see RFC 7662; SMART App Launch 2.2 § Token Introspection
 */
@Controller('auth')
export class IntrospectionController {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly tokens: OpaqueTokens,
    private readonly settings: Settings,
  ) {}

  @Post(['introspect', 'research/:permit/introspect'])
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async introspect(
    @Param('permit') permit: string | undefined,
    @Headers('authorization') authorization: string | undefined,
    @Ip() ip: string,
    @Body() body: unknown,
  ) {
    const base = baseOf(this.settings.publicUrl, permit)
    const { grants } = await this.authenticator.authenticate(authorization, base.path, ip)
    if (!grants.has('introspect')) throw new ForbiddenException('needs the grant introspect')
    // forms come as text from our server's parser; what is not a form asks about nothing
    const value = typeof body === 'string' ? new URLSearchParams(body).get('token') : null
    const token = value === null ? undefined : await this.tokens.find(value)
    if (token?.audience !== base.url) return { active: false }
    return {
      active: true,
      scope: token.scope,
      client_id: token.clientId,
      token_type: 'Bearer',
      exp: token.expiresAt,
      iat: token.issuedAt,
      iss: baseOf(this.settings.publicUrl, undefined).authUrl,
      aud: token.audience,
    }
  }
}
