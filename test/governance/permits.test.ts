import request from 'supertest'
import { Permits } from '../../src/governance/permits.ts'
import { Hospital } from './hospital.ts'

let hospital: Hospital

beforeAll(async () => {
  hospital = await Hospital.open()
})

afterAll(() => hospital.app.close())

describe('a permit', () => {
  const permits = () => hospital.app.app.get(Permits)

  it('is loaded with its data, its people, its clients and its secret', async () => {
    const { permit } = await hospital.permitted()
    const active = await permits().load(permit)
    expect(active?.permit).toMatchObject({ id: permit, data: [{ type: 'Patient' }], freeText: false })
    expect([...(active?.userIds ?? [])]).toEqual(['nadia'])
    expect([...(active?.clientIds ?? [])]).toEqual(['pipeline'])
    expect(active?.secret).toHaveLength(32)
  })

  it('shares no secret and no pseudonym with another over the same patients', async () => {
    const [one, two] = [await hospital.permitted(), await hospital.permitted()]
    const shared = await hospital.rows(
      `SELECT FROM governance.permit_member a JOIN governance.permit_member b USING (pseudonym)
       WHERE a.permit = $1 AND b.permit = $2`,
      [one.permit, two.permit],
    )
    expect(shared).toEqual([])
    const secrets = await Promise.all([one, two].map(({ permit }) => permits().load(permit)))
    expect(secrets[0]?.secret.equals(secrets[1]?.secret ?? Buffer.alloc(32))).toBe(false)
  })

  it('keeps its secret wrapped: the database does not hold it', async () => {
    const { permit } = await hospital.permitted()
    const [row] = await hospital.rows<{ secret: Buffer }>(
      'SELECT secret FROM governance.permit WHERE id = $1',
      [permit],
    )
    const active = await permits().load(permit)
    expect(row?.secret.includes(active?.secret ?? Buffer.alloc(0))).toBe(false)
    expect(row?.secret.length).toBeGreaterThan(32)
  })

  it.each([
    ['revoke', 'revoked'],
    ['expire', 'expired'],
  ])('is not loaded any more at once after %s', async (action, ended) => {
    const { permit } = await hospital.permitted()
    expect(await permits().load(permit)).toBeDefined()
    const answer = await hospital.app
      .post('diane', `/governance/permits/${permit}/${action}`, { reason: 'over' })
      .expect(200)
    expect(answer.body.status).toBe(ended)
    expect(await permits().load(permit)).toBeUndefined()
    await hospital.app.post('diane', `/governance/permits/${permit}/revoke`, { reason: 'again' }).expect(409)
  })

  it.each(['rene', 'claire', 'nadia', 'aude'] as const)(
    'is not revoked by %s unless a director',
    async (name) => {
      const { permit } = await hospital.permitted()
      const answer = await hospital.app.post(name, `/governance/permits/${permit}/revoke`, { reason: 'x' })
      expect(answer.status).toBe(name === 'nadia' ? 200 : 403)
    },
  )

  it('is not active after its last day, whatever its row says', async () => {
    const { permit } = await hospital.permitted()
    const until = (await permits().load(permit))?.permit.expiresAt ?? new Date(0)
    expect(await permits().load(permit, new Date(until.getTime() - 1))).toBeDefined()
    expect(await permits().load(permit, until)).toBeUndefined()
  })

  it('is unknown to who has no part in it', async () => {
    const { permit } = await hospital.permitted()
    await hospital.app.get('odile', `/governance/permits/${permit}`).expect(404)
    const list = await hospital.app.get('odile', '/governance/permits').expect(200)
    expect(list.body).toEqual([])
  })

  it('never shows its secret or its patients', async () => {
    const { permit } = await hospital.permitted()
    const { body, text } = await hospital.app.get('diane', `/governance/permits/${permit}`).expect(200)
    expect(Object.keys(body as object)).toEqual(
      expect.not.arrayContaining(['secret', 'keyVersion', 'members', 'cohortMembers']),
    )
    expect(text).not.toContain('IPP-')
  })
})

describe('the description of the API', () => {
  it('names every path, and OperationOutcome as the form of every error', async () => {
    const { body } = await request(hospital.app.app.getHttpServer())
      .get('/governance/openapi.json')
      .expect(200)
    expect(Object.keys(body.paths as object).sort()).toEqual([
      '/governance/access-reports',
      '/governance/alerts',
      '/governance/clients',
      '/governance/clients/{id}',
      '/governance/clients/{id}/secret',
      '/governance/emergencies',
      '/governance/emergencies/{id}/review',
      '/governance/oppositions',
      '/governance/oppositions/{id}',
      '/governance/permits',
      '/governance/permits/{id}',
      '/governance/permits/{id}/expire',
      '/governance/permits/{id}/revoke',
      '/governance/reidentifications',
      '/governance/reidentifications/{id}',
      '/governance/reidentifications/{id}/approve',
      '/governance/reidentifications/{id}/identity',
      '/governance/reidentifications/{id}/refuse',
      '/governance/reidentifications/{id}/withdraw',
      '/governance/requests',
      '/governance/requests/{id}',
      '/governance/requests/{id}/feasibility',
      '/governance/requests/{id}/opinions',
      '/governance/requests/{id}/permit',
      '/governance/requests/{id}/refuse',
      '/governance/requests/{id}/submit',
      '/governance/requests/{id}/withdraw',
    ])
    expect(body.components.schemas.ProposalDto.properties.purposeCategory.enum).toContain(
      'scientific-research',
    )
    expect(body.paths['/governance/requests'].post.responses.default).toBeDefined()
  })
})
