import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { In, MoreThan, Repository } from 'typeorm'
import { Trail } from '../../audit/trail.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { parseScopes, type Scope } from '../../access/scope.ts'
import { Settings } from '../../config.ts'
import { consoleClientId } from '../people/account-event.ts'
import { Clients } from '../clients/clients.ts'
import { Artifact } from '../entities.ts'
import type { CurrentPerson } from '../people/sessions.ts'
import { ArtifactStore, endOf } from './artifact-store.ts'
import { readWords, type LaunchWord } from './launch-words.ts'
import { OpaqueTokens } from './opaque-tokens.ts'

/** An app that somebody let in, as long as it has something left of it. */
export interface AuthorizedApp {
  readonly grantId: string
  readonly clientId: string
  /** what the app calls itself; undefined when it does not */
  readonly name: string | undefined
  /** URL of the FHIR base */
  readonly base: string
  readonly scopes: readonly Scope[]
  readonly words: readonly LaunchWord[]
  readonly since: Date
  /** when it last got a token */
  readonly lastUsed: Date
  /** when it ends by itself, if it is not used before */
  readonly until: Date
}

/** The apps that people let in, for them to see and to throw out. */
@Injectable()
export class AuthorizedApps {
  constructor(
    @InjectRepository(Artifact) private readonly table: Repository<Artifact>,
    private readonly artifacts: ArtifactStore,
    private readonly clients: Clients,
    private readonly tokens: OpaqueTokens,
    private readonly trail: Trail,
    private readonly settings: Settings,
  ) {}

  /** Newest first. */
  async of(username: string, now = new Date()): Promise<readonly AuthorizedApp[]> {
    const where = { model: 'Grant', username, expiresAt: MoreThan(now) }
    const grants = await this.table.find({ where, relations: { session: true } })
    const open = grants.filter((grant) => endOf(grant) > now)
    const names = await this.clients.names(open.flatMap(({ clientId }) => clientId ?? []))
    const used = await this.lastUses(open.flatMap(({ grantId }) => grantId ?? []))
    return open
      .flatMap((grant) => this.describe(grant, names, used) ?? [])
      .sort((left, right) => right.since.getTime() - left.since.getTime())
  }

  /**
   * Throws an app out: all that it was issued on this grant ends at once, in every process.
   *
   * @throws FhirError 404 when it is no grant of this person's
   */
  async revoke(person: CurrentPerson, grantId: string, ip: string | undefined): Promise<void> {
    const { userId, sessionId } = person
    const grant = await this.table.findOneBy({ model: 'Grant', username: userId, grantId })
    if (!grant) throw FhirError.notFound('authorization')
    await this.artifacts.revokeGrant(grantId)
    this.tokens.forgetAll()
    await this.trail.record({
      ...{ action: 'D', interaction: 'authorize-revoke', outcome: 'success', base: '/fhir' },
      access: {
        caller: { clientId: grant.clientId ?? consoleClientId, userId, tokenId: sessionId, ip },
      },
      ...{ entities: [], patients: [], at: new Date() },
    })
  }

  /** In seconds since the epoch, by grant. */
  private async lastUses(grantIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const issued = await this.table.find({
      select: { idHash: true, grantId: true, payload: true },
      where: { grantId: In([...grantIds]), model: In(['AccessToken', 'RefreshToken']) },
    })
    const uses = new Map<string, number>()
    for (const { grantId, payload } of issued) {
      const { iat = 0 } = payload as { iat?: number }
      if (grantId !== null) uses.set(grantId, Math.max(uses.get(grantId) ?? 0, iat))
    }
    return uses
  }

  private describe(
    grant: Artifact,
    names: ReadonlyMap<string, string>,
    used: ReadonlyMap<string, number>,
  ): AuthorizedApp | undefined {
    const { grantId, clientId } = grant
    const { iat = 0, resources = {} } = grant.payload as GrantPayload
    const [[base, scope] = []] = Object.entries(resources)
    if (grantId === null || clientId === null || base === undefined || scope === undefined) return undefined
    return {
      ...{ grantId, clientId, base, name: names.get(clientId) },
      ...{ scopes: parseScopes(scope, this.settings.zone), words: readWords(scope) },
      since: new Date(iat * 1000),
      lastUsed: new Date((used.get(grantId) ?? iat) * 1000),
      until: endOf(grant),
    }
  }
}

/** What is read of a grant as the library keeps it. */
interface GrantPayload {
  readonly iat?: number
  /** scope strings by base */
  readonly resources?: Readonly<Record<string, string>>
}
