import pg from 'pg'
import { DirectSql, newPermitId } from './direct-sql.ts'

let direct: DirectSql

beforeAll(async () => {
  direct = await DirectSql.connect()
})

afterEach(() => direct.server.query('ROLLBACK'))
afterAll(() => direct.close())

describe('evidence', () => {
  it.each(['event', 'opinion', 'submission'])(
    'in %s is not changed or removed, not even by the owner',
    async (table) => {
      await direct.permitted()
      for (const who of [direct.owner, direct.server]) {
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
    await expect(direct.permit(await direct.inReview(), newPermitId())).rejects.toThrow(
      'a permit takes a permitted request',
    )
  })

  it.each([
    ['later than the request said', '102 days'],
    ['before it begins', '-1 day'],
  ])('does not end %s', async (_, until) => {
    const id = await direct.beginPermit()
    await expect(direct.permit(id, newPermitId(), until)).rejects.toThrow(/check constraint|a permit ends/)
  })

  it('is not prolonged', async () => {
    const { permit } = await direct.permitted()
    const text = `UPDATE governance.permit SET valid_until = valid_until + interval '1 day' WHERE id = $1`
    await expect(direct.server.query(text, [permit])).rejects.toThrow(/permission denied/)
    await expect(direct.owner.query(text, [permit])).rejects.toThrow('what a permit grants does not change')
  })

  it('does not come back after it was revoked', async () => {
    const { id, permit } = await direct.permitted()
    await direct.event(id, 'revoke', 'director', 'diane', permit)
    const back = direct.owner.query(`UPDATE governance.permit SET status = 'active' WHERE id = $1`, [permit])
    await expect(back).rejects.toThrow('a status moves by an event')
    await expect(direct.event(id, 'revoke', 'director', 'diane', permit)).rejects.toThrow('not a transition')
  })

  it('gets another version with every change, so that nothing old is used', async () => {
    const { id, permit } = await direct.permitted()
    const version = async () => {
      const { rows } = await direct.owner.query('SELECT version FROM governance.permit WHERE id = $1', [
        permit,
      ])
      return rows[0]?.version as number
    }
    const before = await version()
    await direct.event(id, 'expire', 'director', 'diane', permit)
    expect(await version()).toBe(before + 1)
  })

  it('does not take members after it was granted', async () => {
    const { permit } = await direct.permitted('p1')
    await expect(direct.member(permit, 'p2')).rejects.toThrow('the cohort of a permit does not grow')
  })

  it.each([
    ['two members of one pseudonym', 'p1', -3, /permit_member_permit_pseudonym_key/],
    ['a member whose dates are not shifted', 'p2', 0, /shift_days/],
  ])('does not take %s', async (_, pseudonym, days, message) => {
    const permit = newPermitId()
    const id = await direct.beginPermit()
    await direct.permit(id, permit)
    await direct.member(permit, 'p1')
    await expect(direct.member(permit, pseudonym, days)).rejects.toThrow(message)
  })

  it('shows the research role its cohort, never the permit or its secret', async () => {
    const research = new pg.Client({ connectionString: direct.url, options: '-c role=coffre_research' })
    await research.connect()
    try {
      await research.query('SELECT patient, pseudonym FROM governance.permit_member')
      await expect(research.query('SELECT secret FROM governance.permit')).rejects.toThrow(
        /permission denied/,
      )
      await expect(research.query('SELECT id FROM governance.permit')).rejects.toThrow(/permission denied/)
      await expect(research.query('SELECT * FROM governance.request')).rejects.toThrow(/permission denied/)
    } finally {
      await research.end()
    }
  })
})
