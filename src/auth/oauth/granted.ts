import type { Scope } from '../../access/scope.ts'
import type { AuthorizationRequest } from './authorization-requests.ts'
import type { LaunchWord } from './launch-words.ts'

/** "the lifetime of an access token SHOULD NOT exceed one hour": SMART App Launch 2.2 § Best practices */
export const accessTokenSeconds = 3600
/** a quarter, begun anew at each use */
export const offlineSeconds = 90 * 24 * 3600
/** it ends with the sign-in in any case */
export const onlineSeconds = 12 * 3600
/** all that breaking the glass gives, and nothing renews it */
export const emergencySeconds = 3600

/** What is granted beside clinical scopes, of what was asked for. */
export function grantedWords(
  { words, launch, context, fhirUser }: AuthorizationRequest,
  { offline, isEmergency }: { readonly offline: boolean; readonly isEmergency: boolean },
): readonly LaunchWord[] {
  const isOffline = offline && words.includes('offline_access')
  const holds: Readonly<Record<LaunchWord, boolean>> = {
    openid: true,
    fhirUser: fhirUser !== undefined,
    launch: launch !== undefined,
    'launch/patient': context.patient !== undefined,
    // there is nobody here to choose one from: an encounter comes with the EHR's launch, or not at all
    'launch/encounter': context.encounter !== undefined,
    offline_access: isOffline && !isEmergency,
    online_access: !isOffline && !isEmergency,
  }
  return words.filter((word) => holds[word])
}

/** How long a grant of these words lives if it is not renewed, in seconds. */
export function lifeOf(words: readonly string[], isEmergency: boolean): number {
  if (isEmergency) return emergencySeconds
  if (words.includes('offline_access')) return offlineSeconds
  return words.includes('online_access') ? onlineSeconds : accessTokenSeconds
}

/** A `patient/` scope without a patient would be one on everybody. */
export function withItsPatient(scopes: readonly Scope[], patient: string | undefined): readonly Scope[] {
  return patient === undefined ? scopes.filter(({ context }) => context !== 'patient') : scopes
}
