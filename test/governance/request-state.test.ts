import fc from 'fast-check'
import {
  movePermit,
  moveRequest,
  permitTransitions,
  requestTransitions,
  type Opinions,
  type PermitStatus,
  type RequestAction,
  type RequestStatus,
  type Standing,
} from '../../src/governance/request-state.ts'

const statuses: RequestStatus[] = ['draft', 'in-review', 'returned', 'permitted', 'refused', 'withdrawn']
const actions: RequestAction[] = ['submit', 'withdraw', 'opine', 'ask', 'permit', 'refuse']
const roles = ['requester', 'committee', 'director', 'steward', 'dpo', 'auditor', 'admin']
const approved: Opinions = { approving: 1, refusing: 0, quorum: 1 }

const someone = (role: string, more: Partial<Standing> = {}): Standing => ({
  ...{ roles: new Set([role]), isRequester: role === 'requester', isNamed: false },
  ...{ hasOpined: false, hasOpinedNow: false },
  ...more,
})

/** The whole of what is allowed, written out by hand: everything else is refused. */
const allowed = new Map([
  ['draft submit requester', 'in-review'],
  ['returned submit requester', 'in-review'],
  ['draft withdraw requester', 'withdrawn'],
  ['returned withdraw requester', 'withdrawn'],
  ['in-review withdraw requester', 'withdrawn'],
  ['in-review opine committee', 'in-review'],
  ['in-review ask committee', 'returned'],
  ['in-review permit director', 'permitted'],
  ['in-review refuse director', 'refused'],
])

describe('a data access request', () => {
  const matrix = statuses.flatMap((status) =>
    actions.flatMap((action) => roles.map((role) => [status, action, role] as const)),
  )

  it.each(matrix)(
    'in state %s, on %s by a %s, moves as the table says or not at all',
    (status, action, role) => {
      const to = allowed.get(`${status} ${action} ${role}`)
      const move = moveRequest(status, action, someone(role), approved)
      expect('to' in move ? move.to : undefined).toBe(to)
    },
  )

  const states = fc.constantFrom(...statuses)
  const standings = fc.record({
    roles: fc.uniqueArray(fc.constantFrom(...roles)).map((some) => new Set(some)),
    isRequester: fc.boolean(),
    isNamed: fc.boolean(),
    hasOpined: fc.boolean(),
    hasOpinedNow: fc.boolean(),
  })
  const opinions = fc.record({
    approving: fc.nat(5),
    refusing: fc.nat(2),
    quorum: fc.integer({ min: 1, max: 5 }),
  })

  it('is never judged or decided by who asked for it, or will use it, whatever roles they have', () => {
    const judging = fc.constantFrom<RequestAction>('opine', 'ask', 'permit', 'refuse')
    fc.assert(
      fc.property(states, judging, standings, opinions, (status, action, standing, said) => {
        fc.pre(standing.isRequester || standing.isNamed)
        expect(moveRequest(status, action, standing, said)).toHaveProperty('refused')
      }),
    )
  })

  it('is never decided by who gave an opinion on it, in whatever round', () => {
    const deciding = fc.constantFrom<RequestAction>('permit', 'refuse')
    fc.assert(
      fc.property(states, deciding, standings, opinions, (status, action, standing, said) => {
        const opined = { ...standing, hasOpined: true }
        expect(moveRequest(status, action, opined, said)).toHaveProperty('refused')
      }),
    )
  })

  it('is never permitted below the quorum or against a refusing opinion', () => {
    fc.assert(
      fc.property(states, standings, opinions, (status, standing, said) => {
        fc.pre(said.approving < said.quorum || said.refusing > 0)
        expect(moveRequest(status, 'permit', standing, said)).toHaveProperty('refused')
      }),
    )
  })

  it('is submitted and withdrawn by its own requester only', () => {
    const own = fc.constantFrom<RequestAction>('submit', 'withdraw')
    fc.assert(
      fc.property(states, own, standings, opinions, (status, action, standing, said) => {
        const other = { ...standing, isRequester: false }
        expect(moveRequest(status, action, other, said)).toHaveProperty('refused')
      }),
    )
  })

  it('takes one opinion of a member in a round', () => {
    const again = someone('committee', { hasOpined: true, hasOpinedNow: true })
    expect(moveRequest('in-review', 'opine', again, approved)).toEqual({ refused: 'opinion' })
  })

  it('takes another opinion of a member in a later round', () => {
    const before = someone('committee', { hasOpined: true })
    expect(moveRequest('in-review', 'opine', before, approved)).toEqual({
      to: 'in-review',
      role: 'committee',
    })
  })

  it('never leaves the states permitted, refused and withdrawn', () => {
    const final = ['permitted', 'refused', 'withdrawn']
    expect(requestTransitions.flatMap(({ from }) => from).filter((from) => final.includes(from))).toEqual([])
  })
})

describe('a permit', () => {
  const permitStatuses: PermitStatus[] = ['active', 'suspended', 'expired', 'revoked', 'closed']
  const matrix = permitStatuses.flatMap((status) => roles.map((role) => [status, role] as const))

  it.each(matrix)('that is %s is ended by a %s only if it is open and he a director', (status, role) => {
    const isAllowed = role === 'director' && (status === 'active' || status === 'suspended')
    expect('to' in movePermit(status, 'revoke', new Set([role]))).toBe(isAllowed)
    expect('to' in movePermit(status, 'expire', new Set([role]))).toBe(isAllowed)
  })

  it('never becomes active again', () => {
    expect(permitTransitions.map(({ to }) => to)).not.toContain('active')
  })
})
