import { Injectable } from '@nestjs/common'
import { narrow, parseScope, printScopes, type Scope } from '../../access/scope.ts'
import { Settings } from '../../config.ts'
import { AuthSeal } from '../auth-seal.ts'
import { Clients } from '../clients/clients.ts'
import type { Artifact, Client, Person } from '../entities.ts'
import { baseOf } from '../fhir-base.ts'
import { fhirUserOf, rightsOf } from '../people/rights.ts'
import type { TokenSubject } from '../principal.ts'
import { hashOf } from '../hash.ts'
import { ArtifactStore, endOf } from './artifact-store.ts'
import { researchRights } from './backend-services.ts'
import { contextOf, type LaunchContext } from './launch-context.ts'
import { TokenMemory } from './token-memory.ts'

/** An access token of ours, with the base it was issued for. */
export interface IssuedToken extends TokenSubject {
  readonly audience: string
  /** as issued, as far as it reaches today */
  readonly scope: string
  readonly context: LaunchContext
  /** seconds since the epoch */
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * Looks access tokens up by their hash, and judges them by what holds now: a scope that the client's
 * policy or the person's rights have lost since is lost.
 */
@Injectable()
export class OpaqueTokens {
  private readonly careUrl: string

  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly clients: Clients,
    private readonly memory: TokenMemory,
    private readonly seal: AuthSeal,
    private readonly settings: Settings,
  ) {
    this.careUrl = baseOf(settings.publicUrl, undefined).url
  }

  /** @param now in ms since the epoch; @returns undefined when unknown, revoked or expired */
  find(value: string, now = Date.now()): Promise<IssuedToken | undefined> {
    return this.memory.find(tokenIdOf(hashOf(value)), now, async () => {
      const found = await this.artifacts.accessToken(value, new Date(now))
      return found && this.read(found)
    })
  }

  /** When a token ends, by the id that it has in the trail; undefined when revoked, expired or not ours. */
  async expiry(tokenId: string): Promise<Date | undefined> {
    return /^[0-9a-f]{32}$/.test(tokenId) ? this.artifacts.expiry(Buffer.from(tokenId, 'hex')) : undefined
  }

  /** What this process revoked: the others hear of it from the database. */
  forgetAll(): void {
    this.memory.forgetAll()
  }

  private read(found: Artifact): IssuedToken | undefined {
    const { client, person, payload } = found
    const { scope, aud, iat } = payload as { scope?: unknown; aud?: unknown; iat?: unknown }
    if (typeof scope !== 'string' || typeof aud !== 'string' || typeof iat !== 'number') return undefined
    // what was issued for a person is nothing without them
    if (!client || (found.model === 'AccessToken' && !person)) return undefined
    const context = contextOf(this.seal, found)
    const scopes = this.scopesNow(scope, aud, client, person ?? undefined, context)
    const words = scope.split(' ').filter((word) => word !== '' && !parseScope(word, this.settings.zone))
    const fhirUser = person && words.includes('fhirUser') ? fhirUserOf(this.seal, person) : undefined
    return {
      clientId: client.clientId,
      userId: person?.username,
      tokenId: tokenIdOf(found.idHash),
      scopes,
      patient: context.patient,
      grants: new Set(client.grants),
      audience: aud,
      scope: [...words, printScopes(scopes)].filter((one) => one !== '').join(' '),
      context,
      issuedAt: iat,
      expiresAt: Math.floor(endOf(found).getTime() / 1000),
      ...(fhirUser !== undefined && { fhirUser }),
      ...(context.emergency && { purpose: 'BTG' as const }),
    }
  }

  /** Never wider than the client's policy, nor than what its person may do themselves at this base. */
  private scopesNow(
    scope: string,
    audience: string,
    client: Client,
    person: Person | undefined,
    { emergency }: LaunchContext,
  ): readonly Scope[] {
    const ofClient = narrow(this.clients.readScopes(scope), this.clients.policy(client))
    if (!person) return ofClient.filter(({ context }) => context === 'system')
    const isCare = audience === this.careUrl
    const rights = isCare ? rightsOf(person, emergency !== undefined, this.settings.zone) : researchRights
    return narrow(ofClient, rights)
  }
}

/** As a token is called in the trail. 128 bits of its hash: nobody makes a second one to it. */
function tokenIdOf(hash: Buffer): string {
  return hash.subarray(0, 16).toString('hex')
}
