import { sealedPlace, type AuthSeal } from '../auth-seal.ts'
import type { Artifact } from '../entities.ts'

/**
 * What an app was launched with and in whose name, as long as its tokens live. At rest it is sealed: a
 * logical id may be a hospital's own number of a patient.
 *
 * @see SMART App Launch 2.2 § Launch context arrives with your access_token
 */
export interface LaunchContext {
  /** logical id of the Patient */
  readonly patient?: string
  /** logical id of the Encounter */
  readonly encounter?: string
  readonly fhirContext?: readonly FhirContextItem[]
  readonly intent?: string
  readonly needPatientBanner?: boolean
  /** the glass was broken, for the reason that the person gave: their emergency scopes count */
  readonly emergency?: { readonly reason: string }
}

/** @see SMART App Launch 2.2 § fhirContext */
export interface FhirContextItem {
  readonly reference?: string
  readonly canonical?: string
  readonly identifier?: object
  readonly type?: string
  readonly role?: string
}

/** The context of a row that has one. */
export function contextOf(
  seal: AuthSeal,
  { context, idHash }: Pick<Artifact, 'context' | 'idHash'>,
): LaunchContext {
  return context === null ? {} : (seal.open(context, sealedPlace.context(idHash)) as LaunchContext)
}
