import request from 'supertest'
import { Hospital, proposal } from './hospital.ts'

let hospital: Hospital

beforeAll(async () => {
  hospital = await Hospital.open()
})

afterAll(() => hospital.app.close())

describe('the way of a request', () => {
  it('leads through three people to a permit, every step on record', async () => {
    const { id, permit } = await hospital.permitted()
    const { body } = await hospital.app.get('rene', `/governance/requests/${id}`).expect(200)
    expect(body).toMatchObject({ status: 'permitted', round: 1, permit, requester: 'rene' })
    expect(body.code).toMatch(/^CHU-\d{4}-\d{4}$/)
    expect(body.opinions).toMatchObject([{ member: 'claire', verdict: 'approve', round: 1 }])
    expect(body.events).toMatchObject([
      { action: 'submit', actor: 'rene', from: 'draft', to: 'in-review', evidence: body.evidence },
      { action: 'opine', actor: 'claire', role: 'committee', evidence: body.evidence },
      { action: 'permit', actor: 'diane', role: 'director', to: 'permitted', evidence: body.evidence },
    ])
    const trail = await hospital.rows<{ body: string }>('SELECT body FROM audit.event WHERE body LIKE $1', [
      `%${id}%`,
    ])
    expect(trail.length).toBeGreaterThanOrEqual(4)
  })

  it('freezes the cohort: the patients that matched, each with a pseudonym and an offset', async () => {
    const { permit } = await hospital.permitted()
    await hospital.app.admit([
      { resourceType: 'Patient', id: 'IPP-late', gender: 'female', birthDate: '1960' },
    ])
    const members = await hospital.rows<{ pseudonym: string; shift_days: number }>(
      'SELECT pseudonym, shift_days FROM governance.permit_member WHERE permit = $1',
      [permit],
    )
    expect(new Set(members.map(({ pseudonym }) => pseudonym)).size).toBe(members.length)
    expect(members.filter(({ shift_days }) => shift_days === 0)).toEqual([])
    const answer = await hospital.app.get('diane', `/governance/permits/${permit}`).expect(200)
    expect(answer.body.patients).toBe(String(members.length))
  })

  it('takes the AND of all cohort searches', async () => {
    const cohort = ['Patient?gender=female', 'Patient?gender=male']
    const id = await hospital.approved({ cohort })
    const answer = await hospital.app.post('diane', `/governance/requests/${id}/permit`).expect(422)
    expect(answer.body.issue[0]).toMatchObject({ code: 'business-rule', expression: ['cohort'] })
    expect(await hospital.status(id)).toBe('in-review')
  })

  it('goes back to the requester with a question, and its opinions with it', async () => {
    const id = await hospital.approved()
    const question = { verdict: 'ask', text: 'Why so long?' }
    await hospital.app.post('charles', `/governance/requests/${id}/opinions`, question).expect(200)
    expect(await hospital.status(id)).toBe('returned')
    await hospital.app.put('rene', `/governance/requests/${id}`, proposal({ title: 'Shorter' })).expect(200)
    await hospital.app.post('rene', `/governance/requests/${id}/submit`).expect(200)
    await hospital.app.post('diane', `/governance/requests/${id}/permit`).expect(409)
    await hospital.app
      .post('claire', `/governance/requests/${id}/opinions`, { verdict: 'approve' })
      .expect(200)
    await hospital.app.post('diane', `/governance/requests/${id}/permit`).expect(201)
  })

  it('ends with the director’s refusal', async () => {
    const id = await hospital.inReview()
    await hospital.app.post('diane', `/governance/requests/${id}/refuse`, { reason: 'too wide' }).expect(200)
    expect(await hospital.status(id)).toBe('refused')
    await hospital.app
      .post('claire', `/governance/requests/${id}/opinions`, { verdict: 'approve' })
      .expect(409)
  })

  it('ends when its requester withdraws it', async () => {
    const id = await hospital.inReview()
    await hospital.app.post('rene', `/governance/requests/${id}/withdraw`).expect(200)
    expect(await hospital.status(id)).toBe('withdrawn')
    await hospital.app.post('rene', `/governance/requests/${id}/submit`).expect(409)
  })

  it('is not decided twice, however close together', async () => {
    const id = await hospital.approved()
    const answers = await Promise.all([
      hospital.app.post('diane', `/governance/requests/${id}/permit`),
      hospital.app.post('didier', `/governance/requests/${id}/permit`),
      hospital.app.post('diane', `/governance/requests/${id}/refuse`, { reason: 'no' }),
    ])
    const done = answers.filter((answer) => answer.status < 300)
    expect(done).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(2)
  })
})

describe('three different people', () => {
  it.each([
    ['opinions', 'requester with no other role', 'rene', { verdict: 'approve' }],
    ['opinions', 'named user who is on the committee', 'nadia', { verdict: 'approve' }],
    ['permit', 'named user who is a director', 'nadia', {}],
    ['refuse', 'named user who is a director', 'nadia', { reason: 'no' }],
    ['permit', 'committee member', 'claire', {}],
    ['opinions', 'director who is not on the committee', 'diane', { verdict: 'approve' }],
    ['withdraw', 'committee member', 'claire', {}],
    ['submit', 'director', 'diane', {}],
  ] as const)('refuses %s by a %s', async (step, _, name, body) => {
    const id = await hospital.approved()
    const answer = await hospital.app.post(name, `/governance/requests/${id}/${step}`, body).expect(403)
    expect(answer.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'forbidden' }] })
    expect(await hospital.status(id)).toBe('in-review')
  })

  it('refuses every step on one’s own request, whatever roles one has', async () => {
    const answer = await hospital.app
      .post('nadia', '/governance/requests', proposal({ people: ['rene'] }))
      .expect(201)
    const at = `/governance/requests/${answer.body.id as string}`
    await hospital.app.post('nadia', `${at}/submit`).expect(200)
    await hospital.app.post('nadia', `${at}/opinions`, { verdict: 'approve' }).expect(403)
    await hospital.app.post('claire', `${at}/opinions`, { verdict: 'approve' }).expect(200)
    await hospital.app.post('nadia', `${at}/permit`).expect(403)
    await hospital.app.post('nadia', `${at}/refuse`, { reason: 'no' }).expect(403)
  })

  it('refuses a decision by a director who gave an opinion', async () => {
    const id = await hospital.inReview()
    await hospital.app
      .post('didier', `/governance/requests/${id}/opinions`, { verdict: 'approve' })
      .expect(200)
    await hospital.app.post('didier', `/governance/requests/${id}/permit`).expect(403)
    await hospital.app.post('didier', `/governance/requests/${id}/refuse`, { reason: 'no' }).expect(403)
  })

  it('lets nobody in who is not signed in', async () => {
    const answer = await request(hospital.app.app.getHttpServer()).get('/governance/requests').expect(401)
    expect(answer.body).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'login' }] })
  })
})

describe('what a person sees', () => {
  it('is a draft, if it is theirs', async () => {
    const id = await hospital.draft()
    for (const other of ['claire', 'diane', 'nadia', 'aude', 'odile'] as const) {
      await hospital.app.get(other, `/governance/requests/${id}`).expect(404)
    }
    const list = await hospital.app.get('claire', '/governance/requests?limit=200').expect(200)
    expect(list.body.map((one: { id: string }) => one.id)).not.toContain(id)
  })

  it('is a submitted request, if they judge it or will use it', async () => {
    const id = await hospital.inReview()
    for (const one of ['claire', 'diane', 'nadia', 'aude'] as const)
      expect(await hospital.status(id, one)).toBe('in-review')
    await hospital.app.get('odile', `/governance/requests/${id}`).expect(404)
  })

  it('is a list in pages that neither repeat nor lose a request', async () => {
    await hospital.inReview()
    await hospital.inReview()
    const whole = await hospital.app.get('rene', '/governance/requests?limit=200').expect(200)
    const codes: string[] = []
    for (;;) {
      const before = codes.length > 0 ? `&before=${codes.at(-1) ?? ''}` : ''
      const page = await hospital.app.get('rene', `/governance/requests?limit=2${before}`).expect(200)
      if (page.body.length === 0) break
      codes.push(...page.body.map((one: { code: string }) => one.code))
    }
    expect(codes).toEqual(whole.body.map((one: { code: string }) => one.code))
  })
})
