import { parseScopes, printScopes, type Scope } from '../../access/scope.ts'
import { isLaunchWord, readWords } from '../oauth/launch-words.ts'
import type { ClientMetadata } from './client-metadata.ts'

/**
 * The most that a client may be granted, in canonical form.
 *
 * @param zone IANA zone in which dates of scopes' search parameters are read
 * @returns beside it what is wrong with the registration as a whole, as `member: what`
 */
export function policyOf(metadata: ClientMetadata, zone: string): { scope: string; fault?: string } {
  const scopes = parseScopes(metadata.scope, zone)
  const fault = faultsOf(metadata, scopes).find(([isWrong]) => isWrong)?.[1]
  return { scope: printScopes(scopes), ...(fault !== undefined && { fault }) }
}

/** What does not go together: whoever registers it would believe in something that does nothing, or too much. */
function faultsOf(metadata: ClientMetadata, scopes: readonly Scope[]): readonly [boolean, string][] {
  const { token_endpoint_auth_method: method = 'private_key_jwt', grants = [] } = metadata
  const grantTypes: readonly string[] = metadata.grant_types ?? ['client_credentials']
  const has = (grantType: string) => grantTypes.includes(grantType)
  const keySets = [metadata.jwks, metadata.jwks_uri].filter((one) => one !== undefined).length
  const hasKey = method === 'private_key_jwt'
  const texts = metadata.scope.split(' ').filter((text) => text !== '' && !isLaunchWord(text))
  const goOn = readWords(metadata.scope).some((word) => word.endsWith('_access'))
  return [
    [keySets !== (hasKey ? 1 : 0), 'jwks: this or jwks_uri, and not both, goes with private_key_jwt'],
    [has('client_credentials') && !hasKey, 'grant_types: client_credentials is for clients with a key'],
    [
      has('refresh_token') && !has('authorization_code'),
      'grant_types: refresh_token goes with authorization_code',
    ],
    [
      has('authorization_code') !== (metadata.redirect_uris ?? []).length > 0,
      'redirect_uris: go with the grant authorization_code',
    ],
    [
      (method === 'client_secret_basic') !== (metadata.client_secret_hash !== undefined),
      'client_secret_hash: goes with client_secret_basic',
    ],
    [grants.length > 0 && method === 'none', 'grants: are for clients that prove who they are'],
    [metadata.scope.trim() === '' || scopes.length < texts.length, 'scope: holds what is no SMART scope'],
    [
      !has('client_credentials') && scopes.some(({ context }) => context === 'system'),
      'scope: system/ goes with the grant client_credentials',
    ],
    [
      goOn && !has('refresh_token'),
      'scope: offline_access and online_access go with the grant refresh_token',
    ],
  ]
}
