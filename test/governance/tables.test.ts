import pg from 'pg'
import { randomUUID } from 'node:crypto'
import { permitTransitions, requestTransitions } from '../../src/governance/request-state.ts'
import { freshDatabase } from '../support/database.ts'

/** What someone with the server's own database password could try, past all of our code. */
let database: Awaited<ReturnType<typeof freshDatabase>>
let owner: pg.Client
let server: pg.Client

beforeAll(async () => {
  database = await freshDatabase()
  owner = new pg.Client({ connectionString: database.url })
  server = new pg.Client({ connectionString: database.url, options: '-c role=coffre_care' })
  await Promise.all([owner.connect(), server.connect()])
})

afterAll(async () => {
  await Promise.all([owner.end(), server.end()])
  await database.drop()
})

const proposal = (changes: object = {}) =>
  JSON.stringify({
    title: 'Glycaemia',
    purposeCategory: 'scientific-research',
    people: ['nadia'],
    expiresOn: new Date(Date.now() + 100 * 86_400_000).toISOString().slice(0, 10),
    ...changes,
  })

async function draft(): Promise<string> {
  const id = randomUUID()
  const text = 'INSERT INTO governance.request (id, requester, proposal) VALUES ($1, $2, $3)'
  await server.query(text, [id, 'rene', proposal()])
  return id
}

const event = (id: string, action: string, role: string, actor: string, permit: string | null = null) =>
  server.query(
    `INSERT INTO governance.event (request, action, role, actor, permit, reason) VALUES ($1, $2, $3, $4, $5, 'why')`,
    [id, action, role, actor, permit],
  )

const opinion = (id: string, member: string, verdict: string, text = 'because', round = 1) =>
  server.query(
    'INSERT INTO governance.opinion (request, round, member, verdict, text) VALUES ($1, $2, $3, $4, $5)',
    [id, round, member, verdict, text],
  )

async function inReview(): Promise<string> {
  const id = await draft()
  await event(id, 'submit', 'requester', 'rene')
  return id
}

const newPermit = (id: string, permit: string, until = "now() + interval '90 days'") =>
  server.query(
    `INSERT INTO governance.permit (id, request, round, secret, key_version, valid_until)
     VALUES ($1, $2, 1, '\\x00', 1, ${until})`,
    [permit, id],
  )

async function permitted(member?: string): Promise<{ id: string; permit: string }> {
  const id = await inReview()
  const permit = randomUUID().replaceAll('-', '')
  await opinion(id, 'claire', 'approve')
  await server.query('BEGIN')
  await event(id, 'permit', 'director', 'diane')
  await newPermit(id, permit)
  if (member) await addMember(permit, member)
  await server.query('COMMIT')
  return { id, permit }
}

const addMember = (permit: string, pseudonym: string, patient = randomUUID(), days = -41) =>
  server.query('INSERT INTO governance.permit_member VALUES ($1, $2, $3, $4)', [
    permit,
    patient,
    pseudonym,
    days,
  ])

const statusOf = async (id: string) => {
  const { rows } = await owner.query('SELECT status FROM governance.request WHERE id = $1', [id])
  return rows[0]?.status as string
}

afterEach(() => server.query('ROLLBACK'))

describe('the table of transitions', () => {
  it('is the same in the database as in the code', async () => {
    const { rows } = await owner.query(
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
    await expect(server.query('DELETE FROM governance.transition')).rejects.toThrow(/permission denied/)
    await expect(server.query('UPDATE governance.policy SET quorum = 1')).rejects.toThrow(/permission denied/)
  })
})

describe('a request, by SQL alone', () => {
  it('gets a code of its year and its number from the database', async () => {
    const [first, second] = [await draft(), await draft()]
    const { rows } = await owner.query(
      'SELECT code FROM governance.request WHERE id IN ($1, $2) ORDER BY created_at, code',
      [first, second],
    )
    const codes = rows.map(({ code }) => code as string)
    expect(codes[0]).toMatch(/^CHU-\d{4}-\d{4}$/)
    expect(Number(codes[1]?.slice(-4))).toBe(Number(codes[0]?.slice(-4)) + 1)
  })

  it('has a status that the server cannot write', async () => {
    const id = await draft()
    const write = server.query(`UPDATE governance.request SET status = 'permitted' WHERE id = $1`, [id])
    await expect(write).rejects.toThrow(/permission denied/)
  })

  it('has a status that not even the owner can write without an event', async () => {
    const id = await draft()
    const write = owner.query(`UPDATE governance.request SET status = 'in-review' WHERE id = $1`, [id])
    await expect(write).rejects.toThrow('a status moves by an event')
  })

  it('cannot begin in another state than draft', async () => {
    const begin = owner.query(
      `INSERT INTO governance.request (id, requester, proposal, status) VALUES ($1, 'rene', $2, 'permitted')`,
      [randomUUID(), proposal()],
    )
    await expect(begin).rejects.toThrow('a request begins as a draft')
  })

  it.each(['product-promotion', 'insurance-exclusion', 'insurance-pricing', undefined])(
    'cannot have the purpose %s',
    async (purposeCategory) => {
      const insert = server.query(
        'INSERT INTO governance.request (id, requester, proposal) VALUES ($1, $2, $3)',
        [randomUUID(), 'rene', proposal({ purposeCategory })],
      )
      await expect(insert).rejects.toThrow(/purpose_category/)
    },
  )

  it('cannot change what it asks for once it was submitted', async () => {
    const id = await inReview()
    const write = server.query('UPDATE governance.request SET proposal = $2 WHERE id = $1', [
      id,
      proposal({ title: 'More' }),
    ])
    await expect(write).rejects.toThrow('a proposal that was submitted does not change')
  })

  it('keeps, for each submission, what was submitted and its SHA-256', async () => {
    const id = await inReview()
    const { rows } = await owner.query(
      `SELECT s.proposal = r.proposal AS same, e.evidence = encode(sha256(convert_to(s.proposal, 'UTF8')), 'hex') AS hashed
       FROM governance.submission s JOIN governance.request r ON r.id = s.request
       JOIN governance.event e ON e.request = r.id WHERE r.id = $1`,
      [id],
    )
    expect(rows).toEqual([{ same: true, hashed: true }])
  })

  const states: Record<string, () => Promise<string>> = {
    draft,
    'in-review': inReview,
    returned: async () => {
      const id = await inReview()
      await opinion(id, 'claire', 'ask')
      await event(id, 'ask', 'committee', 'claire')
      return id
    },
    refused: async () => {
      const id = await inReview()
      await event(id, 'refuse', 'director', 'diane')
      return id
    },
    withdrawn: async () => {
      const id = await draft()
      await event(id, 'withdraw', 'requester', 'rene')
      return id
    },
    permitted: async () => (await permitted()).id,
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
    expect(await statusOf(id)).toBe(status)
    const actor = actors[role as keyof typeof actors]
    await expect(event(id, action, role, actor)).rejects.toThrow(
      'not a transition of this state by this role',
    )
    expect(await statusOf(id)).toBe(status)
  })

  it.each([
    ['submit', 'requester', 'someone else'],
    ['withdraw', 'requester', 'someone else'],
  ])('takes no %s in its requester’s stead', async (action, role, actor) => {
    await expect(event(await draft(), action, role, actor)).rejects.toThrow('are different people')
  })

  it.each([
    ['the requester', 'rene'],
    ['a person it names', 'nadia'],
  ])('takes no opinion of %s', async (_, member) => {
    await expect(opinion(await inReview(), member, 'approve')).rejects.toThrow('gives no opinion')
  })

  it.each([
    ['the requester', 'rene'],
    ['a person it names', 'nadia'],
    ['a committee member who gave an opinion', 'claire'],
  ])('takes no decision of %s', async (_, actor) => {
    const id = await inReview()
    await opinion(id, 'claire', 'approve')
    await expect(event(id, 'permit', 'director', actor)).rejects.toThrow(/different people|does not decide/)
    await expect(event(id, 'refuse', 'director', actor)).rejects.toThrow(/different people|does not decide/)
  })

  it('takes no word of an opinion that was not given', async () => {
    const id = await inReview()
    await expect(event(id, 'ask', 'committee', 'claire')).rejects.toThrow('there is no such opinion')
    await opinion(id, 'claire', 'approve')
    await expect(event(id, 'ask', 'committee', 'claire')).rejects.toThrow('there is no such opinion')
  })

  it('takes no opinion before it is in review', async () => {
    await expect(opinion(await draft(), 'claire', 'approve')).rejects.toThrow('on the round in review')
  })

  it('takes one opinion of a member in a round', async () => {
    const id = await inReview()
    await opinion(id, 'claire', 'approve')
    await expect(opinion(id, 'claire', 'refuse')).rejects.toThrow(/opinion_pkey/)
  })

  it.each(['approve-with-conditions', 'refuse', 'ask'])(
    'takes no opinion %s without words',
    async (verdict) => {
      await expect(opinion(await inReview(), 'claire', verdict, ' ')).rejects.toThrow(/opinion_says_why/)
    },
  )

  it('is not permitted without an approving opinion', async () => {
    await expect(event(await inReview(), 'permit', 'director', 'diane')).rejects.toThrow('the quorum')
  })

  it('is not permitted against a refusing opinion', async () => {
    const id = await inReview()
    await opinion(id, 'claire', 'approve')
    await opinion(id, 'charles', 'refuse')
    await expect(event(id, 'permit', 'director', 'diane')).rejects.toThrow('none that refuses')
  })

  it('is not permitted on opinions of an earlier round', async () => {
    const id = await inReview()
    await opinion(id, 'claire', 'approve')
    await opinion(id, 'charles', 'ask')
    await event(id, 'ask', 'committee', 'charles')
    await event(id, 'submit', 'requester', 'rene')
    await expect(event(id, 'permit', 'director', 'diane')).rejects.toThrow('the quorum')
  })

  it('is not permitted without a permit that is made with it', async () => {
    const id = await inReview()
    await opinion(id, 'claire', 'approve')
    await expect(event(id, 'permit', 'director', 'diane')).rejects.toThrow('a permitted request has a permit')
    expect(await statusOf(id)).toBe('in-review')
  })
})

describe('evidence', () => {
  it.each(['event', 'opinion', 'submission'])(
    'in %s is not changed or removed, not even by the owner',
    async (table) => {
      await permitted()
      for (const who of [owner, server]) {
        await expect(who.query(`DELETE FROM governance.${table}`)).rejects.toThrow(
          /not changed|permission denied/,
        )
        await expect(who.query(`UPDATE governance.${table} SET request = request`)).rejects.toThrow(
          /not changed|permission denied/,
        )
        await expect(who.query(`TRUNCATE governance.${table} CASCADE`)).rejects.toThrow(
          /not changed|permission denied/,
        )
      }
    },
  )
})

describe('a permit, by SQL alone', () => {
  it('is not made for a request that is not permitted', async () => {
    await expect(newPermit(await inReview(), randomUUID().replaceAll('-', ''))).rejects.toThrow(
      'a permit takes a permitted request',
    )
  })

  it.each([
    ['later than the request said', "now() + interval '102 days'"],
    ['before it begins', "now() - interval '1 day'"],
  ])('does not end %s', async (_, until) => {
    const id = await inReview()
    await opinion(id, 'claire', 'approve')
    await server.query('BEGIN')
    await event(id, 'permit', 'director', 'diane')
    await expect(newPermit(id, randomUUID().replaceAll('-', ''), until)).rejects.toThrow(
      /check constraint|a permit ends/,
    )
  })

  it('is not prolonged', async () => {
    const { permit } = await permitted()
    const text = `UPDATE governance.permit SET valid_until = valid_until + interval '1 day' WHERE id = $1`
    await expect(server.query(text, [permit])).rejects.toThrow(/permission denied/)
    await expect(owner.query(text, [permit])).rejects.toThrow('what a permit grants does not change')
  })

  it('does not come back after it was revoked', async () => {
    const { id, permit } = await permitted()
    await event(id, 'revoke', 'director', 'diane', permit)
    const back = owner.query(`UPDATE governance.permit SET status = 'active' WHERE id = $1`, [permit])
    await expect(back).rejects.toThrow('a status moves by an event')
    await expect(event(id, 'revoke', 'director', 'diane', permit)).rejects.toThrow('not a transition')
  })

  it('gets another version with every change, so that nothing old is used', async () => {
    const { id, permit } = await permitted()
    const version = async () => {
      const { rows } = await owner.query('SELECT version FROM governance.permit WHERE id = $1', [permit])
      return rows[0]?.version as number
    }
    const before = await version()
    await event(id, 'expire', 'director', 'diane', permit)
    expect(await version()).toBe(before + 1)
  })

  it('does not take members after it was granted', async () => {
    const { permit } = await permitted('p1')
    await expect(addMember(permit, 'p2')).rejects.toThrow('the cohort of a permit does not grow')
  })

  it.each([
    ['two members of one pseudonym', 'p1', -3, /permit_member_permit_pseudonym_key/],
    ['a member whose dates are not shifted', 'p2', 0, /shift_days/],
  ])('does not take %s', async (_, pseudonym, days, message) => {
    const id = await inReview()
    const permit = randomUUID().replaceAll('-', '')
    await opinion(id, 'claire', 'approve')
    await server.query('BEGIN')
    await event(id, 'permit', 'director', 'diane')
    await newPermit(id, permit)
    await addMember(permit, 'p1')
    await expect(addMember(permit, pseudonym, randomUUID(), days)).rejects.toThrow(message)
  })

  it('shows the research role its cohort and its end, never its secret', async () => {
    const research = new pg.Client({ connectionString: database.url, options: '-c role=coffre_research' })
    await research.connect()
    try {
      await research.query('SELECT patient, pseudonym, shift_days FROM governance.permit_member')
      await research.query('SELECT id, status, valid_until FROM governance.permit')
      await expect(research.query('SELECT secret FROM governance.permit')).rejects.toThrow(
        /permission denied/,
      )
      await expect(research.query('SELECT * FROM governance.request')).rejects.toThrow(/permission denied/)
    } finally {
      await research.end()
    }
  })
})
