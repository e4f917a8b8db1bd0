import { randomUUID } from 'node:crypto'
import { caseTransitions, grounds } from '../../src/governance/reidentification-state.ts'
import { DirectSql } from './direct-sql.ts'

/** What someone with the server's own database password could do to the desk, past all of our code. */
let direct: DirectSql
let permit: string
const pseudonym = '3333333333333333333'

beforeAll(async () => {
  direct = await DirectSql.connect()
  ;({ permit } = await direct.permitted(pseudonym))
  await direct.owner.query('UPDATE governance.policy SET cases_a_day = 10000, most_recontacted = 3')
})

afterEach(() => direct.server.query('ROLLBACK'))
afterAll(() => direct.close())

/** A case of nadia's, who uses the data that rene asked for, and diane granted on claire's opinion. */
async function file(changes: object = {}, as = direct.server): Promise<string> {
  const id = randomUUID()
  const row = {
    ...{ id, permit, requester: 'nadia', filed_as: 'user', ground: 'benefit-to-the-person' },
    ...{ pseudonyms: [pseudonym], recipient: 'privacy-desk', key: '\\x00', key_version: 1, words: '\\x00' },
    ...changes,
  }
  const columns = Object.keys(row)
  await as.query(
    `INSERT INTO governance.reidentification (${columns.join(', ')})
     VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(row),
  )
  return id
}

function event(id: string, action: string, role: string, actor: string, as = direct.server) {
  return as.query(
    `INSERT INTO governance.reidentification_event (reidentification, action, role, actor, words)
     VALUES ($1, $2, $3, $4, $5)`,
    [id, action, role, actor, action === 'refuse' ? '\\x00' : null],
  )
}

async function approved(changes: object = {}): Promise<string> {
  const id = await file(changes)
  await event(id, 'approve', 'dpo', 'dora')
  await event(id, 'approve', 'physician', 'phil')
  return id
}

async function reidentify(
  id: string,
  actor = 'denise',
  role = 'dpo',
  as = direct.server,
): Promise<unknown[]> {
  return (await as.query('SELECT * FROM governance.reidentify($1, $2, $3)', [id, actor, role])).rows
}

async function status(id: string): Promise<unknown> {
  const { rows } = await direct.owner.query<{ status: string }>(
    'SELECT status FROM governance.reidentification WHERE id = $1',
    [id],
  )
  return rows[0]?.status
}

describe('the way back from a pseudonym', () => {
  it.each([
    `SELECT pseudonym FROM governance.permit_member`,
    `SELECT patient FROM governance.permit_member WHERE pseudonym = '${pseudonym}'`,
    `SELECT m FROM governance.permit_member m`,
    `COPY governance.permit_member TO STDOUT`,
  ])('is not readable by the role care: %s', async (text) => {
    await expect(direct.server.query(text)).rejects.toThrow(/permission denied/)
  })

  it('is a function, which answers an approved case, once', async () => {
    const id = await approved()
    const { rows } = await direct.owner.query(
      'SELECT patient FROM governance.permit_member WHERE permit = $1',
      [permit],
    )
    expect(await reidentify(id)).toEqual([{ pseudonym, patient: (rows[0] as { patient: string }).patient }])
    expect(await status(id)).toBe('done')
    await expect(reidentify(id)).rejects.toThrow('not a transition of this state by this role')
  })

  it('is not open to the role research', async () => {
    const { rows } = await direct.owner.query<{ may: boolean }>(
      `SELECT has_function_privilege('coffre_research', 'governance.reidentify(uuid, text, text)', 'EXECUTE') AS may`,
    )
    expect(rows).toEqual([{ may: false }])
  })

  it.each([
    ['the requester', 'nadia', 'dpo'],
    ['who asked for the data', 'rene', 'dpo'],
    ['one who approved', 'dora', 'dpo'],
    ['a physician, where the privacy desk is to be told', 'paula', 'physician'],
  ])('does not answer %s', async (_, actor, role) => {
    const id = await approved()
    await expect(reidentify(id, actor, role)).rejects.toThrow(/answered/)
    expect(await status(id)).toBe('approved')
  })

  it('answers for a care service the physician whom the case names', async () => {
    const id = await approved({ recipient: 'care-service', recipient_person: 'paula' })
    await expect(reidentify(id, 'denise', 'dpo')).rejects.toThrow('only the recipient is answered')
    await expect(reidentify(id, 'pierre', 'physician')).rejects.toThrow('only the recipient is answered')
    expect(await reidentify(id, 'paula', 'physician')).toHaveLength(1)
  })

  it('answers no case with one approval, and none that was refused or withdrawn', async () => {
    const once = await file()
    await event(once, 'approve', 'dpo', 'dora')
    const [refused, withdrawn] = [await approved(), await approved()]
    await event(refused, 'refuse', 'dpo', 'daniel')
    await event(withdrawn, 'withdraw', 'requester', 'nadia')
    for (const id of [once, refused, withdrawn])
      await expect(reidentify(id)).rejects.toThrow('not a transition')
  })

  it('does not answer approvals that have lapsed', async () => {
    await direct.owner.query(`UPDATE governance.policy SET approvals_live_for = '1 second'`)
    const id = await approved()
    await direct.owner.query(`UPDATE governance.policy SET approvals_live_for = '24 hours'`)
    const { rows } = await direct.owner.query<{ lapses: Date }>(
      'SELECT lapses_at AS lapses FROM governance.reidentification WHERE id = $1',
      [id],
    )
    const left = (rows[0]?.lapses.getTime() ?? 0) - Date.now()
    await new Promise((resolve) => setTimeout(resolve, Math.max(left, 0) + 5))
    await expect(reidentify(id)).rejects.toThrow('have lapsed')
  })

  it('is not taken by an event without the answer', async () => {
    const id = await approved()
    await expect(event(id, 'carry-out', 'dpo', 'denise')).rejects.toThrow('by the function that answers')
    expect(await status(id)).toBe('approved')
  })

  it('answers one of two at once', async () => {
    const id = await approved()
    const answers = await Promise.allSettled([reidentify(id), reidentify(id, 'daniel', 'dpo', direct.owner)])
    expect(answers.map((answer) => answer.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('says that a pseudonym is nobody’s, and notes nobody', async () => {
    const id = await approved({ pseudonyms: ['4444444444444444444'] })
    expect(await reidentify(id)).toEqual([{ pseudonym: '4444444444444444444', patient: null }])
    const { rows } = await direct.owner.query(
      'SELECT FROM governance.reidentified WHERE reidentification = $1',
      [id],
    )
    expect(rows).toEqual([])
  })
})

describe('a case, by SQL alone', () => {
  it('moves by the table of transitions that the code has', async () => {
    const { rows } = await direct.owner.query<{ row: string }>(
      `SELECT action || ' ' || from_status || ' ' || to_status || ' ' || role AS row
       FROM governance.reidentification_transition`,
    )
    const code = caseTransitions.flatMap(({ action, from, to, roles }) =>
      from.flatMap((one) => to.flatMap((other) => roles.map((role) => `${action} ${one} ${other} ${role}`))),
    )
    expect(rows.map(({ row }) => row).sort()).toEqual(code.sort())
  })

  it.each([
    ['another ground', { ground: 'curiosity' }, /reidentification_ground/],
    ['no pseudonym', { pseudonyms: [] }, /reidentification_form/],
    ['something else than a pseudonym', { pseudonyms: ['Zweistein'] }, /reidentification_form/],
    ['a missing pseudonym', { pseudonyms: [pseudonym, null], ground: 'recontact' }, /reidentification_form/],
    ['two pseudonyms', { pseudonyms: [pseudonym, '4444444444444444444'] }, /reidentification_one/],
    [
      'more than the policy’s most',
      { ground: 'recontact', pseudonyms: Array(4).fill(pseudonym) },
      /than the policy/,
    ],
    ['no person of the care service', { recipient: 'care-service' }, /reidentification_recipient/],
    [
      'its requester as who is told',
      { recipient: 'care-service', recipient_person: 'nadia' },
      /nobody of the project/,
    ],
    [
      'who asked for the data as who is told',
      { recipient: 'care-service', recipient_person: 'rene' },
      /nobody of the project/,
    ],
    ['someone who is no user of the permit', { requester: 'odile' }, /filed by a user/],
    ['the requester of the data, who is no user', { requester: 'rene' }, /filed by a user/],
    [
      'a dpo of the project',
      { requester: 'rene', filed_as: 'dpo', ground: 'legal-order' },
      /outside the project/,
    ],
    [
      'a dpo who decided on the project',
      { requester: 'claire', filed_as: 'dpo', ground: 'legal-order' },
      /outside the project/,
    ],
    ['a dpo on a user’s ground', { requester: 'dora', filed_as: 'dpo' }, /reidentification_filed_as/],
  ])('is not filed with %s', async (_, changes, message) => {
    await expect(file(changes)).rejects.toThrow(message)
  })

  it('has no ground beyond those of the code', async () => {
    for (const ground of grounds) await expect(file({ ground })).resolves.toBeDefined()
  })

  it('is not filed beyond the cases of a day, not by two at once', async () => {
    const { rows } = await direct.owner.query<{ count: string }>(
      `SELECT count(*) FROM governance.reidentification WHERE permit = $1`,
      [permit],
    )
    await direct.owner.query('UPDATE governance.policy SET cases_a_day = $1', [Number(rows[0]?.count) + 1])
    const both = await Promise.allSettled([file(), file({}, direct.owner)])
    await direct.owner.query('UPDATE governance.policy SET cases_a_day = 10000')
    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('has a status that the server cannot write, and the owner not without an event', async () => {
    const id = await file()
    const write = `UPDATE governance.reidentification SET status = 'approved' WHERE id = '${id}'`
    await expect(direct.server.query(write)).rejects.toThrow(/permission denied/)
    await expect(direct.owner.query(write)).rejects.toThrow('a status moves by an event')
    const longer = `UPDATE governance.reidentification SET lapses_at = now() + interval '1 year' WHERE id = '${id}'`
    await expect(direct.owner.query(longer)).rejects.toThrow('a status moves by an event')
    await event(id, 'approve', 'dpo', 'dora')
    await expect(direct.owner.query(longer)).rejects.toThrow('a status moves by an event')
  })

  it('does not change what it asks for', async () => {
    const id = await file()
    const write = `UPDATE governance.reidentification SET pseudonyms = '{5555555555555555555}' WHERE id = '${id}'`
    await expect(direct.server.query(write)).rejects.toThrow(/permission denied/)
    await expect(direct.owner.query(write)).rejects.toThrow('does not change')
  })

  it.each([
    ['its requester', 'dpo', 'nadia', /who asks does not decide/],
    ['who asked for the data', 'dpo', 'rene', /nobody of the project/],
    ['a committee member who gave an opinion', 'physician', 'claire', /who decided on the project/],
    ['the director who granted', 'dpo', 'diane', /who decided on the project/],
    ['a role that decides nothing', 'auditor', 'aude', /not a transition/],
  ])('is approved or refused by nobody too near: %s', async (_, role, actor, message) => {
    const id = await file()
    await expect(event(id, 'approve', role, actor)).rejects.toThrow(message)
    await expect(event(id, 'refuse', role, actor)).rejects.toThrow(message)
  })

  it('is not approved by who is to be told', async () => {
    const id = await file({ recipient: 'care-service', recipient_person: 'paula' })
    await expect(event(id, 'approve', 'physician', 'paula')).rejects.toThrow('who will be answered')
  })

  it('is approved by two people of two roles', async () => {
    const id = await file()
    await event(id, 'approve', 'dpo', 'dora')
    await expect(event(id, 'approve', 'dpo', 'denise')).rejects.toThrow(/reidentification_two_roles/)
    await expect(event(id, 'approve', 'physician', 'dora')).rejects.toThrow(/reidentification_two_people/)
    expect(await status(id)).toBe('open')
  })

  it('is not approved, and not carried out, once the permit of its requester has ended', async () => {
    const ended = await direct.permitted(pseudonym)
    const of = { permit: ended.permit }
    const [users, open] = [await approved(of), await file(of)]
    const desks = await approved({ ...of, requester: 'daniel', filed_as: 'dpo', ground: 'legal-order' })
    await direct.event(ended.id, 'revoke', 'director', 'diane', ended.permit)
    await expect(reidentify(users)).rejects.toThrow('has ended')
    await expect(event(open, 'approve', 'dpo', 'dora')).rejects.toThrow('has ended')
    await expect(file(of)).rejects.toThrow('a user files under an active permit')
    expect(await reidentify(desks)).toHaveLength(1)
  })

  it.each(['reidentification_event', 'reidentified', 'alert'])(
    'leaves evidence in %s that not even the owner can change',
    async (table) => {
      await reidentify(await approved())
      for (const text of [`DELETE FROM governance.${table}`, `TRUNCATE governance.${table} CASCADE`])
        await expect(direct.owner.query(text)).rejects.toThrow('evidence is not changed')
    },
  )

  it('leaves no word of whom it named that the server could add or take away', async () => {
    const id = await approved()
    const add = `INSERT INTO governance.reidentified (reidentification, patient) VALUES ('${id}', gen_random_uuid())`
    await expect(direct.server.query(add)).rejects.toThrow(/permission denied/)
    await expect(direct.server.query('DELETE FROM governance.reidentified')).rejects.toThrow(
      /permission denied/,
    )
  })
})
