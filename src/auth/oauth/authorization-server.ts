import { Injectable } from '@nestjs/common'
import { decodeProtectedHeader } from 'jose'
import { errors, Provider } from 'oidc-provider'
import type {
  Adapter,
  AdapterPayload,
  ClientMetadata,
  Configuration,
  KoaContextWithOIDC,
} from 'oidc-provider'
import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Settings } from '../../config.ts'
import { ArtifactStore } from './artifact-store.ts'
import { assertionFault, clockSkewSeconds } from './assertion.ts'
import { assertionAlgorithms } from '../clients/client-metadata.ts'
import { Clients } from '../clients/clients.ts'
import { baseOf, type FhirBase } from '../fhir-base.ts'
import { grantBackendServices, grantType } from './backend-services.ts'
import { Introspection } from './introspection.ts'
import { OpaqueTokens } from './opaque-tokens.ts'
import { ResearchBases } from '../research-bases.ts'

/** The endpoints of the library that are on, by the last segment of their path. */
export const oauthRoutes = ['token', 'revoke', 'introspect'] as const

/**
 * SMART's authorization server on oidc-provider (docs/decisions/0004): one for all FHIR bases, mounted
 * once under each base's own URL. What the library does not know of SMART stands in the functions that
 * are handed to it here.
 */
@Injectable()
export class AuthorizationServer {
  private readonly provider: Provider
  private readonly bases = new WeakMap<IncomingMessage, FhirBase>()
  private readonly handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>

  constructor(
    private readonly clients: Clients,
    private readonly tokens: OpaqueTokens,
    introspection: Introspection,
    artifacts: ArtifactStore,
    researchBases: ResearchBases,
    settings: Settings,
  ) {
    const careBase = baseOf(settings.publicUrl, undefined)
    const configuration: Configuration = {
      ...fixedConfiguration,
      adapter: (model) => this.adapter(model, artifacts),
      clientBasedCORS: (_ctx, origin, client) => isOriginOf(origin, client.metadata()),
      assertJwtClientAuthClaimsAndHeader: (ctx, claims, header) => {
        const fault = assertionFault(claims, header, tokenUrl(this.base(ctx)), Date.now())
        if (fault !== undefined) throw new errors.InvalidClientAuth(fault)
      },
    }
    this.provider = new Provider(careBase.authUrl, configuration)
    // the library works out its URLs from the Host header; ours are the public ones
    const expectedAudience = (ctx: KoaContextWithOIDC) => new Set([tokenUrl(this.base(ctx))])
    Object.assign(this.provider.OIDCContext.prototype, {
      clientJwtAuthExpectedAudience(this: { ctx: KoaContextWithOIDC }) {
        return expectedAudience(this.ctx)
      },
    })
    this.provider.use(answerAsSmart)
    this.provider.use((ctx: KoaContextWithOIDC, next) =>
      ctx.path === '/introspect' ? introspection.answer(ctx, this.base(ctx), next) : next(),
    )
    this.provider.registerGrantType(
      grantType,
      (ctx) => grantBackendServices(ctx, this.base(ctx), this.clients, researchBases),
      ['scope'],
    )
    const callback = this.provider.callback()
    this.handler = (request, response) => callback(request, response)
  }

  /** Answers a request to one of {@link oauthRoutes} of a base. Its body must not have been read. */
  async answer(
    base: FhirBase,
    route: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    this.bases.set(request, base)
    request.url = `/${route}`
    await this.handler(request, response)
  }

  private adapter(model: string, artifacts: ArtifactStore): Adapter {
    const adapter = artifacts.adapter(model)
    if (model === 'Client') return { ...adapter, find: (id) => this.clientMetadata(id) }
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

  private base(ctx: KoaContextWithOIDC): FhirBase {
    const base = this.bases.get(ctx.req)
    if (!base) throw new TypeError('a request that did not come through answer()')
    return base
  }

  /**
   * A client as the library wants it, with the one key that its assertion names, if it is registered:
   * so exactly one key is ever tried, and key sets by URL are fetched under our own rules.
   */
  private async clientMetadata(clientId: string): Promise<AdapterPayload | undefined> {
    const client = await this.clients.find(clientId)
    if (!client) return undefined
    const assertion: unknown = Provider.ctx?.oidc.params?.['client_assertion']
    const header = typeof assertion === 'string' ? decodeProtectedHeader(assertion) : {}
    const key = await this.clients.key(client, header)
    const metadata = this.clients.metadata(client)
    const { token_endpoint_auth_signing_alg: algorithm, allowed_origins: origins } = metadata
    return {
      client_id: clientId,
      grant_types: [grantType],
      token_endpoint_auth_method: 'private_key_jwt',
      allowed_origins: origins ?? [],
      ...(algorithm === undefined ? {} : { token_endpoint_auth_signing_alg: algorithm }),
      jwks: { keys: key ? [key] : [] },
    }
  }
}

/** Whether a page of this origin is the client's own; what is not is not answered in a way it can read. */
function isOriginOf(origin: string, { allowed_origins: origins }: ClientMetadata): boolean {
  return Array.isArray(origins) && origins.includes(origin)
}

function tokenUrl(base: FhirBase): string {
  return `${base.authUrl}/token`
}

/** What does not depend on the request: only Backend Services, only opaque tokens. */
const fixedConfiguration: Configuration = {
  routes: { token: '/token', revocation: '/revoke', introspection: '/introspect' },
  // the library takes no client unless it could sign an id_token for it; none is ever issued
  jwks: { keys: [generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })] },
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: [...assertionAlgorithms] },
  clientDefaults: {
    grant_types: [grantType],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'EdDSA',
  },
  extraClientMetadata: { properties: ['allowed_origins'] },
  clockTolerance: clockSkewSeconds,
  scopes: [],
  responseTypes: [],
  features: {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    resourceIndicators: { enabled: false },
    // it authenticates who asks, and `Introspection` answers
    introspection: { enabled: true, allowedPolicy: () => false },
    revocation: { enabled: true, allowedPolicy: isOwnToken },
    clientCredentials: { enabled: true },
  },
  // a token endpoint has no pages; the library's own loads a font from elsewhere
  renderError: (ctx, out) => {
    ctx.type = 'application/json'
    ctx.body = out
  },
}

/** RFC 7009 §2.1: a client that revokes the token of another is told so. */
function isOwnToken(
  _: KoaContextWithOIDC,
  client: { clientId: string },
  token: { clientId?: string | undefined },
) {
  if (token.clientId !== client.clientId) throw new errors.InvalidRequest('the token of another client')
  return true
}

/** RFC 6749 §5.1 headers, and §5.2: authentication that failed in any way is `invalid_client`. */
async function answerAsSmart(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next()
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Pragma', 'no-cache')
  const body: unknown = ctx.body
  const isError = typeof body === 'object' && body !== null && 'error' in body
  if (isError && body.error === 'invalid_request' && ctx.oidc.params && !ctx.oidc.client) {
    ctx.status = 401
    ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' }
  }
}
