import { parseScopes, type Scope } from '../../access/scope.ts'
import type { Person } from '../entities.ts'

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
