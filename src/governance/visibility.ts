import type { RequestEntity } from './entities.ts'
import { proposalOf, type Person } from './records.ts'

/** Roles that see all requests once they are submitted; a draft is its requester's alone. */
const reviewing = ['committee', 'director', 'steward', 'dpo', 'auditor', 'admin']

/** Whether a person has a part in requests beside their own and those they are named in. */
export function isReviewing(person: Person): boolean {
  return reviewing.some((role) => person.roles.has(role))
}

/** Whether a person may know of a request. */
export function maySee(
  person: Person,
  request: Pick<RequestEntity, 'requester' | 'round' | 'proposal'>,
): boolean {
  if (request.requester === person.userId) return true
  // a draft that was never submitted has round 0, withdrawn or not
  if (request.round === 0) return false
  return isReviewing(person) || proposalOf(request).people.includes(person.userId)
}
