import { Injectable, Logger } from '@nestjs/common'
import { decodeProtectedHeader } from 'jose'
import { errors, Provider } from 'oidc-provider'
import type { Adapter, AdapterPayload, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Settings } from '../../config.ts'
import { ArtifactStore } from './artifact-store.ts'
import { assertionFault } from './assertion.ts'
import { originsOf } from '../clients/client-origins.ts'
import { authorizeQuery } from './authorize-query.ts'
import { Clients } from '../clients/clients.ts'
import { baseOf, type FhirBase } from '../fhir-base.ts'
import { grantBackendServices, grantType } from './backend-services.ts'
import { CodeFlow } from './code-flow.ts'
import { errorPageHeaders, plainErrorPage, type ErrorPage } from './error-page.ts'
import { Introspection } from './introspection.ts'
import { compareExactly, libraryClient } from './library-client.ts'
import { OpaqueTokens } from './opaque-tokens.ts'
import { answerAsSmart, fixedConfiguration, fixedFeatures } from './provider-configuration.ts'
import { RefreshRequests } from './refresh-requests.ts'
import { ResearchBases } from '../research-bases.ts'
import { SigningKeys } from './signing-keys.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * SMART's authorization server on oidc-provider (docs/decisions/0004): one for all FHIR bases, mounted
 * once under each base's own URL. What the library does not know of SMART stands in the functions that
 * are handed to it here, and in {@link CodeFlow}.
 */
@Injectable()
export class AuthorizationServer {
  private readonly bases = new WeakMap<IncomingMessage, FhirBase>()
  private readonly narrowed = new WeakMap<IncomingMessage, string>()
  private readonly publicUrl: URL
  private readonly careBase: FhirBase
  private errorPage: ErrorPage = plainErrorPage
  private started: Promise<{ provider: Provider; handler: Handler }> | undefined

  constructor(
    private readonly clients: Clients,
    private readonly tokens: OpaqueTokens,
    private readonly introspection: Introspection,
    private readonly artifacts: ArtifactStore,
    private readonly researchBases: ResearchBases,
    private readonly codeFlow: CodeFlow,
    private readonly refreshes: RefreshRequests,
    private readonly signingKeys: SigningKeys,
    settings: Settings,
  ) {
    this.publicUrl = new URL(settings.publicUrl)
    this.careBase = baseOf(settings.publicUrl, undefined)
  }

  /** Called once by whoever has a better page than {@link plainErrorPage}. */
  renderErrorsWith(page: ErrorPage): void {
    this.errorPage = page
  }

  /** The library's server, for those who finish what its authorization endpoint began. */
  async provider(): Promise<Provider> {
    return (await this.start()).provider
  }

  /**
   * Answers a request to one of the library's endpoints at a base. Its body must not have been read.
   *
   * @param route the endpoint's path under the base's `authUrl`, without a slash in front
   */
  async answer(
    base: FhirBase,
    route: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const { handler } = await this.start()
      await handler(await this.prepare(base, route, request), response)
    } catch (error) {
      // the library answers for itself; this is what went wrong before it could
      logFailure(error)
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify({ error: 'server_error' }))
    }
  }

  private async prepare(base: FhirBase, route: string, request: IncomingMessage): Promise<IncomingMessage> {
    const [, search = ''] = /(\?.*)$/.exec(request.url ?? '') ?? []
    const { request: prepared, narrowedTo } =
      route === 'token' ? await this.refreshes.prepare(request) : { request, narrowedTo: undefined }
    this.bases.set(prepared, base)
    if (narrowedTo !== undefined) this.narrowed.set(prepared, narrowedTo)
    prepared.url = `/${route}${route === 'authorize' ? authorizeQuery(search) : ''}`
    this.speakPublicly(prepared, base)
    return prepared
  }

  /** The library makes its URLs and cookies from what a proxy says; what it is told are the public ones. */
  private speakPublicly(request: IncomingMessage, base: FhirBase): void {
    request.headers['x-forwarded-proto'] = this.publicUrl.protocol.slice(0, -1)
    request.headers['x-forwarded-host'] = this.publicUrl.host
    request.headers['x-forwarded-for'] = request.socket.remoteAddress ?? ''
    Object.assign(request, { baseUrl: new URL(base.authUrl).pathname })
  }

  private start(): Promise<{ provider: Provider; handler: Handler }> {
    this.started ??= this.build().catch((error: unknown) => {
      this.started = undefined
      throw error
    })
    return this.started
  }

  private async build(): Promise<{ provider: Provider; handler: Handler }> {
    const provider = new Provider(this.careBase.authUrl, await this.configuration())
    provider.proxy = true
    this.amendContext(provider)
    compareExactly(provider, (clientId, secret) => this.clients.isSecretOf(clientId, secret))
    provider.use(answerAsSmart)
    provider.use(async (ctx: KoaContextWithOIDC, next) => {
      await (ctx.path === '/introspect' ? this.introspection.answer(ctx, this.base(ctx), next) : next())
      if (ctx.path !== '/token' || ctx.status !== 200) return
      ctx.body = await this.codeFlow.completeResponse(ctx, ctx.body as object)
    })
    provider.registerGrantType(
      grantType,
      (ctx) => grantBackendServices(ctx, this.base(ctx), this.clients, this.researchBases),
      ['scope'],
    )
    provider.on('server_error', (_ctx, error) => logFailure(error))
    // the framework below it would print what was said
    EventEmitter.prototype.on.call(provider, 'error', logFailure)
    const callback = provider.callback()
    return { provider, handler: (request, response) => callback(request, response) }
  }

  private async configuration(): Promise<Configuration> {
    const base = (ctx: KoaContextWithOIDC) => this.base(ctx)
    return {
      ...fixedConfiguration,
      ...this.codeFlow.configuration(base),
      features: { ...fixedFeatures, resourceIndicators: this.codeFlow.resourceIndicators(base) },
      adapter: (model) => this.adapter(model),
      jwks: { keys: [await this.signingKeys.key()] },
      cookies: { names: cookieNames },
      // the page of another client is not answered in a way that it can read
      clientBasedCORS: (_ctx, origin, client) => originsOf(client.metadata()).includes(origin),
      assertJwtClientAuthClaimsAndHeader: (ctx, claims, header) => {
        const fault = assertionFault(claims, header, tokenUrl(this.base(ctx)), Date.now())
        if (fault !== undefined) throw new errors.InvalidClientAuth(fault)
      },
      // other endpoints have no pages; the library's own loads a font from elsewhere
      renderError: (ctx, out) => {
        const isPage = ctx.path.startsWith('/authorize')
        ctx.type = isPage ? 'html' : 'application/json'
        if (isPage) ctx.set(errorPageHeaders)
        ctx.body = isPage ? this.errorPage(ctx.req, out.error) : out
      },
    }
  }

  /** What the library's context has to do otherwise: the audience of assertions, and narrowed refreshes. */
  private amendContext(provider: Provider): void {
    const expectedAudience = (ctx: KoaContextWithOIDC) => new Set([tokenUrl(this.base(ctx))])
    const narrowedTo = (ctx: KoaContextWithOIDC) => this.narrowed.get(ctx.req)
    const { prototype } = provider.OIDCContext as { prototype: KoaContextWithOIDC['oidc'] }
    const entity = Object.getOwnPropertyDescriptor(prototype, 'entity')?.value as typeof prototype.entity
    Object.assign(prototype, {
      clientJwtAuthExpectedAudience(this: { ctx: KoaContextWithOIDC }) {
        return expectedAudience(this.ctx)
      },
      entity(this: typeof prototype & { ctx: KoaContextWithOIDC }, key: string, value: unknown) {
        const scope = narrowedTo(this.ctx)
        if (key === 'AccessToken' && scope !== undefined) Object.assign(value as object, { scope })
        entity.call(this, key, value)
      },
    })
  }

  private adapter(model: string): Adapter {
    const adapter = this.artifacts.adapter(model)
    if (model === 'Client') return { ...adapter, find: (id) => this.clientMetadata(id) }
    if (model === 'Session') return this.sessionAdapter(adapter)
    const destroy = async (id: string) => {
      await adapter.destroy(id)
      this.tokens.forgetAll()
    }
    const revokeByGrantId = async (grantId: string) => {
      await adapter.revokeByGrantId(grantId)
      this.tokens.forgetAll()
    }
    return { ...adapter, destroy, revokeByGrantId }
  }

  /** The library's session of a browser is good only with the sign-in that it was made in. */
  private sessionAdapter(adapter: Adapter): Adapter {
    const signIn = async () => {
      const request = Provider.ctx?.req
      return request && (await this.codeFlow.signedIn(request))?.sessionId
    }
    return {
      ...adapter,
      upsert: async (id, payload, seconds) =>
        adapter.upsert(id, { ...payload, signIn: await signIn() }, seconds),
      find: async (id) => {
        const found = await adapter.find(id)
        return found && found['signIn'] === (await signIn()) ? found : undefined
      },
    }
  }

  private base(ctx: KoaContextWithOIDC): FhirBase {
    const base = this.bases.get(ctx.req)
    if (!base) throw new TypeError('a request that did not come through answer()')
    return base
  }

  private async clientMetadata(clientId: string): Promise<AdapterPayload | undefined> {
    const client = await this.clients.find(clientId)
    if (!client) return undefined
    const assertion: unknown = Provider.ctx?.oidc.params?.['client_assertion']
    // key sets by URL are fetched under our own rules
    const header = typeof assertion === 'string' ? decodeProtectedHeader(assertion) : undefined
    const key = header && (await this.clients.key(client, header))
    return libraryClient(this.clients.metadata(client), key)
  }
}

/** Where it happened, and not what was said: messages may quote what was sent. */
function logFailure(error: unknown): void {
  const [name, frames] = error instanceof Error ? [error.name, framesOf(error)] : ['unknown', '']
  new Logger('oauth').error(`${name} ${frames}`)
}

function framesOf({ stack = '' }: Error): string {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return lines
    .slice(0, 8)
    .map((line) => line.trim())
    .join(' ')
}

function tokenUrl(base: FhirBase): string {
  return `${base.authUrl}/token`
}

const cookieNames = {
  session: 'coffre_authorization',
  interaction: 'coffre_interaction',
  resume: 'coffre_resume',
} as const
