import { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import { assertionAlgorithms } from '../clients/client-metadata.ts'
import { clockSkewSeconds } from './assertion.ts'
import { grantType } from './backend-services.ts'

/** What of the library's configuration depends on nothing: opaque tokens only, nothing on that is not SMART's. */
export const fixedConfiguration: Configuration = {
  routes: {
    authorization: '/authorize',
    token: '/token',
    revocation: '/revoke',
    introspection: '/introspect',
    jwks: '/jwks',
  },
  clientAuthMethods: ['none', 'client_secret_basic', 'private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: [...assertionAlgorithms],
    idTokenSigningAlgValues: ['RS256'],
  },
  clientDefaults: {
    grant_types: [grantType],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'RS256',
  },
  extraClientMetadata: { properties: ['allowed_origins'] },
  clockTolerance: clockSkewSeconds,
  allowOmittingSingleRegisteredRedirectUri: false,
}

/** The library's features that are on. */
export const fixedFeatures: NonNullable<Configuration['features']> = {
  devInteractions: { enabled: false },
  userinfo: { enabled: false },
  rpInitiatedLogout: { enabled: false },
  // it authenticates who asks, and `Introspection` answers
  introspection: { enabled: true, allowedPolicy: () => false },
  revocation: { enabled: true, allowedPolicy: isOwnToken },
  clientCredentials: { enabled: true },
}

/** RFC 7009 §2.1: a client that revokes the token of another is told so. */
function isOwnToken(
  _: KoaContextWithOIDC,
  client: { clientId: string },
  token: { clientId?: string | undefined },
) {
  if (token.clientId !== client.clientId) throw new errors.InvalidRequest('the token of another client')
  return true
}

/** RFC 6749 §5.1 headers, and §5.2: authentication that failed in any way is `invalid_client`. */
export async function answerAsSmart(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next()
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Pragma', 'no-cache')
  ctx.set('Referrer-Policy', 'no-referrer')
  const body: unknown = ctx.body
  const isError = typeof body === 'object' && body !== null && 'error' in body
  if (isError && body.error === 'invalid_request' && ctx.oidc.params && !ctx.oidc.client) {
    ctx.status = 401
    ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' }
  }
}
