import { randomUUID } from 'node:crypto'
import { permitTransitions, requestTransitions } from '../../src/governance/request-state.ts'
import { DirectSql, proposal } from './direct-sql.ts'

let direct: DirectSql

beforeAll(async () => {
  direct = await DirectSql.connect()
})

afterEach(() => direct.server.query('ROLLBACK'))
afterAll(() => direct.close())

describe('the table of transitions', () => {
  it('is the same in the database as in the code', async () => {
    const { rows } = await direct.owner.query(
      `SELECT machine || ' ' || action || ' ' || from_status || ' ' || to_status || ' ' || role AS row
       FROM governance.transition`,
    )
    const flat = (machine: string, table: typeof requestTransitions | typeof permitTransitions) =>
      table.flatMap(({ action, from, to, role }) =>
        from.map((one) => `${machine} ${action} ${one} ${to} ${role}`),
      )
    const code = [...flat('request', requestTransitions), ...flat('permit', permitTransitions)]
    expect(rows.map(({ row }) => row as string).sort()).toEqual(code.sort())
  })

  it('cannot be changed by the server', async () => {
    await expect(direct.server.query('DELETE FROM governance.transition')).rejects.toThrow(
      /permission denied/,
    )
    await expect(direct.server.query('UPDATE governance.policy SET quorum = 1')).rejects.toThrow(
      /permission denied/,
    )
  })
})

describe('a request, by SQL alone', () => {
  it('gets a code of its year and its number from the database', async () => {
    const [first, second] = [await direct.draft(), await direct.draft()]
    const { rows } = await direct.owner.query(
      'SELECT code FROM governance.request WHERE id IN ($1, $2) ORDER BY created_at, code',
      [first, second],
    )
    const codes = rows.map(({ code }) => code as string)
    expect(codes[0]).toMatch(/^CHU-\d{4}-\d{4}$/)
    expect(Number(codes[1]?.slice(-4))).toBe(Number(codes[0]?.slice(-4)) + 1)
  })

  it('has a status that the server cannot write', async () => {
    const id = await direct.draft()
    const write = direct.server.query(`UPDATE governance.request SET status = 'permitted' WHERE id = $1`, [
      id,
    ])
    await expect(write).rejects.toThrow(/permission denied/)
  })

  it('has a status that not even the owner can write without an event', async () => {
    const id = await direct.draft()
    const write = direct.owner.query(`UPDATE governance.request SET status = 'in-review' WHERE id = $1`, [id])
    await expect(write).rejects.toThrow('a status moves by an event')
  })

  it('cannot begin in another state than draft', async () => {
    const begin = direct.owner.query(
      `INSERT INTO governance.request (id, requester, proposal, status) VALUES ($1, 'rene', $2, 'permitted')`,
      [randomUUID(), proposal()],
    )
    await expect(begin).rejects.toThrow('a request begins as a draft')
  })

  it.each(['product-promotion', 'insurance-exclusion', 'insurance-pricing', undefined])(
    'cannot have the purpose %s',
    async (purposeCategory) => {
      const insert = direct.server.query(
        'INSERT INTO governance.request (id, requester, proposal) VALUES ($1, $2, $3)',
        [randomUUID(), 'rene', proposal({ purposeCategory })],
      )
      await expect(insert).rejects.toThrow(/purpose_category/)
    },
  )

  it('cannot change what it asks for once it was submitted', async () => {
    const id = await direct.inReview()
    const write = direct.server.query('UPDATE governance.request SET proposal = $2 WHERE id = $1', [
      id,
      proposal({ title: 'More' }),
    ])
    await expect(write).rejects.toThrow('a proposal that was submitted does not change')
  })

  it('keeps, for each submission, what was submitted and its SHA-256', async () => {
    const id = await direct.inReview()
    const { rows } = await direct.owner.query(
      `SELECT s.proposal = r.proposal AS same, e.evidence = encode(sha256(convert_to(s.proposal, 'UTF8')), 'hex') AS hashed
       FROM governance.submission s JOIN governance.request r ON r.id = s.request
       JOIN governance.event e ON e.request = r.id WHERE r.id = $1`,
      [id],
    )
    expect(rows).toEqual([{ same: true, hashed: true }])
  })

  const states: Record<string, () => Promise<string>> = {
    draft: () => direct.draft(),
    'in-review': () => direct.inReview(),
    returned: async () => {
      const id = await direct.inReview()
      await direct.opinion(id, 'claire', 'ask')
      await direct.event(id, 'ask', 'committee', 'claire')
      return id
    },
    refused: async () => {
      const id = await direct.inReview()
      await direct.event(id, 'refuse', 'director', 'diane')
      return id
    },
    withdrawn: async () => {
      const id = await direct.draft()
      await direct.event(id, 'withdraw', 'requester', 'rene')
      return id
    },
    permitted: async () => (await direct.permitted()).id,
  }
  const actors = { requester: 'rene', committee: 'claire', director: 'diane' }
  const wrong = Object.keys(states).flatMap((status) =>
    requestTransitions.flatMap(({ action }) =>
      Object.keys(actors)
        .filter(
          (as) =>
            !requestTransitions.some(
              (one) => one.action === action && one.role === as && one.from.some((from) => from === status),
            ),
        )
        .map((as) => [status, action, as] as const),
    ),
  )

  it.each(wrong)('that is %s takes no event %s by a %s', async (status, action, role) => {
    const id = await states[status]?.()
    if (id === undefined) throw new TypeError('no such state')
    expect(await direct.status(id)).toBe(status)
    const actor = actors[role as keyof typeof actors]
    await expect(direct.event(id, action, role, actor)).rejects.toThrow(
      'not a transition of this state by this role',
    )
    expect(await direct.status(id)).toBe(status)
  })

  it.each([
    ['submit', 'requester', 'someone else'],
    ['withdraw', 'requester', 'someone else'],
  ])('takes no %s in its requester’s stead', async (action, role, actor) => {
    await expect(direct.event(await direct.draft(), action, role, actor)).rejects.toThrow(
      'are different people',
    )
  })

  it.each([
    ['the requester', 'rene'],
    ['a person it names', 'nadia'],
  ])('takes no opinion of %s', async (_, member) => {
    await expect(direct.opinion(await direct.inReview(), member, 'approve')).rejects.toThrow(
      'gives no opinion',
    )
  })

  it.each([
    ['the requester', 'rene'],
    ['a person it names', 'nadia'],
    ['a committee member who gave an opinion', 'claire'],
  ])('takes no decision of %s', async (_, actor) => {
    const id = await direct.inReview()
    await direct.opinion(id, 'claire', 'approve')
    await expect(direct.event(id, 'permit', 'director', actor)).rejects.toThrow(
      /different people|does not decide/,
    )
    await expect(direct.event(id, 'refuse', 'director', actor)).rejects.toThrow(
      /different people|does not decide/,
    )
  })

  it('takes no word of an opinion that was not given', async () => {
    const id = await direct.inReview()
    await expect(direct.event(id, 'ask', 'committee', 'claire')).rejects.toThrow('there is no such opinion')
    await direct.opinion(id, 'claire', 'approve')
    await expect(direct.event(id, 'ask', 'committee', 'claire')).rejects.toThrow('there is no such opinion')
  })

  it('takes no opinion before it is in review', async () => {
    await expect(direct.opinion(await direct.draft(), 'claire', 'approve')).rejects.toThrow(
      'on the round in review',
    )
  })

  it('takes one opinion of a member in a round', async () => {
    const id = await direct.inReview()
    await direct.opinion(id, 'claire', 'approve')
    await expect(direct.opinion(id, 'claire', 'refuse')).rejects.toThrow(/opinion_pkey/)
  })

  it.each(['approve-with-conditions', 'refuse', 'ask'])(
    'takes no opinion %s without words',
    async (verdict) => {
      await expect(direct.opinion(await direct.inReview(), 'claire', verdict, ' ')).rejects.toThrow(
        /opinion_says_why/,
      )
    },
  )

  it('is not permitted without an approving opinion', async () => {
    await expect(direct.event(await direct.inReview(), 'permit', 'director', 'diane')).rejects.toThrow(
      'the quorum',
    )
  })

  it('is not permitted against a refusing opinion', async () => {
    const id = await direct.inReview()
    await direct.opinion(id, 'claire', 'approve')
    await direct.opinion(id, 'charles', 'refuse')
    await expect(direct.event(id, 'permit', 'director', 'diane')).rejects.toThrow('none that refuses')
  })

  it('is not permitted on opinions of an earlier round', async () => {
    const id = await direct.inReview()
    await direct.opinion(id, 'claire', 'approve')
    await direct.opinion(id, 'charles', 'ask')
    await direct.event(id, 'ask', 'committee', 'charles')
    await direct.event(id, 'submit', 'requester', 'rene')
    await expect(direct.event(id, 'permit', 'director', 'diane')).rejects.toThrow('the quorum')
  })

  it('is not permitted without a permit that is made with it', async () => {
    const id = await direct.inReview()
    await direct.opinion(id, 'claire', 'approve')
    await expect(direct.event(id, 'permit', 'director', 'diane')).rejects.toThrow(
      'a permitted request has a permit',
    )
    expect(await direct.status(id)).toBe('in-review')
  })
})
