import type { Bundle } from 'fhir/r4.js'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})
afterAll(() => server.close())

describe('$everything', () => {
  let patient: string
  let other: string
  const put = (type: string, id: string, given: object = {}) => ({
    request: { method: 'PUT', url: `${type}/${id}` },
    resource: { resourceType: type, id, ...given },
  })
  const ofPatient = (id: string) => ({ subject: { reference: `Patient/${id}` } })
  const encounter = {
    status: 'finished',
    class: { code: 'AMB' },
    period: { start: '2023-05-01', end: '2023-05-02' },
  }
  const observation = { status: 'final', code: { text: 'a' } }

  beforeAll(async () => {
    patient = 'everything-one'
    other = 'everything-two'
    const entry = [
      put('Organization', 'ev-org', { name: 'Hôpital' }),
      put('Organization', 'ev-elsewhere', { name: 'Ailleurs' }),
      put('Practitioner', 'ev-doctor'),
      put('Patient', patient, {
        managingOrganization: { reference: 'Organization/ev-org' },
        link: [{ type: 'seealso', other: { reference: `Patient/${other}` } }],
      }),
      put('Patient', other, { managingOrganization: { reference: 'Organization/ev-elsewhere' } }),
      put('Encounter', 'ev-encounter', {
        ...encounter,
        ...ofPatient(patient),
        participant: [{ individual: { reference: 'Practitioner/ev-doctor' } }],
      }),
      put('Observation', 'ev-early', {
        ...observation,
        ...ofPatient(patient),
        effectiveDateTime: '2022-01-01',
      }),
      put('Observation', 'ev-late', {
        ...observation,
        ...ofPatient(patient),
        effectiveDateTime: '2023-05-01',
        encounter: { reference: 'Encounter/ev-encounter' },
        hasMember: [{ reference: 'Observation/ev-foreign' }],
        performer: [{ reference: 'Practitioner/ev-doctor' }, { reference: 'Organization/ev-org' }],
      }),
      put('Observation', 'ev-foreign', { ...observation, ...ofPatient(other) }),
    ]
    await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry }).expect(200)
  })

  const pageOf = async (url: string, who: Client = client) => (await who.get(url).expect(200)).body as Bundle
  const namesOf = ({ entry = [] }: Bundle) =>
    entry.map(({ resource }) => `${resource?.resourceType}/${resource?.id}`)
  const all = [
    'Encounter/ev-encounter',
    'Observation/ev-early',
    'Observation/ev-late',
    'Patient/everything-one',
  ]
  const support = ['Organization/ev-org', 'Practitioner/ev-doctor']

  it('returns the compartment of a patient and what it refers to, each once, and nobody else', async () => {
    expect(namesOf(await pageOf(`/fhir/Patient/${patient}/$everything`))).toEqual([...all, ...support])
  })

  it('is paged without a gap or a repeat, over the end of the compartment too', async () => {
    for (const count of [1, 2, 4, 5]) {
      const names: string[] = []
      let next: string | undefined = `/fhir/Patient/${patient}/$everything?_count=${count}`
      for (let pages = 0; next !== undefined && pages < 10; pages++) {
        const page: Bundle = await pageOf(next)
        names.push(...namesOf(page))
        next = page.link?.find(({ relation }) => relation === 'next')?.url
      }
      expect(names).toEqual([...all, ...support])
    }
  })

  it('returns what was asked for: types, dates of care, changes', async () => {
    const of = async (query: string) => namesOf(await pageOf(`/fhir/Patient/${patient}/$everything?${query}`))
    expect(await of('_type=Observation,Practitioner')).toEqual([
      ...['Observation/ev-early', 'Observation/ev-late', 'Practitioner/ev-doctor'],
    ])
    expect(await of('start=2023-01-01')).not.toContain('Observation/ev-early')
    expect(await of('end=2022-12-31')).toEqual([
      'Observation/ev-early',
      'Patient/everything-one',
      'Organization/ev-org',
    ])
    expect(await of(`_since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
  })

  it('returns an encounter with its observations, its patient and its practitioner', async () => {
    expect(namesOf(await pageOf('/fhir/Encounter/ev-encounter/$everything'))).toEqual([
      ...['Encounter/ev-encounter', 'Observation/ev-late', 'Organization/ev-org'],
      ...['Patient/everything-one', 'Practitioner/ev-doctor'],
    ])
  })

  it('shows of each type what the scopes reach', async () => {
    const narrow = await server.client('system/Patient.rs system/Observation.rs?date=2022-01-01')
    expect(namesOf(await pageOf(`/fhir/Patient/${patient}/$everything`, narrow))).toEqual([
      'Observation/ev-early',
      'Patient/everything-one',
    ])
  })

  it.each([
    ['a patient who is not there', 'Patient/nobody/$everything', 404],
    ['all patients at once', 'Patient/$everything', 404],
    ['a date that is none', 'Patient/everything-one/$everything?start=soon', 400],
    ['a type that is none', 'Patient/everything-one/$everything?_type=Secret', 400],
    ['a parameter that it does not have', 'Patient/everything-one/$everything?colour=red', 400],
    ['a count of nothing', 'Patient/everything-one/$everything?_count=0', 400],
  ])('refuses %s', async (_, url, status) => {
    await client.get(`/fhir/${url}`).expect(status)
  })
})
