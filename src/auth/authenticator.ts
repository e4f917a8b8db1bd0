import { Injectable } from '@nestjs/common'
import { FhirError, issue } from '../fhir/outcome.ts'
import { Settings } from '../config.ts'
import { onBase, researchRights } from './oauth/backend-services.ts'
import { Clients } from './clients/clients.ts'
import { baseOf, fhirBase, type FhirBase } from './fhir-base.ts'
import { KeySets } from './clients/key-sets.ts'
import { OpaqueTokens } from './oauth/opaque-tokens.ts'
import { OpaqueTokenStrategy } from './oauth/opaque-token.strategy.ts'
import type { Principal, TokenSubject } from './principal.ts'
import { ResearchBases } from './research-bases.ts'
import { consoleClientId } from './people/account-event.ts'
import { Sessions, type CurrentPerson } from './people/sessions.ts'
import { readSettingsArray } from './settings-file.ts'
import { StrategyChain } from './strategy-chain.ts'
import { TrustedIssuer, trustedIssuerStrategy } from './oauth/trusted-issuer.ts'

/** Decides who a request at a FHIR base comes from. The one way to a {@link Principal}. */
@Injectable()
export class Authenticator {
  private readonly chain: StrategyChain<TokenSubject>
  private readonly publicUrl: string

  constructor(
    private readonly tokens: OpaqueTokens,
    clients: Clients,
    keySets: KeySets,
    private readonly sessions: Sessions,
    private readonly researchBases: ResearchBases,
    settings: Settings,
  ) {
    this.publicUrl = settings.publicUrl
    const issuers = readTrustedIssuers(settings)
    const careUrl = baseOf(this.publicUrl, undefined).url
    this.chain = new StrategyChain<TokenSubject>([
      new OpaqueTokenStrategy(tokens),
      ...issuers.map((issuer) => trustedIssuerStrategy(issuer, keySets, clients, careUrl)),
    ])
  }

  /**
   * @param authorization the header as it came
   * @param base `/fhir` or `/research/{permit}/fhir`: where the request was sent
   * @throws FhirError 401 without a token that is good at this base, 403 when the permit of a research
   *   base is not active or does not name the caller
   */
  async authenticate(
    authorization: string | undefined,
    base: string,
    ip: string | undefined,
  ): Promise<Principal> {
    const fhir = fhirBase(this.publicUrl, base)
    if (!fhir) throw new TypeError('not a FHIR base')
    if (authorization === undefined) throw FhirError.login('an access token is needed')
    const subject = await this.chain.authenticate({ headers: { authorization }, base: fhir })
    if (subject) return this.clientPrincipal(subject, fhir, ip)
    const person = fhir.permit === undefined ? undefined : await this.sessions.authenticate(authorization)
    if (person) return this.personPrincipal(person, fhir, ip)
    throw new FhirError(401, [issue('login', 'the access token is not good here, or no longer')], {
      'WWW-Authenticate': 'Bearer realm="coffre", error="invalid_token"',
    })
  }

  /** When an access token ends, by its id; undefined when it was revoked, has ended, or another server's. */
  tokenExpiry(tokenId: string): Promise<Date | undefined> {
    return this.tokens.expiry(tokenId)
  }

  private async clientPrincipal(
    subject: TokenSubject,
    base: FhirBase,
    ip: string | undefined,
  ): Promise<Principal> {
    const { clientId, userId, tokenId, scopes, patient, grants, fhirUser, purpose } = subject
    if (base.permit !== undefined && !(await this.researchBases.admitsClient(base.permit, clientId))) {
      throw FhirError.forbidden('not a base that this client may use')
    }
    if (userId !== undefined) await this.demandMember(base, userId)
    return {
      caller: { clientId, userId, tokenId, ip, ...(purpose && { purpose }) },
      ...{ base: base.path, scopes: onBase(base, scopes), patient, grants },
      ...(fhirUser !== undefined && { fhirUser }),
    }
  }

  /** An app that a permit names is let in with the people whom it names. @throws FhirError 403 */
  private async demandMember(base: FhirBase, userId: string): Promise<void> {
    if (base.permit !== undefined && !(await this.researchBases.admitsPerson(base.permit, userId))) {
      throw FhirError.forbidden('not a base that this person may use')
    }
  }

  private async personPrincipal(
    person: CurrentPerson,
    base: FhirBase,
    ip: string | undefined,
  ): Promise<Principal> {
    await this.demandMember(base, person.userId)
    return {
      caller: { clientId: consoleClientId, userId: person.userId, tokenId: person.sessionId, ip },
      base: base.path,
      scopes: researchRights,
      patient: undefined,
      grants: new Set(),
    }
  }
}

function readTrustedIssuers(settings: Settings): TrustedIssuer[] {
  const text = settings.COFFRE_TRUSTED_ISSUERS
  return text === undefined ? [] : readSettingsArray('COFFRE_TRUSTED_ISSUERS', text, TrustedIssuer)
}
