import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { narrow, printScopes, type Scope } from '../../access/scope.ts'
import type { Clients } from '../clients/clients.ts'
import type { FhirBase } from '../fhir-base.ts'
import type { ResearchBases } from '../research-bases.ts'

export const grantType = 'client_credentials'

/** "expires_in … SHALL be ≤ 300": SMART App Launch 2.2 § Backend Services, access token response */
export const accessTokenSeconds = 300

/**
 * Issues the access token of an authenticated backend client: the `system/` scopes it asked for, as
 * far as its policy reaches, on this base only. On a research base the policy is cut down to reading,
 * and the permit must name the client.
 *
 * @throws InvalidScope when nothing of what was asked is left
 * @throws UnauthorizedClient when the permit is not active or does not name the client
 */
export async function grantBackendServices(
  ctx: TokenEndpointGrantContext,
  base: FhirBase,
  clients: Clients,
  researchBases: ResearchBases,
): Promise<void> {
  const { client, params, provider } = ctx.oidc
  const registered = await clients.find(client.clientId)
  if (!registered) throw new errors.InvalidClientAuth('client not found')
  if (base.permit !== undefined && !(await researchBases.admitsClient(base.permit, client.clientId))) {
    throw new errors.UnauthorizedClient()
  }
  const policy = onBase(base, clients.policy(registered))
  const requested = clients.readScopes(params.scope ?? '').filter((scope) => scope.context === 'system')
  const scope = printScopes(narrow(requested, policy))
  if (scope === '') throw new errors.InvalidScope('no scope that this client may have here', '')

  const token = new provider.ClientCredentials({ client, scope, expiresIn: accessTokenSeconds })
  token.setAudience(base.url)
  ctx.oidc.entity('ClientCredentials', token)
  ctx.body = {
    access_token: await token.save(),
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope,
  }
}

/** A research base can only be read, whatever a client may do elsewhere. */
export function onBase(base: FhirBase, scopes: readonly Scope[]): readonly Scope[] {
  return base.permit === undefined ? scopes : narrow(scopes, readOnly)
}

function reading(context: Scope['context']): Scope {
  return { context, type: '*', permissions: new Set(['r', 's']), filters: [] }
}

const readOnly: readonly Scope[] = (['system', 'user', 'patient'] as const).map(reading)

/** The most that the people of a permit may do at its base, themselves and through apps: no patient is chosen there. */
export const researchRights: readonly Scope[] = [reading('user')]
