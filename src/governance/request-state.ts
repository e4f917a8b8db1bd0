/**
 * The states of a data access request and of its permit, who may move them, and what that takes. One
 * table; the database holds the same one (`governance.transition`) and enforces it a second time.
 */
export type RequestStatus = 'draft' | 'in-review' | 'returned' | 'permitted' | 'refused' | 'withdrawn'
export type PermitStatus = 'active' | 'suspended' | 'expired' | 'revoked' | 'closed'
export type RequestAction = 'submit' | 'withdraw' | 'opine' | 'ask' | 'permit' | 'refuse'
export type PermitAction = 'revoke' | 'expire'
export type ActingRole = 'requester' | 'committee' | 'director'

interface Row<Status, Action> {
  readonly action: Action
  readonly from: readonly Status[]
  readonly to: Status
  readonly role: ActingRole
}

export const requestTransitions: readonly Row<RequestStatus, RequestAction>[] = [
  { action: 'submit', from: ['draft', 'returned'], to: 'in-review', role: 'requester' },
  { action: 'withdraw', from: ['draft', 'returned', 'in-review'], to: 'withdrawn', role: 'requester' },
  { action: 'opine', from: ['in-review'], to: 'in-review', role: 'committee' },
  { action: 'ask', from: ['in-review'], to: 'returned', role: 'committee' },
  { action: 'permit', from: ['in-review'], to: 'permitted', role: 'director' },
  { action: 'refuse', from: ['in-review'], to: 'refused', role: 'director' },
]

export const permitTransitions: readonly Row<PermitStatus, PermitAction>[] = [
  { action: 'revoke', from: ['active', 'suspended'], to: 'revoked', role: 'director' },
  { action: 'expire', from: ['active', 'suspended'], to: 'expired', role: 'director' },
]

/** A proposal may be changed by its requester in these states only. */
export const editable: ReadonlySet<RequestStatus> = new Set<RequestStatus>(['draft', 'returned'])

/** How one person stands to one request. */
export interface Standing {
  readonly roles: ReadonlySet<string>
  readonly isRequester: boolean
  /** named in the request as a user of the data */
  readonly isNamed: boolean
  /** gave an opinion on this request, in any round */
  readonly hasOpined: boolean
  /** gave one in the round in review */
  readonly hasOpinedNow: boolean
}

/** What the committee has said in the round in review. */
export interface Opinions {
  readonly approving: number
  readonly refusing: number
  /** approving opinions that a permit takes */
  readonly quorum: number
}

/**
 * Why not: `role`, the person does not have it; `separation`, he has it but stands too near to this
 * request; `state`, not from here; `opinion`, he gave one in this round already; `quorum`, the committee
 * has not approved.
 */
export type Refusal = 'role' | 'separation' | 'state' | 'opinion' | 'quorum'
export type Move<Status> = { readonly to: Status; readonly role: ActingRole } | { readonly refused: Refusal }

/**
 * Whether this person may move the request, and where it goes.
 *
 * Requester, committee member and director of one request are three people, whatever roles each has;
 * whoever will use the data counts as a requester here.
 */
export function moveRequest(
  status: RequestStatus,
  action: RequestAction,
  standing: Standing,
  opinions: Opinions,
): Move<RequestStatus> {
  const row = requestTransitions.find((one) => one.action === action)
  if (!row || !standing.roles.has(row.role)) return { refused: 'role' }
  if (!isSeparate(row.role, standing)) return { refused: 'separation' }
  if (!row.from.includes(status)) return { refused: 'state' }
  if (row.role === 'committee' && standing.hasOpinedNow) return { refused: 'opinion' }
  if (action === 'permit' && !isApproved(opinions)) return { refused: 'quorum' }
  return { to: row.to, role: row.role }
}

/** Whether a person with these roles may move a permit, and where it goes. Ending access needs no second person. */
export function movePermit(
  status: PermitStatus,
  action: PermitAction,
  roles: ReadonlySet<string>,
): Move<PermitStatus> {
  const row = permitTransitions.find((one) => one.action === action)
  if (!row || !roles.has(row.role)) return { refused: 'role' }
  return row.from.includes(status) ? { to: row.to, role: row.role } : { refused: 'state' }
}

function isSeparate(role: ActingRole, standing: Standing): boolean {
  switch (role) {
    case 'requester':
      return standing.isRequester
    case 'committee':
      return !standing.isRequester && !standing.isNamed
    case 'director':
      return !standing.isRequester && !standing.isNamed && !standing.hasOpined
  }
}

function isApproved({ approving, refusing, quorum }: Opinions): boolean {
  return approving >= quorum && refusing === 0
}
