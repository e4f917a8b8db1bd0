import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

interface Bundle {
  readonly type: string
  readonly total?: number
  readonly link: { readonly relation: string; readonly url: string }[]
  readonly entry?: {
    readonly fullUrl: string
    readonly resource: { readonly resourceType: string; readonly id: string; readonly issue?: unknown }
    readonly search: { readonly mode: string }
  }[]
}

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  const entry: object[] = []
  const put = (resource: { resourceType: string; id: string } & Record<string, unknown>) =>
    entry.push({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } })
  put({
    resourceType: 'Patient',
    id: 'anne',
    name: [{ family: 'Le Goff', given: ['Anne'] }],
    identifier: [{ system: 'urn:ipp', value: 'IPP-4711' }],
    birthDate: '1962-03-04',
    gender: 'female',
  })
  put({ resourceType: 'Patient', id: 'yann', name: [{ family: 'Kerouac' }], gender: 'male' })
  for (let n = 1; n <= 25; n++) {
    const subject = { reference: n % 2 ? 'Patient/anne' : 'Patient/yann' }
    put({
      resourceType: 'Observation',
      id: `obs-${String(n).padStart(2, '0')}`,
      status: n === 25 ? 'preliminary' : 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
      effectiveDateTime: `2024-01-${String(n).padStart(2, '0')}`,
      subject,
      note: [{ text: 'a note' }],
    })
  }
  put({
    resourceType: 'Procedure',
    id: 'seen',
    status: 'completed',
    code: { text: 'Échographie cardiaque' },
    subject: { reference: 'Patient/anne' },
  })
  const target = (id: string) => ({ reference: `DocumentReference/${id}` })
  put({
    resourceType: 'DocumentReference',
    id: 'letter',
    status: 'current',
    content: [{ attachment: { title: 'letter' } }],
    relatesTo: [
      { code: 'replaces', target: target('old') },
      { code: 'appends', target: target('other') },
    ],
  })
  const loaded = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  expect([loaded.status, loaded.status === 200 ? '' : loaded.text]).toEqual([200, ''])
})

afterAll(() => server.close())

async function search(query: string, with_ = client): Promise<Bundle> {
  const answer = await with_.get(query.startsWith('http') ? query : `/fhir/${query}`)
  expect([query, answer.status, answer.status === 200 ? '' : answer.text]).toEqual([query, 200, ''])
  return answer.body as Bundle
}

function ids(bundle: Bundle, mode = 'match'): string[] {
  return (bundle.entry ?? [])
    .filter(({ search: { mode: one } }) => one === mode)
    .map(({ resource: { id } }) => id)
}

function link(bundle: Bundle, relation: string): string | undefined {
  return bundle.link.find((one) => one.relation === relation)?.url
}

async function allPages(first: string): Promise<{ ids: string[]; pages: number }> {
  const found: string[] = []
  let pages = 0
  for (let next: string | undefined = first; next !== undefined; pages++) {
    const bundle: Bundle = await search(next)
    found.push(...ids(bundle))
    next = link(bundle, 'next')
  }
  return { ids: found, pages }
}

describe('search', () => {
  it('gives a searchset with fullUrl, mode and a self link of what was processed', async () => {
    const bundle = await search('Patient?gender=female&_format=json')
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 })
    expect(bundle.entry?.[0]).toMatchObject({
      fullUrl: `${server.url}/fhir/Patient/anne`,
      resource: { resourceType: 'Patient', id: 'anne', birthDate: '1962-03-04' },
      search: { mode: 'match' },
    })
    expect(link(bundle, 'self')).toBe(`${server.url}/fhir/Patient?gender=female`)
  })

  it.each([
    ['Patient?identifier=urn:ipp|IPP-4711', ['anne']],
    ['Patient?name=le', ['anne']],
    ['Patient?birthdate=1962', ['anne']],
    ['Patient?_id=anne,yann', ['anne', 'yann']],
    ['Observation?subject=Patient/anne&date=lt2024-01-06', ['obs-01', 'obs-03', 'obs-05']],
    ['Observation?patient=anne&date=lt2024-01-04', ['obs-01', 'obs-03']],
    ['Observation?status=preliminary', ['obs-25']],
    ['Observation?subject:Patient.name=kerouac&date=le2024-01-04', ['obs-02', 'obs-04']],
    ['Observation?_id=nothing', []],
    ['Patient?birthdate=ne1962-03-05', ['anne']],
    ['Patient?name:contains=rou', ['yann']],
    ['Procedure?code:text=echographie car', ['seen']],
    ['DocumentReference?relationship=DocumentReference/old$replaces', ['letter']],
    ['DocumentReference?relationship=DocumentReference/old$appends', []],
  ])('%s finds %j', async (query, expected) => {
    const bundle = await search(query)
    expect(ids(bundle).sort()).toEqual([...expected].sort())
    expect(bundle).toHaveProperty('total', expected.length)
  })

  it('C5: POST _search finds what GET finds', async () => {
    const got = await search('Observation?patient=anne&_count=50')
    const posted = await client.post('/fhir/Observation/_search', 'patient=anne&_count=50').type('form')
    expect(posted.status).toBe(200)
    expect(ids(posted.body as Bundle)).toEqual(ids(got))
  })

  it('C13, C14: _include and _revinclude add what is referred to and what refers, once', async () => {
    const forward = await search('Observation?_id=obs-01,obs-03&_include=Observation:subject')
    expect([ids(forward).length, ids(forward, 'include')]).toEqual([2, ['anne']])
    const backward = await search('Patient?_id=yann&_revinclude=Observation:subject')
    expect(ids(backward)).toEqual(['yann'])
    expect(ids(backward, 'include').length).toBe(12)
  })

  it(':below and :above on references follow what is part of what, as far as the caller may see', async () => {
    const place = (id: string, whole?: string) => ({
      ...{ resourceType: 'Location', id, status: id === 'bed' ? 'suspended' : 'active' },
      ...(whole === undefined ? {} : { partOf: { reference: `Location/${whole}` } }),
    })
    // a circle, which nothing forbids, is walked once
    const places = [place('site', 'bed'), place('ward', 'site'), place('room', 'ward'), place('bed', 'room')]
    const visits = ['site', 'room', 'bed'].map((at) => ({
      ...{ resourceType: 'Encounter', id: `at-${at}`, status: 'finished' },
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
      location: [{ location: { reference: `Location/${at}` } }],
    }))
    for (const one of [place('elsewhere'), ...places, ...visits]) {
      expect((await client.put(`/fhir/${one.resourceType}/${one.id}`, one)).status).toBe(201)
    }
    const found = async (query: string, as = client) => ids(await search(query, as)).sort()
    expect(await found('Encounter?location:below=Location/room')).toEqual(['at-bed', 'at-room', 'at-site'])
    expect(await found('Encounter?location:below=elsewhere')).toEqual([])
    expect(await found('Location?partof:above=Location/room')).toEqual(['bed', 'room', 'site', 'ward'])
    // whoever does not see the bed does not learn what is part of it
    const narrow = await server.client('system/Encounter.rs system/Location.rs?status=active')
    expect(await found('Encounter?location:below=Location/room', narrow)).toEqual(['at-room'])
    const blind = await server.client('system/Encounter.rs')
    expect((await blind.get('/fhir/Encounter?location:below=Location/room')).status).toBe(403)
  })

  it('counts when asked to, and gives no entries for _summary=count and _count=0', async () => {
    expect(await search('Observation?_count=5&_total=accurate')).toHaveProperty('total', 25)
    expect(await search('Observation?_count=5')).not.toHaveProperty('total')
    for (const query of ['Observation?_summary=count', 'Observation?_count=0']) {
      const bundle = await search(query)
      expect([bundle.total, bundle.entry]).toEqual([25, undefined])
    }
  })

  it('leaves out elements that were not asked for', async () => {
    const bundle = await search('Observation?_id=obs-01&_elements=subject')
    expect(bundle.entry?.[0]?.resource).toMatchObject({
      meta: { tag: [{ code: 'SUBSETTED' }] },
      status: 'final',
    })
    expect(bundle.entry?.[0]?.resource).not.toHaveProperty('note')
  })

  it('refuses an unknown parameter, and ignores it under handling=lenient, saying so', async () => {
    const strict = await client.get('/fhir/Observation?colour=red&_id=obs-01')
    expect([strict.status, strict.text.includes('red')]).toEqual([400, false])
    const lenient = await client
      .get('/fhir/Observation?colour=red&_id=obs-01')
      .set('Prefer', 'handling=lenient')
    const bundle = lenient.body as Bundle
    expect(ids(bundle)).toEqual(['obs-01'])
    expect(bundle.entry?.filter(({ search: { mode } }) => mode === 'outcome')).toHaveLength(1)
    expect(link(bundle, 'self')).toBe(`${server.url}/fhir/Observation?_id=obs-01`)
  })
})

describe('paging', () => {
  it('C11: delivers each match once, in the order asked for, over sealed links', async () => {
    const { ids: found, pages } = await allPages('Observation?_count=4&_sort=-date')
    expect(pages).toBe(7)
    expect(found).toEqual([...Array(25).keys()].map((n) => `obs-${String(25 - n).padStart(2, '0')}`))
  })

  it('puts no search value into a link that leads on', async () => {
    const bundle = await search('Patient?name=e,k,l&_count=1')
    const next = link(bundle, 'next') ?? ''
    expect(next).toMatch(/\/fhir\/Patient\?_page=[A-Za-z0-9_-]+$/)
    const second = await search(next)
    expect(ids(await search(link(second, 'self') ?? ''))).toEqual(ids(second))
  })

  it('refuses a link that was changed, moved to another type, or has company', async () => {
    const next = link(await search('Observation?_count=4'), 'next') ?? ''
    const changed = next.replace(
      /(_page=.{20})(.)/,
      (_, head: string, one: string) => head + (one === 'A' ? 'B' : 'A'),
    )
    for (const url of [changed, next.replace('Observation', 'Patient'), `${next}&_count=9`]) {
      const answer = await client.get(url)
      expect([answer.status, (answer.body as { resourceType: string }).resourceType]).toEqual([
        400,
        'OperationOutcome',
      ])
    }
  })
})

describe('scopes', () => {
  it('A45: searches and reads the types that were granted, and no other', async () => {
    const narrow = await server.client('system/Observation.rs')
    expect((await narrow.get('/fhir/Observation?_count=1')).status).toBe(200)
    for (const path of ['/fhir/Patient', '/fhir/Patient/anne', '/fhir/Patient/anne/_history']) {
      expect([path, (await narrow.get(path)).status]).toEqual([path, 403])
    }
    const body = { resourceType: 'Observation', id: 'x', status: 'final', code: { text: 'x' } }
    expect((await narrow.put('/fhir/Observation/x', body)).status).toBe(403)
  })

  it('A46, A47: a granular scope reads and finds only what meets it, includes and histories too', async () => {
    const narrow = await server.client(
      'system/Observation.rs?status=preliminary system/Patient.rs?gender=male',
    )
    expect(ids(await search('Observation', narrow))).toEqual(['obs-25'])
    expect((await narrow.get('/fhir/Observation/obs-25')).status).toBe(200)
    expect((await narrow.get('/fhir/Observation/obs-01')).status).toBe(404)
    expect((await narrow.get('/fhir/Observation/obs-01/_history/1')).status).toBe(404)
    const history = await narrow.get('/fhir/Observation/_history?_count=3')
    expect((history.body as Bundle).entry?.map(({ resource: { id } }) => id)).toEqual(['obs-25'])
    const included = await search('Observation?_include=Observation:subject', narrow)
    expect(ids(included, 'include')).toEqual([])
  })

  it('A49: a conditional create needs the right to search too', async () => {
    const creator = await server.client('system/Basic.c')
    const basic = { resourceType: 'Basic', code: { text: 'x' } }
    expect((await creator.post('/fhir/Basic', basic)).status).toBe(201)
    expect((await creator.post('/fhir/Basic', basic).set('If-None-Exist', 'code=x')).status).toBe(403)
  })
})
