import type { Bundle, Parameters, Patient } from 'fhir/r4.js'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

const ins = 'urn:oid:1.2.250.1.213.1.4.10'
const patients: Record<string, Partial<Patient>> = {
  anne: {
    identifier: [{ system: ins, value: '280032A00490123' }],
    name: [{ family: 'Le Bœuf', given: ['Anne-Sophie', 'Marie'] }],
    gender: 'female',
    birthDate: '1980-03-12',
  },
  twin: { name: [{ family: 'Le Bœuf', given: ['Chloé'] }], gender: 'female', birthDate: '1980-03-12' },
  mother: {
    name: [{ family: 'Le Bœuf', given: ['Anne-Sophie'] }],
    gender: 'female',
    birthDate: '1951-07-30',
  },
  other: { name: [{ family: 'Quérin', given: ['Loïc'] }], gender: 'male', birthDate: '1990-11-02' },
}

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  for (const [id, patient] of Object.entries(patients)) {
    await client.put(`/fhir/Patient/${id}`, { resourceType: 'Patient', id, ...patient }).expect(201)
  }
})
afterAll(() => server.close())

const call = (patient: Partial<Patient>, ...more: Parameters['parameter'] & object) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'resource', resource: { resourceType: 'Patient', ...patient } }, ...more],
})

type CallOf = globalThis.Parameters<typeof call>

async function matched(as: Client, ...asked: CallOf): Promise<(string | undefined)[][]> {
  const { body } = await as.post('/fhir/Patient/$match', call(...asked)).expect(200)
  const bundle = body as Bundle<Patient>
  expect(bundle.type).toBe('searchset')
  return (bundle.entry ?? []).map(({ resource, search }) => {
    expect(search?.mode).toBe('match')
    expect(search?.score).toBeGreaterThan(0)
    expect(search?.score).toBeLessThanOrEqual(1)
    return [resource?.id, search?.extension?.[0]?.valueCode]
  })
}
describe('Patient/$match', () => {
  it('finds a person again by number, by name and birth date with slips, and by inverted names, best first', async () => {
    const { anne = {} } = patients
    const misspelt = { name: [{ family: 'LEBEUF', given: ['Anne Sophie'] }], birthDate: '1980-03-12' }
    const swapped = { name: [{ family: 'LE BOEUF', given: ['ANNE-SOPHIE'] }], birthDate: '1980-12-03' }
    const inverted = { name: [{ family: 'Loic', given: ['QUERIN'] }], birthDate: '1990-11-02' }
    expect((await matched(client, anne))[0]).toEqual(['anne', 'certain'])
    expect(await matched(client, { identifier: anne.identifier ?? [] })).toEqual([['anne', 'probable']])
    expect((await matched(client, misspelt))[0]).toEqual(['anne', 'probable'])
    expect((await matched(client, swapped))[0]).toEqual(['anne', 'probable'])
    expect(await matched(client, inverted)).toEqual([['other', 'certain']])
  })

  it('takes a twin, or a mother of the same name, for possible at most', async () => {
    const { twin = {} } = patients
    expect(await matched(client, twin)).toEqual([
      ['twin', 'certain'],
      ['anne', 'possible'],
    ])
    const { anne = {} } = patients
    expect((await matched(client, anne)).slice(1).map(([, grade]) => grade)).not.toContain('probable')
  })

  it('returns the one certain match alone when asked to, and as many as count says', async () => {
    const { anne = {} } = patients
    const only = { name: 'onlyCertainMatches', valueBoolean: true }
    expect(await matched(client, anne, only)).toEqual([['anne', 'certain']])
    expect(await matched(client, anne, { name: 'count', valueInteger: 1 })).toHaveLength(1)
  })

  it('shows what the scopes reach', async () => {
    const narrow = await server.client('system/Patient.rs?gender=male')
    expect(await matched(narrow, patients['anne'] ?? {})).toEqual([])
    const blind = await server.client('system/Observation.rs')
    await blind.post('/fhir/Patient/$match', call(patients['anne'] ?? {})).expect(403)
  })

  it.each([
    ['without a Patient', { resourceType: 'Parameters' }],
    ['with a person of whom too little is known', call({ gender: 'male' })],
    [
      'with a parameter that is not there',
      call(patients['anne'] ?? {}, { name: 'colour', valueString: 'red' }),
    ],
    ['with a count that is none', call(patients['anne'] ?? {}, { name: 'count', valueInteger: 0 })],
  ])('is refused %s', async (_, body) => {
    await client.post('/fhir/Patient/$match', body).expect(400)
  })
})
