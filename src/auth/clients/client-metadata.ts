import {
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  ValidateBy,
} from 'class-validator'
import type { JSONWebKeySet, JWK } from 'jose'

/** Grants that a client can hold beside its scopes. Nobody has one by default. */
export const clientGrants = [
  'bulk-identified',
  'delete-multiple',
  'expunge',
  'import',
  'introspect',
  'launch',
  'merge',
  'reindex',
] as const

export const clientGrantTypes = ['authorization_code', 'refresh_token', 'client_credentials'] as const
export const clientAuthMethods = ['none', 'client_secret_basic', 'private_key_jwt'] as const

/** Signature algorithms of client assertions. @see SMART App Launch 2.2 § Asymmetric client authentication */
export const assertionAlgorithms = ['RS384', 'ES384'] as const

/**
 * A client's registration: RFC 7591 metadata, `scope` as its policy, and `grants`. Only what works is
 * taken, so that nobody believes in a registration that does nothing.
 */
export class ClientMetadata {
  @Matches(/^[\x21-\x7e]{1,200}$/, { message: 'client_id: 1 to 200 visible ASCII characters' })
  client_id!: string

  @IsString({ message: 'scope: a string of SMART scopes' })
  scope!: string

  @IsOptional()
  @IsArray()
  @IsIn(clientGrants, { each: true, message: `grants: of ${clientGrants.join(', ')}` })
  grants?: (typeof clientGrants)[number][]

  @IsOptional()
  @ArrayNotEmpty()
  @IsIn(clientGrantTypes, { each: true, message: `grant_types: of ${clientGrantTypes.join(', ')}` })
  grant_types?: (typeof clientGrantTypes)[number][]

  /** compared exactly */
  @IsOptional()
  @IsArray()
  @ValidateBy(
    { name: 'isRedirect', validator: { validate: isRedirect } },
    { each: true, message: "redirect_uris: https, http on loopback, or an app's own com.example.app:/" },
  )
  redirect_uris?: string[]

  @IsOptional()
  @IsIn(clientAuthMethods, { message: `token_endpoint_auth_method: of ${clientAuthMethods.join(', ')}` })
  token_endpoint_auth_method?: (typeof clientAuthMethods)[number]

  /** SHA-256 in hex of a long random secret: what is at rest in place of the secret */
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/, { message: 'client_secret_hash: SHA-256 in hex' })
  client_secret_hash?: string

  @IsOptional()
  @IsIn(assertionAlgorithms, {
    message: `token_endpoint_auth_signing_alg: ${assertionAlgorithms.join(' or ')}`,
  })
  token_endpoint_auth_signing_alg?: (typeof assertionAlgorithms)[number]

  @IsOptional()
  @IsPublicKeySet()
  jwks?: JSONWebKeySet

  @IsOptional()
  @IsUrl({ protocols: ['https', 'http'], require_tld: false, require_protocol: true })
  @IsSafeUrl()
  jwks_uri?: string

  /** of the pages that the client runs in: they may use the FHIR base and the token endpoint from there */
  @IsOptional()
  @IsOrigin()
  allowed_origins?: string[]

  @IsOptional()
  @IsString()
  client_name?: string

  @IsOptional()
  @IsString()
  client_uri?: string

  @IsOptional()
  @IsString({ each: true })
  contacts?: string[]

  @IsOptional()
  @IsString()
  software_id?: string

  @IsOptional()
  @IsString()
  software_version?: string
}

function IsPublicKeySet(): PropertyDecorator {
  return ValidateBy(
    { name: 'isPublicKeySet', validator: { validate: isPublicKeySet } },
    { message: 'jwks: { "keys": [ public RSA or EC keys, each with a kid ] }' },
  )
}

function isPublicKeySet(value: unknown): value is JSONWebKeySet {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined
  return Array.isArray(keys) && keys.length > 0 && keys.every(isPublicKey)
}

/** Whether it is the public half of an RSA or EC key that can be told by its `kid`. */
export function isPublicKey(value: unknown): value is JWK & { kid: string; kty: 'RSA' | 'EC' } {
  if (typeof value !== 'object' || value === null || !('kid' in value) || !('kty' in value)) return false
  if (typeof value.kid !== 'string' || value.kid === '') return false
  return (value.kty === 'RSA' || value.kty === 'EC') && !('d' in value)
}

/** Whether keys may be fetched from there: https, or the machine itself. */
export function isSafeUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const url = new URL(value)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.username === '' && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback))
}

/** Whether an app may be sent back there: no fragment; a scheme of its own has a dot. @see RFC 8252 § 7.1 */
export function isRedirect(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value) || value.includes('#')) return false
  return isSafeUrl(value) || /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/i.test(value)
}

function IsOrigin(): PropertyDecorator {
  return ValidateBy(
    { name: 'isOrigin', validator: { validate: isListOfOrigins } },
    { message: 'allowed_origins: [ "https://host" ], without a path; http on loopback alone' },
  )
}

function isListOfOrigins(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => isSafeUrl(one) && new URL(String(one)).origin === one)
}

function IsSafeUrl(): PropertyDecorator {
  return ValidateBy(
    { name: 'isSafeUrl', validator: { validate: isSafeUrl } },
    { message: 'jwks_uri: https, unless the host is loopback' },
  )
}
