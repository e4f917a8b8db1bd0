import type { Scope } from '../../access/scope.ts'
import type { ClientMetadata } from '../clients/client-metadata.ts'
import type { Person } from '../entities.ts'
import type { FhirBase } from '../fhir-base.ts'
import type { LaunchContext } from './launch-context.ts'

/** What the authorization endpoint waits for a person to decide. */
export interface PendingAuthorization {
  readonly uid: string
  readonly base: FhirBase
  readonly clientId: string
  /** what the client says of itself */
  readonly client: ClientMetadata
  readonly prompt: 'login' | 'patient' | 'consent'
  /** where the app takes over again: origin of its redirect URI, `https://app.example`, or a scheme of its own */
  readonly returnsTo: string
  /** who has to sign in, where an EHR's launch names the user */
  readonly username: string | undefined
  /** who is signed in */
  readonly person: Person | undefined
  /** logical ids of the only patients there are to choose from; undefined: any that the person may see */
  readonly patients: readonly string[] | undefined
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

/** That the glass was broken, for whoever has to know of it. */
export interface BrokenGlass {
  readonly grantId: string
  readonly clientId: string
  readonly username: string
  /** key of the patient in context */
  readonly patient: string | undefined
  readonly reason: string
}
