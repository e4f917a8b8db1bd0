import { Hospital, proposal } from './hospital.ts'

let hospital: Hospital

beforeAll(async () => {
  hospital = await Hospital.open()
})

afterAll(() => hospital.app.close())

describe('bad input', () => {
  it.each([
    ['title', { title: '' }],
    ['purpose', { purpose: 7 }],
    ['purposeCategory', { purposeCategory: 'curiosity' }],
    ['people', { people: 'nadia' }],
    ['clientIds', { clientIds: [3] }],
    ['cohort', { cohort: { gender: 'female' } }],
    ['data', { data: 'all' }],
    ['data[0].type', { data: [{ type: 'observation', typeFilters: [], justification: 'x' }] }],
    ['data[0].justification', { data: [{ type: 'Patient', typeFilters: [], justification: '  ' }] }],
    ['data[0].justification', { data: [{ type: 'Patient' }] }],
    ['data[0].filters', { data: [{ type: 'Patient', justification: 'x', filters: [] }] }],
    ['period.start', { period: { start: '2024-02-30' } }],
    ['freeText', { freeText: 'yes' }],
    ['expiresOn', { expiresOn: '2027-6-30' }],
    ['status', { status: 'permitted' }],
  ])('names %s and not what it held', async (property, wrong) => {
    const answer = await hospital.app.post('rene', '/governance/requests', proposal(wrong)).expect(400)
    expect(answer.body.resourceType).toBe('OperationOutcome')
    expect(answer.body.issue.map((one: { expression: string[] }) => one.expression[0])).toContain(property)
    expect(JSON.stringify(answer.body)).not.toMatch(/curiosity|2024-02-30|2027-6-30/)
  })

  it.each(['product-promotion', 'insurance-exclusion', 'insurance-pricing'])(
    'refuses the purpose %s, which the law does not allow',
    async (purposeCategory) => {
      const answer = await hospital.app
        .post('rene', '/governance/requests', proposal({ purposeCategory }))
        .expect(422)
      expect(answer.body.issue[0]).toMatchObject({ code: 'business-rule', expression: ['purposeCategory'] })
    },
  )

  it.each([
    ['data[0].type', { data: [{ type: 'AuditEvent', typeFilters: [], justification: 'x' }] }],
    ['cohort[0]', { cohort: ['Patient?name=Zweistein'] }],
    ['people', { people: [], clientIds: [] }],
    ['expiresOn', { expiresOn: '2020-01-01' }],
    ['expiresOn', { expiresOn: '2099-01-01' }],
    ['period', { period: { start: '2024-01-01', end: '2023-01-01' } }],
  ])('is refused at submit where %s could not be granted', async (property, wrong) => {
    const id = await hospital.draft(wrong)
    const answer = await hospital.app.post('rene', `/governance/requests/${id}/submit`).expect(422)
    expect(answer.body.issue[0].expression).toEqual([property])
    expect(JSON.stringify(answer.body)).not.toContain('Zweistein')
    expect(await hospital.status(id)).toBe('draft')
  })

  it.each([
    ['verdict', { verdict: 'maybe' }],
    ['text', { verdict: 'refuse' }],
    ['text', { verdict: 'ask', text: ' ' }],
  ])('is an opinion with a wrong %s', async (property, body) => {
    const id = await hospital.inReview()
    const answer = await hospital.app.post('claire', `/governance/requests/${id}/opinions`, body).expect(400)
    expect(answer.body.issue[0].expression).toEqual([property])
  })

  it.each(['not-an-id', '7f3c', '%00', "' OR 1=1"])('is no id that breaks anything: %s', async (id) => {
    const answer = await hospital.app.get('claire', `/governance/requests/${encodeURIComponent(id)}`)
    expect([400, 404]).toContain(answer.status)
  })

  it('does not change a request in review', async () => {
    const id = await hospital.inReview()
    await hospital.app.put('rene', `/governance/requests/${id}`, proposal({ title: 'More' })).expect(409)
  })

  it('does not change a draft in someone else’s stead', async () => {
    const id = await hospital.draft()
    await hospital.app.put('odile', `/governance/requests/${id}`, proposal()).expect(404)
  })
})

describe('feasibility', () => {
  it('counts the patients of the cohort', async () => {
    const id = await hospital.draft()
    const [known] = await hospital.rows<{ n: string }>(
      `SELECT count(*) n FROM clinical.resource WHERE type = 'Patient' AND body LIKE '%female%'`,
    )
    const answer = await hospital.app.get('rene', `/governance/requests/${id}/feasibility`).expect(200)
    expect(answer.body).toEqual({ patients: known?.n })
  })

  it.each([['Patient?gender=male'], ['Patient?gender=other']])(
    'hides how few there are of %s',
    async (search) => {
      const id = await hospital.draft({ cohort: [search] })
      const answer = await hospital.app.get('rene', `/governance/requests/${id}/feasibility`).expect(200)
      expect(answer.body).toEqual({ patients: '<10' })
    },
  )
})
