import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Scope } from '../../access/scope.ts'
import type { ClientMetadata } from '../clients/client-metadata.ts'
import type { Person } from '../entities.ts'
import type { FhirBase } from '../fhir-base.ts'
import type { CurrentPerson } from '../people/sessions.ts'
import type { LaunchContext } from './launch-context.ts'

/** What the authorization endpoint waits for a person to decide. */
export interface PendingAuthorization {
  readonly uid: string
  readonly base: FhirBase
  readonly clientId: string
  /** what the client says of itself */
  readonly client: ClientMetadata
  readonly prompt: 'login' | 'patient' | 'consent'
  /** who has to sign in, where an EHR's launch names the user */
  readonly username: string | undefined
  /** who is signed in */
  readonly person: Person | undefined
  /** asked ∩ client's policy ∩ person's rights: the most that consent can grant */
  readonly scopes: readonly Scope[]
  /** of `openid fhirUser launch launch/patient launch/encounter offline_access online_access`, as asked */
  readonly words: readonly string[]
  /** what breaking the glass would add to `scopes` */
  readonly emergency: readonly Scope[]
  readonly context: LaunchContext
}

/** What a person consents to. */
export interface Consent {
  /** of {@link PendingAuthorization.scopes}, and of its `emergency` when there is a reason */
  readonly scopes: readonly Scope[]
  /** whether the app may go on without them, where it asked for `offline_access` */
  readonly offline: boolean
  /** why the glass is broken */
  readonly emergencyReason?: string
}

/**
 * What pages of sign-in, patient choice and consent do with a waiting authorization. Each step answers
 * with the URL that the browser is to be sent to by 303.
 *
 * @throws FhirError 404 when the authorization expired, or is of another browser
 */
export abstract class Authorizations {
  /** The authorization that this request's path and cookies are of; undefined: expired, or of another browser. */
  abstract pending(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<PendingAuthorization | undefined>

  /** @throws FhirError 403 when somebody else has to sign in */
  abstract signedIn(
    request: IncomingMessage,
    response: ServerResponse,
    person: CurrentPerson,
  ): Promise<string>

  /** @throws FhirError 404 when the signed-in person may not see this patient */
  abstract choosePatient(
    request: IncomingMessage,
    response: ServerResponse,
    patientId: string,
  ): Promise<string>

  abstract grant(request: IncomingMessage, response: ServerResponse, granted: Consent): Promise<string>

  abstract refuse(request: IncomingMessage, response: ServerResponse): Promise<string>
}
