import { interval } from '../fhir/search/interval.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { readProposal, type ReadProposal } from './data-definition.ts'
import { refusedPurposes, type Proposal } from './proposal.ts'
import type { ActingRole, Move, Refusal } from './request-state.ts'

const dayMs = 86_400_000

/**
 * What a proposal must be, so that a permit could follow from it as it stands.
 *
 * @throws FhirError 422 with an issue for each fault: nobody who would use the data, an end that has
 *   passed or lies too far off, a period that ends before it starts, and all that `readProposal` finds
 */
export function demandSubmittable(
  proposal: Proposal,
  longestValidityDays: number,
  zone: string,
  now: Date,
): ReadProposal {
  const end = interval(proposal.expiresOn, zone)[1]
  const { start, end: last } = proposal.period ?? {}
  const faults = [
    ...(proposal.people.length + proposal.clientIds.length > 0
      ? []
      : [issue('required', 'nobody is named who would use the data', 'people')]),
    ...(end > now.getTime() ? [] : [issue('business-rule', 'this day has passed', 'expiresOn')]),
    ...(end <= now.getTime() + longestValidityDays * dayMs
      ? []
      : [issue('business-rule', `later than ${longestValidityDays} days from now`, 'expiresOn')]),
    ...(start === undefined || last === undefined || start <= last
      ? []
      : [issue('business-rule', 'ends before it starts', 'period')]),
  ]
  if (faults.length > 0) throw FhirError.unprocessable(faults)
  return readProposal(proposal, zone)
}

/** @throws FhirError 422 for a purpose that the law does not allow, whoever would approve it */
export function demandLawfulPurpose(category: string): void {
  if (refusedPurposes.some((refused) => refused === category)) {
    throw FhirError.rule(
      'a purpose that cannot be allowed (CNIL, référentiel entrepôts, 3.1.4)',
      'purposeCategory',
    )
  }
}

/** @throws FhirError 403 when this person may not, 409 when nobody could from here */
export function demandMove<Status>(move: Move<Status>): { to: Status; role: ActingRole } {
  if ('refused' in move) throw refusal(move.refused, refusals[move.refused])
  return move
}

/** Why a move is refused: 403 where somebody else may make it, 409 where nobody could. */
export function refusal(why: string, diagnostics: string): FhirError {
  return why === 'role' || why === 'separation'
    ? FhirError.forbidden(diagnostics)
    : FhirError.conflict(diagnostics)
}

const refusals: Readonly<Record<Refusal, string>> = {
  role: 'this takes another role',
  separation: 'requester, committee member and director of a request are three different people',
  state: 'not from the state that this is in',
  opinion: 'there is an opinion of this member in this round',
  quorum: 'a permit takes the quorum of approving opinions, and none that refuses',
}
