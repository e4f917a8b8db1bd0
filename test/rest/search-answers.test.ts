import { startServer, type Client, type TestServer } from '../support/server.ts'
import { names, namesOnAllPages, searchset, type Searchset } from '../support/searchset.ts'
import { smallHospital, subject } from '../support/small-hospital.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  const entry = smallHospital.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }))
  const loaded = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  expect([loaded.status, loaded.status === 200 ? '' : loaded.text]).toEqual([200, ''])
})

afterAll(() => server.close())

const search = (query: string, with_ = client) => searchset(with_, query)
const allPages = (first: string) => namesOnAllPages(client, first)

async function refused(query: string, with_ = client): Promise<[string, number]> {
  return [query, (await with_.get(`/fhir${query}`)).status]
}

describe('_include and _revinclude', () => {
  const orgs = (...of: number[]) => of.map((n) => `Organization/org-${n}`)
  it.each([
    ['/Observation?_id=b-sodium&_include=*', ['Encounter/stay', 'Patient/anne', 'Practitioner/doc']],
    [
      '/Observation?_id=a-glucose&_include=Observation:*',
      ['Observation/b-sodium', 'Patient/anne', 'Patient/yann'],
    ],
    ['/Observation?_id=a-glucose&_include=Observation:*:Patient', ['Patient/anne', 'Patient/yann']],
    ['/Observation?_id=a-glucose&_include=Observation:performer:Practitioner', []],
    ['/Observation?_id=b-sodium&_include=Observation:encounter', ['Encounter/stay']],
    [
      '/Observation?_id=b-sodium&_include=Observation:encounter&_include:iterate=Encounter:service-provider',
      ['Encounter/stay', ...orgs(2)],
    ],
    [
      '/Observation?_id=b-sodium&_include=Observation:encounter&_include:iterate=Encounter:service-provider' +
        '&_revinclude:iterate=Patient:organization&_include:recurse=Observation:subject',
      ['Encounter/stay', ...orgs(2), 'Patient/anne'],
    ],
    ['/Encounter?_id=stay&_revinclude=*', ['Condition/flu', 'Observation/b-sodium']],
    ['/Encounter?_id=stay&_revinclude=Condition:*', ['Condition/flu']],
    ['/QuestionnaireResponse?_id=r1&_include=QuestionnaireResponse:questionnaire', ['Questionnaire/q1']],
    [
      '/QuestionnaireResponse?_id=r0&_include=QuestionnaireResponse:questionnaire',
      ['Questionnaire/q1', 'Questionnaire/q2'],
    ],
    ['/Questionnaire?_id=q2&_revinclude=QuestionnaireResponse:questionnaire', ['QuestionnaireResponse/r0']],
  ])('%s adds %j', async (query, expected) => {
    expect(names(await search(query), 'include').sort()).toEqual(expected)
  })

  it('follow a circle once round, and say when they stop before its end', async () => {
    const whole = await search('/Organization?_id=org-1,org-4,org-7&_include:iterate=Organization:partof')
    expect([names(whole, 'include').length, names(whole, 'outcome').length]).toEqual([6, 0])
    const cut = await search('/Organization?_id=org-1&_include:iterate=Organization:partof')
    expect([names(cut, 'include').length, names(cut, 'outcome').length]).toEqual([6, 1])
  })

  it('leave out by * what the caller has no scope for', async () => {
    const narrow = await server.client('system/Observation.rs system/Practitioner.rs')
    const bundle = await search('/Observation?_id=b-sodium&_include=*&_revinclude=*', narrow)
    expect(names(bundle, 'include').sort()).toEqual(['Observation/a-glucose', 'Practitioner/doc'])
  })
})

describe('_sort', () => {
  it.each([
    ['/Patient?_sort=family', ['zoe', 'anne', 'yann', 'none']],
    ['/Patient?_sort=-family', ['yann', 'anne', 'zoe', 'none']],
    ['/Patient?_sort=birthdate', ['yann', 'anne', 'none', 'zoe']],
    ['/Person?_sort=birthdate', ['older', 'born-later']],
    ['/Patient?_sort=gender,-name', ['anne', 'zoe', 'yann', 'none']],
    ['/Patient?_sort=-_id', ['zoe', 'yann', 'none', 'anne']],
    ['/Observation?_sort=date', ['a-glucose', 'b-sodium', 'c-undated']],
    ['/Observation?_sort=-date,_id', ['b-sodium', 'a-glucose', 'c-undated']],
    ['/Observation?_sort=code', ['a-glucose', 'b-sodium', 'c-undated']],
    ['/Observation?_sort=-subject,-_id', ['a-glucose', 'c-undated', 'b-sodium']],
  ])('%s gives %j, in one page or in many', async (query, expected) => {
    const type = /\w+/.exec(query)?.[0] ?? ''
    const paths = expected.map((id) => `${type}/${id}`)
    expect(names(await search(query))).toEqual(paths)
    expect(await allPages(`${query}&_count=1`)).toEqual(paths)
  })

  it('refuses what has no order, and keys that are not there', async () => {
    for (const query of [
      '/Observation?_sort=code-value-quantity',
      '/Location?_sort=near',
      '/Patient?_sort=x',
    ]) {
      expect(await refused(query)).toEqual([query, 400])
    }
  })
})

describe('a search of the whole base', () => {
  it.each([
    [
      '/?_type=Patient,Condition',
      ['Condition/flu', ...['anne', 'none', 'yann', 'zoe'].map((id) => `Patient/${id}`)],
    ],
    ['/?_id=anne,flu,q1', ['Condition/flu', 'Patient/anne', 'Questionnaire/q1']],
    [
      '/?_type=Observation,Condition&patient=anne&_sort=code',
      ['Observation/b-sodium', 'Condition/flu', 'Observation/c-undated'],
    ],
    [
      '/?_type=Observation,Condition&encounter=stay&_sort=-_lastUpdated',
      ['Condition/flu', 'Observation/b-sodium'],
    ],
  ])('%s gives %j, in one page or in many', async (query, expected) => {
    const bundle = await search(query)
    const found = names(bundle)
    expect(bundle.total).toBe(expected.length)
    expect(query.includes('_sort') ? found : [...found].sort()).toEqual(expected)
    expect(await allPages(`${query}&_count=1`)).toEqual(found)
  })

  it('takes a POST, includes, elements of one of its types, and counts', async () => {
    const form =
      '_type=Observation,Patient&_id=b-sodium,anne&_elements=subject&_include=Observation:encounter'
    const posted = await client.post('/fhir/_search', form).type('form')
    const bundle = posted.body as Searchset
    expect([posted.status, names(bundle), names(bundle, 'include')]).toEqual([
      200,
      ['Observation/b-sodium', 'Patient/anne'],
      ['Encounter/stay'],
    ])
    const [observation, patient] = bundle.entry ?? []
    expect([observation?.resource['subject'], patient?.resource['name']]).toEqual([subject, undefined])
    expect(await search('/?_type=Patient,Condition&_summary=count')).toMatchObject({ total: 5 })
  })

  it('refuses what is not common to its types, types that are none, and types without a scope', async () => {
    for (const query of ['/?family=x', '/?_type=Patient,Condition&family=x', '/?_type=Thing', '/?_type=']) {
      expect(await refused(query)).toEqual([query, 400])
    }
    const narrow = await server.client('system/Condition.rs')
    expect(names(await search('/?_lastUpdated=ge2020', narrow))).toEqual(['Condition/flu'])
    expect(await refused('/?_type=Patient', narrow)).toEqual(['/?_type=Patient', 403])
  })
})

describe('a compartment', () => {
  it.each([
    ['/Patient/anne/Observation', ['Observation/a-glucose', 'Observation/b-sodium', 'Observation/c-undated']],
    ['/Patient/anne/Observation?code=2951-2', ['Observation/b-sodium']],
    ['/Patient/yann/*', ['Observation/a-glucose', 'Patient/yann']],
    ['/Patient/anne/*?_type=Condition,Encounter', ['Condition/flu', 'Encounter/stay']],
    ['/Encounter/stay/*', ['Condition/flu', 'Encounter/stay', 'Observation/b-sodium']],
    ['/Practitioner/doc/Observation', ['Observation/b-sodium']],
    ['/Device/none/Observation', []],
    ['/RelatedPerson/none/*', []],
    ['/Patient/unknown/Condition', []],
  ])('%s holds %j', async (query, expected) => {
    const bundle = await search(query)
    expect(names(bundle).sort()).toEqual(expected)
    expect(decodeURIComponent(bundle.link[0]?.url ?? '')).toBe(`${server.url}/fhir${query}`)
  })

  it('does not hold types that its definition does not name; other types make none', async () => {
    expect(await refused('/Patient/anne/Organization')).toEqual(['/Patient/anne/Organization', 400])
    expect(await refused('/Observation/b-sodium/Patient')).toEqual(['/Observation/b-sodium/Patient', 404])
  })

  it('is searched by POST, and page by page', async () => {
    const posted = await client.post('/fhir/Patient/anne/Observation/_search', '_count=2').type('form')
    expect(names(posted.body as Searchset)).toHaveLength(2)
    expect(await allPages('/Patient/anne/*?_count=2')).toHaveLength(7)
  })
})

describe('the shape of an answer', () => {
  it('has a total as _total says: exact, near, or none', async () => {
    expect(await search('/Patient?_total=none')).not.toHaveProperty('total')
    expect(await search('/Patient?_count=1&_total=accurate')).toHaveProperty('total', 4)
    expect((await search('/Patient?_count=1&_total=estimate')).total).toBeGreaterThanOrEqual(0)
    expect(await search('/Patient?_count=1')).not.toHaveProperty('total')
  })

  it('is cut by _summary in includes too, and tagged SUBSETTED once', async () => {
    const { entry } = await search('/Observation?_id=b-sodium&_summary=true&_include=Observation:encounter')
    const tags = entry?.map(({ resource }) => (resource['meta'] as { tag: { code: string }[] }).tag)
    expect(tags?.map((all) => all.map((tag) => tag.code))).toEqual([['SUBSETTED'], ['SUBSETTED']])
    expect(entry?.[0]?.resource).not.toHaveProperty('note')
  })

  it('cannot be _summary=text with includes, nor _elements within elements', async () => {
    for (const query of [
      '/Observation?_summary=text&_include=Observation:encounter',
      '/Patient?_elements=name.family',
      '/Patient?_elements=Patient.name',
    ]) {
      expect(await refused(query)).toEqual([query, 400])
    }
  })

  it('cannot be written back when it was cut', async () => {
    const { body } = await client.get('/fhir/Observation/b-sodium?_elements=code')
    const written = await client.put('/fhir/Observation/b-sodium', body as object)
    expect([written.status, (written.body as { issue: { code: string }[] }).issue[0]?.code]).toEqual([
      422,
      'business-rule',
    ])
  })
})

describe('_contained', () => {
  it.each([
    ['/Practitioner?_contained=true', ['Observation/b-sodium']],
    ['/Practitioner?_contained=true&name=inner', ['Observation/b-sodium']],
    ['/Practitioner?_contained=true&name=outer', []],
    ['/Practitioner?_contained=true&_containedType=contained', ['Practitioner/inside']],
    ['/Practitioner?_contained=both&_count=1', ['Observation/b-sodium', 'Practitioner/doc']],
    [
      '/?_type=Practitioner,Patient&gender=male&_contained=both&_containedType=contained',
      ['Practitioner/inside'],
    ],
    ['/Practitioner?_contained=false', ['Practitioner/doc']],
  ])('%s finds %j', async (query, expected) => {
    expect((await allPages(query)).sort()).toEqual(expected)
  })

  it('shows a resource inside another one under the URL of both, and counts it', async () => {
    const bundle = await search('/Practitioner?_contained=true&_containedType=contained')
    expect(bundle).toMatchObject({
      total: 1,
      entry: [{ fullUrl: `${server.url}/fhir/Observation/b-sodium#inside` }],
    })
    expect(await search('/Practitioner?_contained=both&_summary=count')).toEqual(
      expect.objectContaining({ total: 2 }),
    )
  })

  it('is refused where what is inside cannot be judged, and finds nothing in types without a scope', async () => {
    for (const query of [
      '/Practitioner?_contained=maybe',
      '/Practitioner?_contained=true&_sort=name',
      '/Observation?_contained=true&subject.name=x',
      '/Patient/anne/Observation?_contained=true',
    ]) {
      expect(await refused(query)).toEqual([query, 400])
    }
    const narrow = await server.client('system/Practitioner.rs')
    expect(names(await search('/Practitioner?_contained=true', narrow))).toEqual([])
  })
})

describe('the CapabilityStatement', () => {
  it('declares search parameters that are answered: some of each kind, over all types', async () => {
    const { rest } = (await client.get('/fhir/metadata')).body as Capabilities
    const declared = rest[0].resource.flatMap(({ type, searchParam }) =>
      searchParam.map((parameter) => ({ path: `/${type}?${parameter.name}`, kind: parameter.type })),
    )
    for (const [kind, value] of Object.entries(examples)) {
      const ofKind = declared.filter((one) => one.kind === kind)
      const some = ofKind.filter((_, index) => index % Math.ceil(ofKind.length / 8) === 0)
      expect(some.length).toBeGreaterThan(0)
      for (const { path } of some) await search(`${path}=${encodeURIComponent(value)}&_sort=_id`)
    }
  })
})

interface Capabilities {
  readonly rest: readonly [
    {
      readonly resource: {
        readonly type: string
        readonly searchParam: { readonly name: string; readonly type: string }[]
      }[]
    },
  ]
}

const examples = {
  date: 'ge2020',
  number: '1',
  quantity: '5.4',
  reference: 'x',
  special: '48.1|-1.7',
  string: 'x',
  token: 'urn:x|y',
  uri: 'http://x.example/y',
}
