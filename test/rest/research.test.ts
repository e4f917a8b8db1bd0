import supertest from 'supertest'
import { grantPermit, withPeople } from '../support/permit.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let base: string
let otherBase: string
let client: Client

interface Bundle {
  readonly total?: number
  readonly link: { readonly relation: string; readonly url: string }[]
  readonly entry?: {
    readonly fullUrl: string
    readonly resource: Record<string, unknown> & { readonly id: string; readonly resourceType: string }
    readonly search: { readonly mode: string }
  }[]
}

const women = 7
const canary = 'CANARY-Zweistein'

beforeAll(async () => {
  server = await startServer(withPeople())
  const care = await server.client()
  const entry: object[] = []
  const put = (resource: { resourceType: string; id: string } & Record<string, unknown>) =>
    entry.push({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } })
  for (let n = 0; n < women + 3; n++) {
    const gender = n < women ? 'female' : 'male'
    const id = `IPP-${canary}-${n}`
    put({ resourceType: 'Patient', id, gender, birthDate: `195${n}-06-01`, name: [{ family: canary }] })
    for (const code of ['718-7', '2160-0', '4548-4']) {
      put({
        resourceType: 'Observation',
        id: `${id}-${code}`,
        status: code === '4548-4' ? 'preliminary' : 'final',
        code: { coding: [{ system: 'http://loinc.org', code }], text: canary },
        subject: { reference: `Patient/${id}`, display: canary },
        effectiveDateTime: '2024-03-04',
        valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
        note: [{ text: canary }],
      })
    }
    put({
      resourceType: 'Condition',
      id: `${id}-c`,
      subject: { reference: `Patient/${id}` },
      code: { text: canary },
    })
  }
  const loaded = await care.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  expect([loaded.status, loaded.status === 200 ? '' : loaded.text]).toEqual([200, ''])
  const data = [{ type: 'Patient' }, { type: 'Observation', typeFilters: ['Observation?status=final'] }]
  base = await grantPermit(server, ['Patient?gender=female'], data)
  otherBase = await grantPermit(server, ['Patient?gender=female'], data)
  client = await server.client('system/*.rs', base)
})

afterAll(() => server.close())

async function search(query: string): Promise<Bundle> {
  const answer = await client.get(query.startsWith('http') ? query : `${base}/${query}`)
  expect([query, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([query, 200, ''])
  expect(answer.text.toUpperCase()).not.toContain('CANARY')
  return answer.body as Bundle
}

const ids = (bundle: Bundle, mode = 'match') =>
  (bundle.entry ?? []).filter((entry) => entry.search.mode === mode).map(({ resource }) => resource.id)

async function allPages(query: string): Promise<string[]> {
  const found: string[] = []
  for (let next: string | undefined = query; next !== undefined;) {
    const bundle: Bundle = await search(next)
    found.push(...ids(bundle))
    next = bundle.link.find(({ relation }) => relation === 'next')?.url
  }
  return found
}

describe('a research base', () => {
  it('shows the cohort under pseudonyms, in their order, page by page', async () => {
    const found = await allPages('Patient?_count=2')
    expect(found).toHaveLength(women)
    expect(found).toEqual([...new Set(found)].sort())
    expect(found.filter((id) => !/^[0-9a-z]{19}$/.test(id))).toEqual([])
  })

  it('shows of a type what its filters let in, and what refers refers to pseudonyms', async () => {
    const found = await allPages('Observation?_count=4')
    expect(found).toHaveLength(women * 2)
    expect(found).toEqual([...found].sort())
    const patients = new Set(await allPages('Patient'))
    const { entry = [] } = await search('Observation')
    for (const { resource, fullUrl } of entry) {
      const { reference } = resource['subject'] as { reference: string }
      expect(patients).toContain(reference.replace('Patient/', ''))
      expect(fullUrl).toBe(`${server.url}${base}/Observation/${resource.id}`)
    }
  })

  it('reads a resource by its pseudonym, without the version or time of the record', async () => {
    const [id = ''] = ids(await search('Observation'))
    const answer = await client.get(`${base}/Observation/${id}`)
    expect([answer.status, (answer.body as { id: string }).id]).toEqual([200, id])
    expect(answer.headers).not.toHaveProperty('etag')
    expect(answer.headers).not.toHaveProperty('last-modified')
    expect(answer.text).not.toMatch(/CANARY|2024-03-04/)
  })

  it('judges a search by what it would show', async () => {
    expect(ids(await search('Observation?code=http://loinc.org|718-7'))).toHaveLength(women)
    expect(await search('Observation?code=718-7&_summary=count')).toMatchObject({ total: women })
    expect(await search('Observation?_count=1&_total=accurate')).toMatchObject({ total: women * 2 })
    // hidden by the filter, shifted away, dropped
    for (const query of ['status=preliminary', 'date=2024-03-04', 'note:missing=false']) {
      const answer = await client.get(`${base}/Observation?${query}`)
      const total = answer.status === 200 ? (answer.body as Bundle).total : 0
      expect([query, total]).toEqual([query, 0])
    }
    const [patient = ''] = ids(await search('Patient?_count=1'))
    expect(ids(await search(`Observation?patient=${patient}`))).toHaveLength(2)
    expect(ids(await search(`Patient?_id=${patient}`))).toEqual([patient])
    expect(
      ids(await search(`Patient?_id=${patient}&_revinclude=Observation:subject`), 'include'),
    ).toHaveLength(2)
    expect(ids(await search('Observation?code=718-7&_include=Observation:subject'), 'include')).toHaveLength(
      women,
    )
  })

  it('puts in order what it shows, page by page, and knows the compartment of a pseudonym', async () => {
    const dates: unknown[] = []
    let next: string | undefined = 'Observation?_sort=-date&_count=3'
    while (next !== undefined) {
      const bundle: Bundle = await search(next)
      dates.push(...(bundle.entry ?? []).map(({ resource }) => resource['effectiveDateTime']))
      const link = bundle.link.find(({ relation }) => relation === 'next')
      next = link?.url.split(`${base}/`)[1]
    }
    expect(dates).toHaveLength(women * 2)
    expect(dates).toEqual([...dates].sort().reverse())
    const [patient = ''] = ids(await search('Patient?_count=1'))
    expect(ids(await search(`Patient/${patient}/Observation`))).toEqual(
      ids(await search(`Observation?patient=${patient}`)),
    )
    expect(ids(await search(`Patient?_id=${patient}&_revinclude=*`), 'include')).toHaveLength(2)
  })

  it('knows the value sets of the packages, none that is stored on the care base', async () => {
    const url = 'http://example.org/ValueSet/haemoglobin'
    const include = [{ system: 'http://loinc.org', concept: [{ code: '718-7' }] }]
    const stored = { resourceType: 'ValueSet', id: 'hb', url, status: 'active', compose: { include } }
    const care = await server.client()
    await care.put('/fhir/ValueSet/hb', stored)
    expect((await care.get(`/fhir/Observation?code:in=${url}&_summary=count`)).body).toMatchObject({
      total: women + 3,
    })
    expect((await client.get(`${base}/Observation?code:in=${url}`)).status).toBe(400)
    const gender = 'http://hl7.org/fhir/ValueSet/administrative-gender'
    expect(await search(`Patient?gender:in=${gender}&_summary=count`)).toMatchObject({ total: women })
    expect(await search(`Patient?gender:not-in=${gender}&_summary=count`)).toMatchObject({ total: 0 })
  })

  it('lists the cohort as the one Group', async () => {
    const bundle = await search('Group')
    const [id = ''] = ids(bundle)
    expect(bundle.total).toBe(1)
    expect((await client.get(`${base}/Group/${id}`)).body).toMatchObject({ resourceType: 'Group', id })
    expect((await client.get(`${base}/Group/other`)).status).toBe(404)
  })

  it.each([
    ['a type outside the permit', 'Condition', 403],
    ['a read outside the permit', 'Condition/x', 403],
    ['a care id', `Patient/IPP-${canary}-0`, 404],
    ['a pseudonym that is none', 'Patient/3333333333333333333', 404],
    ['a search by name', `Patient?name=${canary}`, 400],
    ['a search by identifier', `Patient?identifier=${canary}`, 400],
    ['a search on meta', 'Patient?_lastUpdated=ge2020', 400],
    ['a chain', 'Observation?subject:Patient.gender=female', 400],
    ['_has', 'Patient?_has:Observation:subject:code=718-7', 400],
    ['an order by what is hidden', 'Patient?_sort=name', 400],
    ['an unknown parameter', 'Patient?colour=red', 400],
    ['an include beyond the permit', 'Patient?_revinclude=Condition:subject', 403],
    ['a history', 'Patient/_history', 405],
    ['the whole history', '_history', 405],
  ])('refuses %s', async (_what, path, status) => {
    const answer = await client.get(`${base}/${path}`).set('Prefer', 'handling=lenient')
    expect([answer.status, (answer.body as { resourceType: string }).resourceType]).toEqual([
      status,
      'OperationOutcome',
    ])
    expect(answer.text).not.toContain(canary)
  })

  it('refuses every write with 405 or 403', async () => {
    const patient = { resourceType: 'Patient', id: 'x' }
    const [id = ''] = ids(await search('Patient'))
    const answers = [
      await client.post(`${base}/Patient`, patient),
      await client.put(`${base}/Patient/x`, patient),
      await client.delete(`${base}/Patient/${id}`),
      await client.post(base, { resourceType: 'Bundle', type: 'batch', entry: [] }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([405, 405, 405, 405])
  })

  it('A52: takes no token of another base, nor gives its own to another', async () => {
    const care = await server.client()
    expect((await care.get(`${base}/Patient`)).status).toBe(401)
    expect((await client.get('/fhir/Patient')).status).toBe(401)
    expect((await client.get(`${otherBase}/Patient`)).status).toBe(401)
  })

  it('shares no id with the base of another permit over the same patients', async () => {
    const mine = await allPages('Observation')
    const other = await server.client('system/*.rs', otherBase)
    const answer = await other.get(`${otherBase}/Observation?_count=1000`)
    const theirs = ids(answer.body as Bundle)
    expect(theirs).toHaveLength(mine.length)
    expect(theirs.filter((id) => mine.includes(id))).toEqual([])
    expect((await other.get(`${otherBase}/Observation/${mine[0]}`)).status).toBe(404)
  })

  it('has a CapabilityStatement of its own, without a token', async () => {
    const answer = await supertest(server.url).get(`${base}/metadata`)
    expect(answer.body).toMatchObject({ implementation: { url: server.url + base } })
  })
})

describe('an asynchronous search', () => {
  it('answers what the permit releases, at this base alone', async () => {
    const kickOff = await client.get(`${base}/Patient?_total=accurate`).set('Prefer', 'respond-async')
    const url = kickOff.headers['content-location'] ?? ''
    expect([kickOff.status, url.startsWith(`${server.url}${base}/_async/`)]).toEqual([202, true])
    const elsewhere = await server.client('system/*.rs', otherBase)
    expect((await elsewhere.get(url.replace(base, otherBase))).status).toBe(404)
    expect((await (await server.client('system/*.rs')).get(url.replace(base, '/fhir'))).status).toBe(404)
    let answer = await client.get(url)
    while (answer.status === 202) answer = await client.get(url)
    expect(answer.text.toUpperCase()).not.toContain('CANARY')
    const { entry } = answer.body as { entry: { resource: Bundle }[] }
    expect(entry[0]?.resource.total).toBe(women)
  })
})
