import { Injectable } from '@nestjs/common'
import { InjectRepository } from '@nestjs/typeorm'
import { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { IncomingMessage } from 'node:http'
import { Repository } from 'typeorm'
import { Settings } from '../../config.ts'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { Clients } from '../clients/clients.ts'
import { Person } from '../entities.ts'
import { baseOf, type FhirBase } from '../fhir-base.ts'
import { Sessions, type CurrentPerson } from '../people/sessions.ts'
import { fhirUserOf } from '../people/rights.ts'
import { ResearchBases } from '../research-bases.ts'
import { ArtifactStore } from './artifact-store.ts'
import { AuthorizationRequests, type AuthorizationRequest } from './authorization-requests.ts'
import { accessTokenSeconds, offlineSeconds, onlineSeconds } from './granted.ts'
import { smartPolicy, type PolicySource } from './interaction-policy.ts'
import { interactionSeconds, Launches } from './launches.ts'
import { contextParameters } from './token-response.ts'

/** "Authorization codes … SHOULD expire within one minute": SMART App Launch 2.2 § Best practices */
const codeSeconds = 60
type BaseOf = (ctx: KoaContextWithOIDC) => FhirBase

/** SMART App Launch as far as the library has to be told: what it asks for while it answers. */
@Injectable()
export class CodeFlow {
  private readonly care: FhirBase
  private readonly requests = new WeakMap<object, Promise<AuthorizationRequest>>()

  constructor(
    private readonly asked: AuthorizationRequests,
    private readonly launches: Launches,
    private readonly artifacts: ArtifactStore,
    private readonly clients: Clients,
    private readonly researchBases: ResearchBases,
    private readonly sessions: Sessions,
    @InjectRepository(Person) private readonly people: Repository<Person>,
    private readonly seal: AuthSeal,
    settings: Settings,
  ) {
    this.care = baseOf(settings.publicUrl, undefined)
  }

  configuration(base: BaseOf): Configuration {
    return {
      interactions: {
        policy: smartPolicy(this.policySource(base)),
        url: (_ctx, { uid }) => `${this.care.authUrl}/interaction/${uid}`,
      },
      extraParams: {
        aud: (ctx, aud) => this.demandRequest(ctx, base(ctx), aud),
        launch: (ctx, launch, client) => this.demandLaunch(ctx, base(ctx), launch, client.clientId),
      },
      pkce: { required: () => true },
      responseTypes: ['code'],
      scopes: ['openid', 'offline_access'],
      claims: { openid: ['sub', 'fhirUser'] },
      ttl: {
        AuthorizationCode: codeSeconds,
        AccessToken: (ctx) => Math.min(accessTokenSeconds, ctx.oidc.entities.Grant?.remainingTTL ?? 1),
        RefreshToken: (_ctx, token) => (token.scopes.has('offline_access') ? offlineSeconds : onlineSeconds),
        IdToken: accessTokenSeconds,
        Interaction: interactionSeconds,
        Session: onlineSeconds,
        Grant: accessTokenSeconds,
      },
      // what ends with a sign-in is bound to its row: see `ArtifactStore.bindGrant`
      expiresWithSession: () => false,
      issueRefreshToken: (_ctx, client, { scopes }) =>
        client.grantTypeAllowed('refresh_token') &&
        (scopes.has('offline_access') || scopes.has('online_access')),
      rotateRefreshToken: true,
      findAccount: (_ctx, username) => this.account(username),
      loadExistingGrant: (ctx) => grantedNow(ctx, base(ctx)),
    }
  }

  /** Scopes are SMART's alone, and so they are those of a resource server: the base that was asked. */
  resourceIndicators(base: BaseOf): NonNullable<Configuration['features']>['resourceIndicators'] {
    return {
      enabled: true,
      defaultResource: (ctx) => base(ctx).url,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => {
        if (resource !== base(ctx).url) throw new errors.InvalidTarget('not the URL of this FHIR base')
        const { AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities
        const scope = code?.scope ?? refresh?.scope ?? ctx.oidc.params?.['scope']
        return { scope: typeof scope === 'string' ? scope : '', accessTokenFormat: 'opaque' as const }
      },
    }
  }

  /** Adds SMART's parameters to a token response, and says again that nobody may keep it. */
  async completeResponse(ctx: KoaContextWithOIDC, body: object): Promise<object> {
    const { grantId } = ctx.oidc.entities.AccessToken ?? {}
    const context = grantId === undefined ? undefined : await this.artifacts.contextOfGrant(grantId)
    return context ? { ...body, ...contextParameters(context, this.care.authUrl) } : body
  }

  /** Who is signed in at the browser that a request comes from. */
  signedIn(request: IncomingMessage): Promise<CurrentPerson | undefined> {
    return this.sessions.ofCookie(request.headers.cookie)
  }

  private policySource(base: BaseOf): PolicySource {
    const person = (ctx: KoaContextWithOIDC) => this.signedIn(ctx.req)
    return {
      person,
      request: (ctx) => {
        const known = this.requests.get(ctx)
        if (known) return known
        const read = person(ctx).then((current) => this.read(ctx, base(ctx), current?.userId))
        this.requests.set(ctx, read)
        return read
      },
    }
  }

  private read(
    ctx: KoaContextWithOIDC,
    base: FhirBase,
    username: string | undefined,
  ): Promise<AuthorizationRequest> {
    const { params = {}, result, entities, client } = ctx.oidc
    const chosen = this.chosenPatient(result, entities.Interaction?.cid)
    return this.asked.read(
      { clientId: client?.clientId ?? '', base, scope: text(params['scope']), launch: handleOf(params) },
      username,
      chosen,
    )
  }

  /** The patient in an interaction's result, which is sealed there. */
  chosenPatient(result: object | undefined, cid: string | undefined): string | undefined {
    if (cid === undefined || !result || !('patient' in result)) return undefined
    const sealed = Buffer.from(text(result.patient), 'base64')
    return String(this.seal.open(sealed, sealedPlace.chosenPatient(cid)))
  }

  private demandRequest(ctx: KoaContextWithOIDC, base: FhirBase, aud: unknown): void {
    if (this.asked.baseOfAudience(aud)?.url !== base.url) {
      throw new errors.InvalidRequest('aud: must be the URL of this FHIR base')
    }
    const { params, prompts } = ctx.oidc
    if (params) params['aud'] = base.url
    // a sign-in is as old as it is: what cannot be had is refused, not passed over
    if (params?.['max_age'] !== undefined || prompts.has('login')) {
      throw new errors.InvalidRequest('max_age, prompt=login: not supported')
    }
  }

  private async demandLaunch(
    ctx: KoaContextWithOIDC,
    base: FhirBase,
    handle: string | undefined,
    clientId: string,
  ): Promise<void> {
    const client = await this.clients.find(clientId)
    if (!client) throw new errors.InvalidClient('client is invalid', 'client not found')
    if (base.permit !== undefined && !(await this.researchBases.admitsClient(base.permit, clientId))) {
      throw new errors.UnauthorizedClient('not a base that this client may use')
    }
    const scope = text(ctx.oidc.params?.['scope'])
    const words = this.asked.words(client, base, scope)
    if (words.includes('launch') !== (handle !== undefined)) {
      throw new errors.InvalidRequest('launch: the parameter and the scope go together')
    }
    if (this.asked.withinPolicy(client, base, scope).length === 0 && !words.includes('openid')) {
      throw new errors.InvalidScope('no scope that this client may have here', '')
    }
    if (handle !== undefined && !(await this.launches.spend(handle, clientId))) {
      throw new errors.InvalidRequest('launch: not a launch of this client, or no longer')
    }
  }

  private async account(username: string) {
    const person = await this.people.findOneBy({ username })
    if (!person) return undefined
    const fhirUser = fhirUserOf(this.seal, person)
    return {
      accountId: username,
      claims: (_use: string, scope: string) => ({
        sub: username,
        ...(fhirUser !== undefined &&
          scope.split(' ').includes('fhirUser') && { fhirUser: `${this.care.url}/${fhirUser}` }),
      }),
    }
  }
}

/** The grant that was just consented to. From here on what was granted is what was asked for. */
async function grantedNow(ctx: KoaContextWithOIDC, base: FhirBase) {
  const grantId = ctx.oidc.result?.consent?.grantId
  const grant = grantId === undefined ? undefined : await ctx.oidc.provider.Grant.find(grantId)
  if (grant && ctx.oidc.params) ctx.oidc.params['scope'] = grant.getResourceScope(base.url)
  return grant
}

export function handleOf(params: Readonly<Record<string, unknown>>): string | undefined {
  return typeof params['launch'] === 'string' ? params['launch'] : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
