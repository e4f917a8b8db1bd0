import { FhirError, issue } from '../fhir/outcome.ts'
import { isPermitLive, type CaseProject } from './reidentification-records.ts'
import {
  groundsOfTheDesk,
  type CaseMove,
  type CaseRefusal,
  type CaseRole,
  type Ground,
  type Recipient,
} from './reidentification-state.ts'
import { refusal } from './request-rules.ts'
import type { Person } from './records.ts'

/** A case as it is asked for. */
export interface AskedCase {
  readonly permit: string
  readonly pseudonyms: readonly string[]
  readonly ground: Ground
  readonly reason: string
  readonly evidence: string
  readonly recipient: {
    readonly kind: Recipient
    readonly service?: string | undefined
    readonly person?: string | undefined
  }
}

/**
 * Whether this person may file this case.
 *
 * @param asked with the pseudonyms of patients, each once
 * @param mostRecontacted pseudonyms in one case of the ground recontact
 * @returns as what
 * @throws FhirError 404 for a permit that they have no part in, 403, 409 when it has ended, 422 with an
 *   issue for each fault
 */
export function demandFiling(
  person: Person,
  asked: AskedCase,
  project: CaseProject | undefined,
  mostRecontacted: number,
  now: Date,
): 'user' | 'dpo' {
  const isUser = project?.users.has(person.userId) === true
  if (!project || !(isUser || person.roles.has('dpo'))) throw FhirError.notFound('permit')
  if (!isUser) demandDesk(person, asked.ground, project)
  const filedAs = isUser ? 'user' : 'dpo'
  if (!isPermitLive(project.permit, filedAs, now)) throw FhirError.conflict('this permit has ended')
  const faults = [...tooMany(asked, mostRecontacted), ...wrongRecipient(asked, person, project)]
  if (faults.length > 0) throw FhirError.unprocessable(faults)
  return filedAs
}

function demandDesk(person: Person, ground: Ground, project: CaseProject): void {
  if (project.insiders.has(person.userId) || project.deciders.has(person.userId)) {
    throw FhirError.forbidden('the privacy desk files from outside the project')
  }
  if (!groundsOfTheDesk.has(ground)) {
    throw FhirError.forbidden('on this ground a user of the permit files')
  }
}

function tooMany({ ground, pseudonyms }: AskedCase, mostRecontacted: number) {
  const most = ground === 'recontact' ? mostRecontacted : 1
  return pseudonyms.length > most
    ? [issue('business-rule', `more than ${most} on this ground`, 'pseudonyms')]
    : []
}

function wrongRecipient({ recipient }: AskedCase, { userId }: Person, { insiders }: CaseProject) {
  const { kind, person, service } = recipient
  if (kind === 'privacy-desk') {
    return person === undefined && service === undefined
      ? []
      : [issue('business-rule', 'the privacy desk is not a care service', 'recipient')]
  }
  return person === undefined || person === userId || insiders.has(person)
    ? [issue('business-rule', 'identity goes to nobody of the project', 'recipient.person')]
    : []
}

/** @throws FhirError 403 when this person may not, 409 when nobody could from here */
export function demandCaseMove(move: CaseMove): CaseRole {
  if ('refused' in move) throw refusal(move.refused, refusals[move.refused])
  return move.role
}

const refusals: Readonly<Record<CaseRefusal, string>> = {
  role: 'this takes another role',
  separation:
    'who asks, the two who approve and who is told are four people, and those who decide have no part in the project',
  twice: 'it takes two people of two roles',
  state: 'not from the state that this is in',
  permit: 'the permit that this was filed under has ended',
}
