import { Injectable } from '@nestjs/common'
import { errors, type Provider } from 'oidc-provider'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CareAccess } from '../../access/access.ts'
import { narrow } from '../../access/scope.ts'
import { Trail } from '../../audit/trail.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { Settings } from '../../config.ts'
import { AuthSeal, sealedPlace } from '../auth-seal.ts'
import { Clients } from '../clients/clients.ts'
import { accessOf } from '../people/rights.ts'
import type { FhirBase } from '../fhir-base.ts'
import type { CurrentPerson } from '../people/sessions.ts'
import { ArtifactStore } from './artifact-store.ts'
import { AuthorizationRequests, type AuthorizationRequest } from './authorization-requests.ts'
import { AuthorizationServer } from './authorization-server.ts'
import { CodeFlow, handleOf } from './code-flow.ts'
import { ContextRecords } from './context-records.ts'
import { grantedWords, lifeOf, withItsPatient } from './granted.ts'
import type { LaunchContext } from './launch-context.ts'
import { printGranted } from './launch-words.ts'
import type { BrokenGlass, Consent, PendingAuthorization } from './pending-authorization.ts'

export type { BrokenGlass, Consent, PendingAuthorization } from './pending-authorization.ts'

/**
 * What pages of sign-in, patient choice and consent do with a waiting authorization. Each step answers
 * with the URL that the browser is to be sent to by 303.
 *
 * @throws FhirError 404 when the authorization expired, or is of another browser or person
 */
@Injectable()
export class Authorizations {
  private tellBrokenGlass: (event: BrokenGlass) => Promise<void> = () =>
    Promise.reject(FhirError.forbidden('nobody is there to be told that the glass is broken'))

  constructor(
    private readonly server: AuthorizationServer,
    private readonly codeFlow: CodeFlow,
    private readonly requests: AuthorizationRequests,
    private readonly clients: Clients,
    private readonly records: ContextRecords,
    private readonly artifacts: ArtifactStore,
    private readonly seal: AuthSeal,
    private readonly trail: Trail,
    private readonly settings: Settings,
  ) {}

  /** Called once by whoever alerts the privacy officer. What cannot be told of is not granted. */
  tellOfBrokenGlass(tell: (event: BrokenGlass) => Promise<void>): void {
    this.tellBrokenGlass = tell
  }

  /** The authorization that this request's path and cookies are of; undefined: expired, or of another browser. */
  async pending(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<PendingAuthorization | undefined> {
    const step = await this.step(request, response)
    if (!step) return undefined
    const { interaction, asked } = step
    return {
      ...{ uid: interaction.uid, base: asked.base, clientId: asked.client.clientId },
      client: this.clients.metadata(asked.client),
      prompt: interaction.prompt.name as PendingAuthorization['prompt'], // of the policy: no others
      returnsTo: originOf(String(interaction.params['redirect_uri'])),
      ...{ username: asked.launch?.username, person: asked.person, patients: asked.patients },
      ...{ scopes: asked.scopes, words: asked.words, emergency: asked.emergency, context: asked.context },
    }
  }

  /** @throws FhirError 403 when somebody else has to sign in */
  async signedIn(request: IncomingMessage, response: ServerResponse, person: CurrentPerson): Promise<string> {
    const { asked } = await this.demandStep(request, response, 'login')
    if (asked.launch && asked.launch.username !== person.userId) {
      throw FhirError.forbidden('the EHR launched this app for somebody else')
    }
    return this.finish(request, response, { login: { accountId: person.userId, remember: false } })
  }

  /** @throws FhirError 404 when the signed-in person may not see this patient */
  async choosePatient(
    request: IncomingMessage,
    response: ServerResponse,
    patientId: string,
  ): Promise<string> {
    const { interaction, asked, current } = await this.demandStep(request, response, 'patient')
    const isChoice = asked.patients
      ? asked.patients.includes(patientId)
      : (await this.records.keyOf(this.accessOf(asked, current, request), 'Patient', patientId)) !== undefined
    if (!isChoice) throw FhirError.notFound('Patient')
    const sealed = this.seal.seal(patientId, sealedPlace.chosenPatient(interaction.cid))
    return this.finish(request, response, { patient: sealed.toString('base64') })
  }

  /** @throws FhirError 403 when the glass is to be broken and nobody can be told */
  async grant(request: IncomingMessage, response: ServerResponse, consent: Consent): Promise<string> {
    const { interaction, asked, current } = await this.demandStep(request, response, 'consent')
    // sent twice: the first one counts
    if (interaction.result?.consent !== undefined) return interaction.returnTo
    const reason = consent.emergencyReason
    const isEmergency = reason !== undefined && asked.emergency.length > 0
    const allowed = isEmergency ? [...asked.scopes, ...asked.emergency] : asked.scopes
    const scopes = withItsPatient(narrow(consent.scopes, allowed), asked.context.patient)
    const words = grantedWords(asked, { offline: consent.offline, isEmergency })
    if (scopes.length === 0 && !words.includes('openid')) return this.refuse(request, response)
    const context = isEmergency ? { ...asked.context, emergency: { reason } } : asked.context
    const grantId = await this.saveGrant(asked, current, { words, scopes, context })
    const patient = await this.patientKey(context)
    if (context.emergency)
      await this.tell({ grantId, asked, current, patient, reason: context.emergency.reason })
    await this.record(request, asked, current, 'authorize', patient)
    return this.finish(request, response, { consent: { grantId } })
  }

  async refuse(request: IncomingMessage, response: ServerResponse): Promise<string> {
    const { asked, current } = await this.demandStep(request, response)
    if (current)
      await this.record(request, asked, current, 'authorize-refuse', await this.patientKey(asked.context))
    return this.finish(request, response, {
      error: 'access_denied',
      error_description: 'the person did not allow it',
    })
  }

  private async saveGrant(
    { base, client }: AuthorizationRequest,
    { userId, sessionId }: CurrentPerson,
    granted: Pick<AuthorizationRequest, 'words' | 'scopes' | 'context'>,
  ): Promise<string> {
    const provider = await this.server.provider()
    const expiresIn = lifeOf(granted.words, granted.context.emergency !== undefined)
    const owner = { accountId: userId, clientId: client.clientId }
    const grant = Object.assign(new provider.Grant(owner), { expiresIn })
    grant.addOIDCScope(granted.words.filter((word) => word === 'openid' || word === 'offline_access'))
    grant.addResourceScope(base.url, printGranted(granted.words, granted.scopes))
    const grantId = await grant.save()
    const session = granted.words.includes('online_access') ? sessionId : null
    await this.artifacts.bindGrant(grantId, session, granted.context)
    return grantId
  }

  private async tell(event: {
    readonly grantId: string
    readonly asked: AuthorizationRequest
    readonly current: CurrentPerson
    readonly patient: string | undefined
    readonly reason: string
  }): Promise<void> {
    const { grantId, asked, current, patient, reason } = event
    try {
      const { clientId } = asked.client
      await this.tellBrokenGlass({ grantId, clientId, username: current.userId, patient, reason })
    } catch (error) {
      await this.artifacts.revokeGrant(grantId)
      throw error
    }
  }

  private async finish(
    request: IncomingMessage,
    response: ServerResponse,
    result: Parameters<Provider['interactionResult']>[2],
  ): Promise<string> {
    return (await this.server.provider()).interactionResult(request, response, result)
  }

  private async demandStep(request: IncomingMessage, response: ServerResponse): Promise<Step>
  private async demandStep(
    request: IncomingMessage,
    response: ServerResponse,
    prompt: PendingAuthorization['prompt'],
  ): Promise<Step & { readonly current: CurrentPerson }>
  private async demandStep(
    request: IncomingMessage,
    response: ServerResponse,
    prompt?: PendingAuthorization['prompt'],
  ): Promise<Step> {
    const step = await this.step(request, response)
    const isAsked = step && (prompt === undefined || step.interaction.prompt.name === prompt)
    if (!isAsked || (prompt !== undefined && !step.current)) throw FhirError.notFound('authorization')
    return step
  }

  /** Where an authorization stands; undefined when it expired, or is of another browser or person. */
  private async step(request: IncomingMessage, response: ServerResponse): Promise<Step | undefined> {
    const interaction = await this.interaction(request, response)
    if (!interaction) return undefined
    const current = await this.codeFlow.signedIn(request)
    const { params, session, prompt } = interaction
    const base = this.requests.baseOfAudience(params['aud'])
    const isTheirs = prompt.name === 'login' || current?.userId === session?.accountId
    if (!base || !isTheirs) return undefined
    const asked = await this.read(interaction, base, current)
    return asked && { interaction, asked, current }
  }

  private async read(
    { params, prompt, lastSubmission, cid }: Interaction,
    base: FhirBase,
    current: CurrentPerson | undefined,
  ): Promise<AuthorizationRequest | undefined> {
    const scope = typeof params['scope'] === 'string' ? params['scope'] : ''
    const asked = { clientId: String(params['client_id']), base, scope, launch: handleOf(params) }
    // who signs in now is judged when they have, and the app is told
    const username = prompt.name === 'login' ? undefined : current?.userId
    try {
      return await this.requests.read(asked, username, this.codeFlow.chosenPatient(lastSubmission, cid))
    } catch (error) {
      // client, launch or membership ended meanwhile, and the authorization with it
      if (error instanceof errors.OIDCProviderError) return undefined
      throw error
    }
  }

  private async interaction(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Interaction | undefined> {
    try {
      const provider = await this.server.provider()
      const found = await provider.interactionDetails(request, response)
      // the cookie's path keeps it to one authorization; a request that says otherwise is not a browser's
      return new URL(request.url ?? '/', 'http://a').pathname.split('/').includes(found.uid)
        ? found
        : undefined
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return undefined
      throw error
    }
  }

  /** What a person sees when they choose a patient: what they may see themselves. */
  private accessOf(
    { person, emergency }: AuthorizationRequest,
    current: CurrentPerson,
    { socket }: IncomingMessage,
  ): CareAccess {
    const { zone } = this.settings
    return accessOf(person, emergency.length > 0, current, { ip: socket.remoteAddress, zone })
  }

  private async patientKey({ patient }: LaunchContext): Promise<string | undefined> {
    return patient === undefined ? undefined : this.records.patientKey(patient)
  }

  private async record(
    request: IncomingMessage,
    { client, base }: AuthorizationRequest,
    current: CurrentPerson,
    interaction: string,
    patient: string | undefined,
  ): Promise<void> {
    await this.trail.record({
      ...{ action: 'C', interaction, outcome: 'success', base: base.path, entities: [] },
      access: { caller: callerOf(client.clientId, current, request) },
      patients: patient === undefined ? [] : [patient],
      at: new Date(),
    })
  }
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

interface Step {
  readonly interaction: Interaction
  readonly asked: AuthorizationRequest
  readonly current: CurrentPerson | undefined
}

function callerOf(clientId: string, { userId, sessionId }: CurrentPerson, { socket }: IncomingMessage) {
  return { clientId, userId, tokenId: sessionId, ip: socket.remoteAddress }
}

/** A scheme of an app's own, `org.example.app:`, has no origin. */
function originOf(redirectUri: string): string {
  const { origin, protocol } = new URL(redirectUri)
  return origin === 'null' ? protocol : origin
}
