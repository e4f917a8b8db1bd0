import { IsOptional, IsString, IsUrl, ValidateBy } from 'class-validator'
import { createPublicKey } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JWK } from 'jose'
import { ExtractJwt, Strategy, type SecretOrKeyProvider } from 'passport-jwt'
import { narrow, type Scope } from '../../access/scope.ts'
import { clockSkewSeconds } from './assertion.ts'
import { isSafeUrl } from '../clients/client-metadata.ts'
import type { Clients } from '../clients/clients.ts'
import type { KeySets } from '../clients/key-sets.ts'
import type { TokenSubject } from '../principal.ts'
import { fhirUserSyntax } from '../people/rights.ts'
import { settle, type Credentials } from '../strategy-chain.ts'
import { hashOf } from '../hash.ts'

/** One entry of `COFFRE_TRUSTED_ISSUERS`. */
export class TrustedIssuer {
  /** exactly what its tokens hold in `iss` */
  @IsUrl({ protocols: ['https', 'http'], require_tld: false, require_protocol: true })
  issuer!: string

  @ValidateBy(
    { name: 'isSafeUrl', validator: { validate: isSafeUrl } },
    { message: 'jwks_uri: https, unless the host is loopback' },
  )
  jwks_uri!: string

  /** what it writes in `aud` for the care base; unset: the base's URL, as for every research base */
  @IsOptional()
  @IsString()
  audience?: string
}

const algorithms = ['RS256', 'RS384', 'ES256', 'ES384'] as const

/**
 * Verifies the JWT access tokens of one OpenID provider outside. Issuer, algorithms and keys are
 * pinned; the audience must be the base that the token was sent to; the client must be registered here,
 * and its policy bounds what the token says.
 *
 * @param careUrl the care base's, in which `fhirUser` may be written absolutely
 */
export function trustedIssuerStrategy(
  trusted: TrustedIssuer,
  keySets: KeySets,
  clients: Clients,
  careUrl: string,
): Strategy {
  const keyOf: SecretOrKeyProvider = (_request, token: string, done) => {
    settle(publicKey(token, trusted, keySets), (error, pem) => done(error, pem || undefined))
  }
  return new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: keyOf,
      issuer: trusted.issuer,
      algorithms: [...algorithms],
      jsonWebTokenOptions: { clockTolerance: clockSkewSeconds },
      passReqToCallback: true,
    },
    (request: unknown, claims: Claims, done: (error: unknown, subject?: TokenSubject | false) => void) => {
      const { base } = request as Credentials // what StrategyChain passes
      const audience = base?.permit === undefined ? (trusted.audience ?? base?.url) : base.url
      if (!isFor(claims, audience)) return done(null, false)
      settle(subjectOf(claims, trusted.issuer, clients, careUrl), done)
    },
  )
}

type Claims = Readonly<Record<string, unknown>>

async function publicKey(token: string, trusted: TrustedIssuer, keySets: KeySets): Promise<string> {
  // before anything is fetched: the token claims to be of this issuer
  if (decodeJwt(token).iss !== trusted.issuer) throw new Error('of another issuer')
  const key: JWK | undefined = await keySets.find(trusted.jwks_uri, decodeProtectedHeader(token))
  if (!key) throw new Error('no such key')
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()
}

/** A token without an end, or for no one in particular, is good for nothing. */
function isFor(claims: Claims, audience: string | undefined): boolean {
  if (audience === undefined || typeof claims['exp'] !== 'number') return false
  return [claims['aud']].flat().includes(audience)
}

async function subjectOf(
  claims: Claims,
  issuer: string,
  clients: Clients,
  careUrl: string,
): Promise<TokenSubject | undefined> {
  const { sub, scope, patient } = claims
  const clientId = claims['client_id'] ?? claims['azp']
  const client = typeof clientId === 'string' ? await clients.find(clientId) : undefined
  if (!client || typeof scope !== 'string') return undefined
  const context = typeof patient === 'string' ? patient : undefined
  const scopes = narrow(clients.readScopes(scope), clients.policy(client))
  return {
    clientId: client.clientId,
    // never to be taken for one of our own people
    userId: typeof sub === 'string' && sub !== client.clientId ? `${issuer}#${sub}` : undefined,
    tokenId: tokenIdOf(issuer, claims),
    scopes: scopes.filter((one: Scope) => one.context !== 'patient' || context !== undefined),
    patient: context,
    // grants are for clients that have proved themselves to us with their key
    grants: new Set(),
    // it lets its client read who that is
    ...(scope.split(' ').includes('fhirUser') && fhirUserOf(claims, careUrl)),
  }
}

/** Who the person is in our records; what is of another server says nothing here. */
function fhirUserOf({ fhirUser }: Claims, careUrl: string): Pick<TokenSubject, 'fhirUser'> {
  if (typeof fhirUser !== 'string') return {}
  const relative = fhirUser.startsWith(`${careUrl}/`) ? fhirUser.slice(careUrl.length + 1) : fhirUser
  return fhirUserSyntax.test(relative) ? { fhirUser: relative } : {}
}

/** The same for the same token. */
function tokenIdOf(issuer: string, { jti, sub, iat }: Claims): string {
  return hashOf(JSON.stringify([issuer, jti ?? [sub, iat]]))
    .subarray(0, 16)
    .toString('hex')
}
