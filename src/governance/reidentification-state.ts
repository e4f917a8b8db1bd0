/**
 * The states of a re-identification case, who may move it, and what that takes. One table; the database
 * holds the same one (`governance.reidentification_transition`) and enforces it a second time.
 */

/** The only grounds on which identity is opened (CNIL, référentiel entrepôts, 5.5). */
export const grounds = ['rights-of-the-person', 'benefit-to-the-person', 'recontact', 'legal-order'] as const
export type Ground = (typeof grounds)[number]

/** Those on which the privacy desk files a case itself: the person, or a court, came to it. */
export const groundsOfTheDesk: ReadonlySet<Ground> = new Set(['rights-of-the-person', 'legal-order'])

export const recipients = ['privacy-desk', 'care-service'] as const
export type Recipient = (typeof recipients)[number]

/** As the row says; what the clock adds is in {@link statusOf}. */
export type CaseStatus = 'open' | 'approved' | 'done' | 'refused' | 'withdrawn'
export type CaseAction = 'approve' | 'refuse' | 'withdraw' | 'carry-out'
export type CaseRole = 'requester' | 'dpo' | 'physician'

interface Row {
  readonly action: CaseAction
  readonly from: readonly CaseStatus[]
  /** the first approval leaves a case open, the second one approves it */
  readonly to: readonly CaseStatus[]
  readonly roles: readonly CaseRole[]
}

export const caseTransitions: readonly Row[] = [
  { action: 'approve', from: ['open'], to: ['open', 'approved'], roles: ['dpo', 'physician'] },
  { action: 'refuse', from: ['open', 'approved'], to: ['refused'], roles: ['dpo', 'physician'] },
  { action: 'withdraw', from: ['open', 'approved'], to: ['withdrawn'], roles: ['requester'] },
  { action: 'carry-out', from: ['approved'], to: ['done'], roles: ['dpo', 'physician'] },
]

/** How one person stands to one case. */
export interface CaseStanding {
  readonly roles: ReadonlySet<string>
  readonly isRequester: boolean
  /** asked for the data, or is named as a user of them, in any round */
  readonly isOfProject: boolean
  /** gave an opinion on the project, or decided about it */
  readonly hasDecided: boolean
  /** the case names this person as who receives */
  readonly isNamedRecipient: boolean
  readonly hasApproved: boolean
}

/** A case as far as moving it goes. */
export interface MovableCase {
  readonly status: CaseStatus | 'lapsed'
  readonly recipient: Recipient
  /** roles that have approved */
  readonly approvedAs: readonly CaseRole[]
  /** the permit that it was filed under still bears it */
  readonly isPermitLive: boolean
}

/**
 * Why not: `role`, the person does not have it; `separation`, they stand too near to the case; `twice`,
 * they, or their role, approved already; `state`, not from here; `permit`, it has ended.
 */
export type CaseRefusal = 'role' | 'separation' | 'twice' | 'state' | 'permit'
export type CaseMove = { readonly role: CaseRole } | { readonly refused: CaseRefusal }

/**
 * Whether this person may move the case, and as what.
 *
 * Requester, the two who approve and who receives are four people, none but the requester of the project;
 * who approves had no part in the decision on the project either.
 */
export function moveCase(moved: MovableCase, action: CaseAction, standing: CaseStanding): CaseMove {
  const row = caseTransitions.find((one) => one.action === action)
  const held = row?.roles.filter((role) => has(standing, role)) ?? []
  if (!row || held.length === 0) return { refused: action === 'withdraw' ? 'separation' : 'role' }
  if (!isSeparate(action, standing)) return { refused: 'separation' }
  if (!row.from.some((from) => from === moved.status)) return { refused: 'state' }
  const isForward = action === 'approve' || action === 'carry-out'
  if (isForward && !moved.isPermitLive) return { refused: 'permit' }
  if (action === 'carry-out') return receive(moved, standing)
  const free = held.filter((role) => action !== 'approve' || !moved.approvedAs.includes(role))
  const [role] = free
  if (role === undefined || (action === 'approve' && standing.hasApproved)) return { refused: 'twice' }
  return { role }
}

function receive({ recipient }: MovableCase, standing: CaseStanding): CaseMove {
  const role = recipient === 'privacy-desk' ? 'dpo' : 'physician'
  if (!standing.roles.has(role)) return { refused: 'role' }
  if (recipient === 'care-service' && !standing.isNamedRecipient) return { refused: 'separation' }
  return { role }
}

function has({ roles, isRequester }: CaseStanding, role: CaseRole): boolean {
  return role === 'requester' ? isRequester : roles.has(role)
}

function isSeparate(action: CaseAction, standing: CaseStanding): boolean {
  switch (action) {
    case 'withdraw':
      return standing.isRequester
    case 'approve':
    case 'refuse':
      return isOutside(standing) && !standing.hasDecided && !standing.isNamedRecipient
    case 'carry-out':
      return isOutside(standing) && !standing.hasApproved
  }
}

function isOutside({ isRequester, isOfProject }: CaseStanding): boolean {
  return !isRequester && !isOfProject
}

/** The clock is stronger than the row: past `lapsesAt` a case that waits has lapsed, whatever its row says. */
export function statusOf(
  row: { readonly status: CaseStatus; readonly lapsesAt: Date | null },
  now: Date,
): CaseStatus | 'lapsed' {
  const isWaiting = row.status === 'open' || row.status === 'approved'
  return isWaiting && row.lapsesAt !== null && row.lapsesAt <= now ? 'lapsed' : row.status
}
