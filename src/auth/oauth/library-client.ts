import type { JWK } from 'jose'
import type { AdapterPayload, Provider } from 'oidc-provider'
import type { ClientMetadata } from '../clients/client-metadata.ts'
import { grantType } from './backend-services.ts'

/**
 * A client as the library wants it.
 *
 * @param key the one key that its assertion names, if it is registered: so exactly one is ever tried
 */
export function libraryClient(metadata: ClientMetadata, key: JWK | undefined): AdapterPayload {
  const { redirect_uris: redirects = [], token_endpoint_auth_signing_alg: algorithm } = metadata
  const method = metadata.token_endpoint_auth_method ?? 'private_key_jwt'
  const grants = (metadata.grant_types ?? [grantType]).filter(
    // in nobody's name: for who proves itself by a key alone
    (grant) => grant !== grantType || method === 'private_key_jwt',
  )
  const isApp = grants.includes('authorization_code') && redirects.length > 0
  return {
    client_id: metadata.client_id,
    grant_types: grants,
    response_types: isApp ? ['code'] : [],
    response_modes: ['query'],
    redirect_uris: redirects,
    // only so that the library takes redirects by a scheme of an app's own; they are compared exactly all the same
    application_type: redirects.every((uri) => /^https?:/.test(uri)) ? 'web' : 'native',
    token_endpoint_auth_method: method,
    allowed_origins: metadata.allowed_origins ?? [],
    ...(method === 'private_key_jwt' && algorithm !== undefined
      ? { token_endpoint_auth_signing_alg: algorithm }
      : {}),
    // the library wants to see one; it is compared by `Clients`, who has its hash
    ...(method === 'client_secret_basic' ? { client_secret: 'kept as a hash' } : {}),
    jwks: { keys: key ? [key] : [] },
  }
}

/** Redirect URIs are compared exactly, and secrets by their hash. */
export function compareExactly(
  provider: Provider,
  isSecret: (clientId: string, secret: string) => Promise<boolean>,
): void {
  Object.assign(provider.Client.prototype, {
    redirectUriAllowed(this: { redirectUris?: string[] }, uri: string) {
      return this.redirectUris?.includes(uri) ?? false
    },
    compareClientSecret(this: { clientId: string }, secret: string) {
      return isSecret(this.clientId, secret)
    },
  })
}
