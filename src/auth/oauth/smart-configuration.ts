import { assertionAlgorithms } from '../clients/client-metadata.ts'
import type { FhirBase } from '../fhir-base.ts'

/** What of the authorization server is mounted in this process, beside the token endpoint. */
export interface ServedEndpoints {
  readonly authorize: boolean
  /** for EHRs, which open launches */
  readonly launch: boolean
  readonly register: boolean
  /** the page where people see and stop their apps */
  readonly manage: boolean
}

/**
 * The discovery document of a FHIR base: what works there, and nothing else. On a research base nobody is
 * signed in to an app as somebody of the records, and no patient is chosen.
 *
 * @param publicUrl the server's, without a trailing slash
 * @see SMART App Launch 2.2 § Conformance (Using .well-known)
 */
export function smartConfiguration(base: FhirBase, served: ServedEndpoints, publicUrl: string): object {
  const { authUrl } = base
  const isCare = base.permit === undefined
  const hasOpenId = isCare && served.authorize
  return {
    ...(hasOpenId && { issuer: authUrl, jwks_uri: `${authUrl}/jwks` }),
    ...(served.authorize && { authorization_endpoint: `${authUrl}/authorize` }),
    token_endpoint: `${authUrl}/token`,
    revocation_endpoint: `${authUrl}/revoke`,
    introspection_endpoint: `${authUrl}/introspect`,
    ...(served.register && { registration_endpoint: `${publicUrl}/auth/register` }),
    ...(served.manage && { management_endpoint: `${publicUrl}/account/apps` }),
    grant_types_supported: [...(served.authorize ? ['authorization_code'] : []), 'client_credentials'],
    ...(served.authorize && {
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    }),
    token_endpoint_auth_methods_supported: [
      ...(served.authorize ? ['client_secret_basic'] : []),
      'private_key_jwt',
    ],
    token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    scopes_supported: scopesAt(isCare, served),
    capabilities: capabilitiesAt(isCare, served),
  }
}

function scopesAt(isCare: boolean, served: ServedEndpoints): readonly string[] {
  const words = served.authorize ? ['offline_access', 'online_access'] : []
  const contexts = served.authorize ? ['user', 'system'] : ['system']
  const reading = contexts.flatMap((context) => [`${context}/*.rs`, `${context}/*.read`])
  if (!isCare) return [...words, ...reading]
  const all = ['cruds', 'rs', '*', 'read', 'write']
  const inContexts = (names: readonly string[]) =>
    names.flatMap((context) => all.map((letters) => `${context}/*.${letters}`))
  if (!served.authorize) return inContexts(['system'])
  const launch = served.launch ? ['launch'] : []
  return [
    ...['openid', 'fhirUser', ...launch, 'launch/patient'],
    ...words,
    ...inContexts(['patient', 'user', 'system']),
  ]
}

/** @see SMART App Launch 2.2 § Capability sets */
function capabilitiesAt(isCare: boolean, served: ServedEndpoints): readonly string[] {
  const backend = ['client-confidential-asymmetric', 'permission-v1', 'permission-v2']
  if (!served.authorize) return backend
  const apps = [
    ...backend,
    ...['launch-standalone', 'authorize-post', 'client-public', 'client-confidential-symmetric'],
    ...['permission-offline', 'permission-online', 'permission-user'],
  ]
  if (!isCare) return apps
  const people = ['sso-openid-connect', 'context-standalone-patient', 'permission-patient']
  const ehr = [
    'launch-ehr',
    'context-ehr-patient',
    'context-ehr-encounter',
    'context-banner',
    'context-style',
  ]
  return [...apps, ...people, ...(served.launch ? ehr : [])]
}
