import { medicine, mixed, none, observed, wards, wardSystem } from '../support/wards.ts'
import { valueOf, type Expanded, type Parameters } from '../support/terminology-answer.ts'
import { startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

const gender = 'http://hl7.org/fhir/ValueSet/administrative-gender'
const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
  const resources = [
    ...[wardSystem, medicine, mixed, none],
    ...observed('card', 'CARD', 'male'),
    ...observed('med', 'MED', 'female'),
    ...observed('surg', 'SURG', 'female'),
    ...observed('text', '', 'male'),
  ]
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }))
  const loaded = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  expect([loaded.status, loaded.status === 200 ? '' : loaded.text]).toEqual([200, ''])
})

afterAll(() => server.close())

async function expanded(query: string): Promise<Expanded> {
  const answer = await client.get(`/fhir/ValueSet/${query}`)
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, ''])
  return answer.body as Expanded
}

async function codes(query: string): Promise<string[]> {
  const { expansion } = await expanded(query)
  return (expansion.contains ?? []).map(({ code }) => code)
}

/** The status of an answer, and what its first parameters or issue say. */
async function called(path: string, body?: object): Promise<unknown[]> {
  const answer = body ? await client.post(`/fhir/${path}`, body) : await client.get(`/fhir/${path}`)
  if (answer.status !== 200) {
    return [answer.status, (answer.body as { issue: { code: string }[] }).issue[0]?.code]
  }
  return [200, ...(answer.body as Parameters).parameter.map(valueOf)]
}

describe('ValueSet/$expand', () => {
  it('lists a value set of the specification with identifier, time, total and versions', async () => {
    const { url, compose, expansion } = await expanded(`$expand?url=${gender}`)
    expect(url).toBe(gender)
    expect(compose).toBeUndefined()
    expect(expansion).toMatchObject({
      total: 4,
      parameter: [{ name: 'version', valueUri: 'http://hl7.org/fhir/administrative-gender|4.0.1' }],
      contains: [
        {
          system: 'http://hl7.org/fhir/administrative-gender',
          version: '4.0.1',
          code: 'male',
          display: 'Male',
        },
        { code: 'female' },
        { code: 'other' },
        { code: 'unknown' },
      ],
    })
    expect(expansion.identifier).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
    expect(Date.parse(expansion.timestamp)).not.toBeNaN()
  })

  it('lists a stored value set over a stored code system, by id and by canonical URL', async () => {
    expect(await codes('medicine/$expand')).toEqual(['MED', 'CARD', 'NEPH'])
    expect(await codes(`$expand?url=${medicine.url}`)).toEqual(['MED', 'CARD', 'NEPH'])
    expect(await codes(`$expand?url=${medicine.url}&valueSetVersion=1`)).toEqual(['MED', 'CARD', 'NEPH'])
  })

  it('lists a value set that is sent along', async () => {
    const sent = { ...none, compose: { include: [{ system: wards }], exclude: medicine.compose.include } }
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'valueSet', resource: sent },
        { name: 'activeOnly', valueBoolean: true },
      ],
    }
    const answer = await client.post('/fhir/ValueSet/$expand', body)
    expect((answer.body as Expanded).expansion.contains).toEqual([
      { system: wards, abstract: true, version: '2024', code: 'ALL', display: 'All wards' },
    ])
  })

  it('gives pages by count and offset, with the total of all', async () => {
    const { expansion } = await expanded('medicine/$expand?count=2&offset=1')
    expect([expansion.total, expansion.offset]).toEqual([3, 1])
    expect(expansion.contains?.map(({ code }) => code)).toEqual(['CARD', 'NEPH'])
    expect(expansion.parameter).toEqual(
      expect.arrayContaining([
        { name: 'count', valueInteger: 2 },
        { name: 'offset', valueInteger: 1 },
      ]),
    )
  })

  it('refuses a value set that names thousands of others', async () => {
    const include = Array.from({ length: 2_000 }, (_, index) => ({ valueSet: [`urn:set:${index}`] }))
    const parameter = [{ name: 'valueSet', resource: { ...none, compose: { include } } }]
    expect(await called('ValueSet/$expand', { resourceType: 'Parameters', parameter })).toEqual([
      ...[422, 'too-costly'],
    ])
  })

  it('gives more than 10,000 codes by the page alone', async () => {
    const concept = Array.from({ length: 10_001 }, (_, index) => ({ code: String(index) }))
    const sent = { ...none, compose: { include: [{ system: 'http://example.org/many', concept }] } }
    const asked = (count: object[]) => {
      const parameter = [{ name: 'valueSet', resource: sent }, ...count]
      return client.post('/fhir/ValueSet/$expand', { resourceType: 'Parameters', parameter })
    }
    const whole = await asked([])
    expect([whole.status, (whole.body as { issue: { code: string }[] }).issue[0]?.code]).toEqual([
      ...[422, 'too-costly'],
    ])
    const page = await asked([{ name: 'count', valueInteger: 0 }])
    expect((page.body as Expanded).expansion).toMatchObject({ total: 10_001, offset: 0 })
  })

  it('finds by the words of a text, in designations too', async () => {
    expect(await codes('medicine/$expand?filter=cardio')).toEqual(['CARD'])
    expect(await codes('medicine/$expand?filter=medecine')).toEqual(['MED'])
    expect(await codes('medicine/$expand?filter=neph')).toEqual(['NEPH'])
    expect(await codes('medicine/$expand?filter=dio')).toEqual([])
  })

  it('nests codes when asked to, and names them in the language asked for', async () => {
    const { expansion } = await expanded('medicine/$expand?excludeNested=false&displayLanguage=fr')
    expect(expansion.contains).toMatchObject([
      {
        code: 'MED',
        display: 'Médecine',
        contains: [{ code: 'CARD', display: 'Cardiologie' }, { code: 'NEPH' }],
      },
    ])
  })

  it('gives designations when asked to', async () => {
    const { expansion } = await expanded('medicine/$expand?includeDesignations=true&count=1')
    expect(expansion.contains).toMatchObject([
      { code: 'MED', designation: [{ language: 'fr', value: 'Médecine' }] },
    ])
  })

  it.each([
    ['one that is not held', '$expand?url=http://example.org/nowhere', 404, 'not-found'],
    ['another version of one', `$expand?url=${medicine.url}&valueSetVersion=2`, 404, 'not-found'],
    ['one over a terminology that is not held', 'mixed/$expand', 422, 'not-supported'],
    ['none', '$expand', 400, 'value'],
    ['two', `medicine/$expand?url=${gender}`, 400, 'value'],
    ['a day in the past', `$expand?url=${gender}&date=2020-01-01`, 400, 'not-supported'],
    ['a count that is none', 'medicine/$expand?count=-1', 400, 'value'],
  ])('refuses %s', async (_, path, status, code) => {
    expect(await called(`ValueSet/${path}`)).toEqual([status, code])
  })
})

describe('ValueSet/$validate-code', () => {
  const validate = `ValueSet/$validate-code?url=${medicine.url}&system=${wards}`

  it('says whether a code is in the value set, and what it is called', async () => {
    expect(await called(`${validate}&code=CARD`)).toEqual([200, true, 'Cardiology'])
    expect(await called(`${validate}&code=SURG`)).toEqual([200, false, 'the code is not in the value set'])
    expect(await called(`ValueSet/medicine/$validate-code?system=${wards}&code=MED`)).toEqual([
      ...[200, true, 'Medicine'],
    ])
  })

  it('refuses a display that is none of the code, and takes any of its designations', async () => {
    expect(await called(`${validate}&code=CARD&display=cardiologie`)).toEqual([200, true, 'Cardiology'])
    expect(await called(`${validate}&code=CARD&display=Surgery`)).toEqual([
      ...[200, false, 'the display is none of the code', 'Cardiology'],
    ])
  })

  it('is content with one coding of a concept', async () => {
    const coding = [{ code: 'x' }, { system: wards, code: 'SURG' }, { system: wards, code: 'NEPH' }]
    const parameter = [
      { name: 'url', valueUri: medicine.url },
      { name: 'codeableConcept', valueCodeableConcept: { coding } },
    ]
    expect(await called('ValueSet/$validate-code', { resourceType: 'Parameters', parameter })).toEqual([
      ...[200, true, 'Nephrology'],
    ])
  })

  it('tells what can be told of a value set that cannot be listed, and says so of the rest', async () => {
    const path = 'ValueSet/mixed/$validate-code?'
    expect(await called(`${path}system=${wards}&code=CARD`)).toEqual([200, true, 'Cardiology'])
    expect((await called(`${path}system=${wards}&code=SURG`)).slice(0, 2)).toEqual([200, false])
    expect(await called(`${path}system=http://loinc.org&code=718-7`)).toEqual([422, 'not-supported'])
  })
})

describe('CodeSystem/$validate-code', () => {
  it('says whether a code is one of the code system', async () => {
    expect(await called(`CodeSystem/$validate-code?url=${actCode}&code=IMP`)).toEqual([
      ...[200, true, 'inpatient encounter'],
    ])
    expect(await called('CodeSystem/wards/$validate-code?code=card')).toEqual([
      ...[200, false, 'the code is not in the code system'],
    ])
  })

  it('takes a code that only groups where the caller says that it will do', async () => {
    expect((await called('CodeSystem/wards/$validate-code?code=ALL'))[1]).toBe(false)
    expect((await called('CodeSystem/wards/$validate-code?code=ALL&abstract=true'))[1]).toBe(true)
  })

  it('answers 404 for a code system that is not held', async () => {
    expect(await called('CodeSystem/$validate-code?url=http://loinc.org&code=718-7')).toEqual([
      404,
      'not-found',
    ])
  })
})

describe('CodeSystem/$lookup', () => {
  it('gives name, version, display, designations and properties', async () => {
    const answer = await client.get(`/fhir/CodeSystem/$lookup?system=${wards}&code=CARD`)
    expect(answer.text).toContain('"valueDecimal":20.5')
    expect((answer.body as Parameters).parameter.map(valueOf)).toEqual([
      ...['Wards', '2024', 'Cardiology'],
      ['designation', 'fr-FR', 'Cardiologie'],
      ['property', 'parent', 'MED', 'Medicine'],
      ['property', 'beds', 20.5],
    ])
  })

  it('gives the properties that are asked for', async () => {
    const path = `CodeSystem/$lookup?system=${wards}&code=MED&property=child&property=lang.fr`
    expect(await called(path)).toEqual([
      ...[200, 'Wards', '2024', 'Medicine'],
      ['designation', 'fr', 'Médecine'],
      ['property', 'child', 'CARD', 'Cardiology'],
      ['property', 'child', 'NEPH', 'Nephrology'],
    ])
  })

  it('takes a coding, and answers 404 for a code that the code system does not have', async () => {
    const asked = (code: string) => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'coding', valueCoding: { system: wards, code } }],
    })
    expect((await called('CodeSystem/$lookup', asked('NEPH')))[3]).toBe('Nephrology')
    expect(await called('CodeSystem/$lookup', asked('nothing'))).toEqual([404, 'not-found'])
  })
})

describe('CodeSystem/$subsumes', () => {
  it.each([
    ['MED', 'CARD', 'subsumes'],
    ['CARD', 'MED', 'subsumed-by'],
    ['CARD', 'CARD', 'equivalent'],
    ['CARD', 'SURG', 'not-subsumed'],
  ])('tells of %s and %s: %s', async (codeA, codeB, outcome) => {
    const path = `$subsumes?codeA=${codeA}&codeB=${codeB}`
    expect(await called(`CodeSystem/${path}&system=${wards}`)).toEqual([200, outcome])
    expect(await called(`CodeSystem/wards/${path}`)).toEqual([200, outcome])
  })

  it('answers 404 for a code that is none', async () => {
    expect(await called('CodeSystem/wards/$subsumes?codeA=CARD&codeB=nothing')).toEqual([404, 'not-found'])
  })
})

describe('a search', () => {
  async function found(query: string, with_ = client): Promise<unknown> {
    const answer = await with_.get(`/fhir/${query}`)
    const body = answer.body as { entry?: { resource: { id: string } }[]; issue?: { code: string }[] }
    if (answer.status !== 200) return [answer.status, body.issue?.[0]?.code]
    return (body.entry ?? []).map(({ resource: { id } }) => id).sort()
  }

  it('finds codes in a stored value set, by canonical URL and by id', async () => {
    expect(await found(`Observation?code:in=${medicine.url}`)).toEqual(['card', 'med'])
    expect(await found(`Observation?code:in=${medicine.url}%7C1`)).toEqual(['card', 'med'])
    expect(await found('Observation?code:in=ValueSet/medicine')).toEqual(['card', 'med'])
  })

  it('finds codes in a value set of thousands', async () => {
    const concept = Array.from({ length: 3_000 }, (_, index) => ({ code: `x-${index}` }))
    const compose = { include: [{ system: wards, concept: [...concept, { code: 'SURG' }] }] }
    await client.put('/fhir/ValueSet/thousands', { ...none, id: 'thousands', url: 'urn:thousands', compose })
    expect(await found('Observation?code:in=urn:thousands')).toEqual(['surg'])
    expect(await found('Observation?code:not-in=urn:thousands')).toEqual(['card', 'med', 'text'])
  })

  it('finds what is not in it, resources without a code included', async () => {
    expect(await found(`Observation?code:not-in=${medicine.url}`)).toEqual(['surg', 'text'])
  })

  it('finds nothing in an empty value set, and everything outside it', async () => {
    expect(await found(`Observation?code:in=${none.url}`)).toEqual([])
    expect(await found(`Observation?code:not-in=${none.url}`)).toEqual(['card', 'med', 'surg', 'text'])
  })

  it('finds codes below and above one, the code itself included', async () => {
    expect(await found(`Observation?code:below=${wards}%7CMED`)).toEqual(['card', 'med'])
    expect(await found(`Observation?code:above=${wards}%7CNEPH`)).toEqual(['med'])
  })

  it('does so at the end of a chain and in _has', async () => {
    expect(await found(`Observation?subject:Patient.gender:in=${gender}`)).toHaveLength(4)
    expect(await found(`Patient?_has:Observation:subject:code:below=${wards}%7CMED`)).toEqual([
      ...['of-card', 'of-med'],
    ])
  })

  it.each([
    ['a value set that is not held', 'code:in=http://example.org/nowhere', 'not-found'],
    ['one that cannot be listed', `code:in=${mixed.url}`, 'not-supported'],
    ['a code system that is not held', 'code:below=http://snomed.info/sct%7C1', 'not-found'],
  ])('is refused for %s', async (_, query, code) => {
    expect(await found(`Observation?${query}`)).toEqual([400, code])
  })

  it('does not see value sets that the caller may not search', async () => {
    const narrow = await server.client('system/Observation.rs system/Patient.rs')
    expect(await found(`Observation?code:in=${medicine.url}`, narrow)).toEqual([400, 'not-found'])
    expect(await found(`Patient?gender:in=${gender}`, narrow)).toHaveLength(4)
  })
})
