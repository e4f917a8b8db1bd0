import fc from 'fast-check'
import {
  caseTransitions,
  moveCase,
  recipients,
  statusOf,
  type CaseAction,
  type CaseRole,
  type CaseStanding,
  type MovableCase,
} from '../../src/governance/reidentification-state.ts'

const statuses = ['open', 'approved', 'done', 'refused', 'withdrawn', 'lapsed'] as const
const actions: CaseAction[] = ['approve', 'refuse', 'withdraw', 'carry-out']
const roles = ['requester', 'committee', 'director', 'steward', 'dpo', 'auditor', 'admin', 'physician']

const moved: fc.Arbitrary<MovableCase> = fc.record({
  status: fc.constantFrom(...statuses),
  recipient: fc.constantFrom(...recipients),
  approvedAs: fc.subarray<CaseRole>(['dpo', 'physician']),
  isPermitLive: fc.boolean(),
})
const standing: fc.Arbitrary<CaseStanding> = fc.record({
  roles: fc.subarray(roles).map((held) => new Set(held)),
  ...{ isRequester: fc.boolean(), isOfProject: fc.boolean(), hasDecided: fc.boolean() },
  ...{ isNamedRecipient: fc.boolean(), hasApproved: fc.boolean() },
})
const any = fc.tuple(moved, fc.constantFrom(...actions), standing)

/** Whatever the case, the action and the person: when it is let through, this holds. */
function whenMoved(
  holds: (moved: MovableCase, action: CaseAction, by: CaseStanding, role: CaseRole) => boolean,
) {
  fc.assert(
    fc.property(any, ([one, action, by]) => {
      const move = moveCase(one, action, by)
      fc.pre('role' in move)
      return holds(one, action, by, move.role)
    }),
    { numRuns: 100, maxSkipsPerRun: 1000 },
  )
}

describe('a re-identification case', () => {
  it('moves only from a state, and by a role, that the table of transitions has', () => {
    whenMoved((one, action, by, role) => {
      const row = caseTransitions.find((transition) => transition.action === action)
      const isHeld = role === 'requester' ? by.isRequester : by.roles.has(role)
      return isHeld && row?.roles.includes(role) === true && row.from.some((from) => from === one.status)
    })
  })

  it('is moved, beyond being withdrawn, by nobody who asked for it or is of the project', () => {
    whenMoved((_, action, by) =>
      action === 'withdraw' ? by.isRequester : !by.isRequester && !by.isOfProject,
    )
  })

  it('is approved and refused by nobody who decided on the project, or is to be told', () => {
    whenMoved((_, action, by) => {
      const decides = action === 'approve' || action === 'refuse'
      return !decides || (!by.hasDecided && !by.isNamedRecipient)
    })
  })

  it('is approved once by a person and once by a role', () => {
    whenMoved(
      (one, action, by, role) => action !== 'approve' || (!by.hasApproved && !one.approvedAs.includes(role)),
    )
  })

  it('is answered to its recipient, who has not approved', () => {
    whenMoved((one, action, by, role) => {
      if (action !== 'carry-out') return true
      const isRecipient =
        one.recipient === 'privacy-desk' ? role === 'dpo' : role === 'physician' && by.isNamedRecipient
      return isRecipient && !by.hasApproved
    })
  })

  it('goes no further once its permit has ended', () => {
    whenMoved((one, action) => one.isPermitLive || action === 'refuse' || action === 'withdraw')
  })

  it('has lapsed from the millisecond on that its approvals say, while it waits', () => {
    const lapsesAt = new Date('2026-03-01T10:00:00Z')
    const before = new Date(lapsesAt.getTime() - 1)
    const at = (now: Date) =>
      statuses.slice(0, 5).map((status) => statusOf({ status: status as 'open', lapsesAt }, now))
    expect(at(before)).toEqual(['open', 'approved', 'done', 'refused', 'withdrawn'])
    expect(at(lapsesAt)).toEqual(['lapsed', 'lapsed', 'done', 'refused', 'withdrawn'])
    expect(statusOf({ status: 'open', lapsesAt: null }, lapsesAt)).toBe('open')
  })
})
