import type { CareAccess } from '../../access/access.ts'
import { parseScopes, type Scope } from '../../access/scope.ts'
import { sealedPlace, type AuthSeal } from '../auth-seal.ts'
import type { Person } from '../entities.ts'
import { consoleClientId } from './account-event.ts'
import type { CurrentPerson } from './sessions.ts'

/** `Patient`, `Practitioner`, `RelatedPerson` or `Person` of the records, with its logical id. */
export const fhirUserSyntax = /^(Patient|Practitioner|RelatedPerson|Person)\/[A-Za-z0-9.-]{1,64}$/

/**
 * The most that apps may be granted in a person's name at the care base. What somebody may do as a user,
 * they may have done for one patient: each `user/` scope stands for its `patient/` one as well.
 *
 * @param emergency whether the glass was broken
 * @param zone IANA zone in which dates of scopes' search parameters are read
 */
export function rightsOf(
  { scope, emergencyScope }: Pick<Person, 'scope' | 'emergencyScope'>,
  emergency: boolean,
  zone: string,
): readonly Scope[] {
  const own = parseScopes(emergency ? `${scope} ${emergencyScope}` : scope, zone)
  return own.flatMap((one): Scope[] =>
    one.context === 'user' ? [one, { ...one, context: 'patient' }] : one.context === 'patient' ? [one] : [],
  )
}

/** Who a person is in the records, `Practitioner/123`; undefined: nobody whom we know. */
export function fhirUserOf(
  seal: AuthSeal,
  { username, fhirUser }: Pick<Person, 'username' | 'fhirUser'>,
): string | undefined {
  return fhirUser === null ? undefined : String(seal.open(fhirUser, sealedPlace.fhirUser(username)))
}

/**
 * What people see who look for a patient themselves, on a page: as much as apps may at most in their name.
 *
 * @param emergency as for {@link rightsOf}
 */
export function accessOf(
  person: Person | undefined,
  emergency: boolean,
  { userId, sessionId }: CurrentPerson,
  { ip, zone }: { readonly ip: string | undefined; readonly zone: string },
): CareAccess {
  return {
    kind: 'care',
    caller: { clientId: consoleClientId, userId, tokenId: sessionId, ip },
    scopes: person ? rightsOf(person, emergency, zone) : [],
    patient: undefined,
    grants: new Set(),
  }
}
