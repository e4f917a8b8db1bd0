import type { Bundle, OperationOutcome, Parameters } from 'fhir/r4.js'
import { sql } from '../../src/store/sql.ts'
import { cleanerId, startServer, type Client, type TestServer } from '../support/server.ts'

let server: TestServer
let client: Client

beforeAll(async () => {
  server = await startServer()
  client = await server.client()
})
afterAll(() => server.close())

const parameter = (given: object) => ({
  resourceType: 'SearchParameter',
  url: 'http://example.org/fhir/SearchParameter/given',
  name: 'given',
  status: 'active',
  description: 'of a test',
  code: 'given',
  base: ['Observation'],
  type: 'token',
  expression: 'Observation.interpretation',
  ...given,
})
const observation = (given: object) => ({
  request: { method: 'POST', url: 'Observation' },
  resource: { resourceType: 'Observation', status: 'final', code: { text: 'a' }, ...given },
})
const high = { interpretation: [{ coding: [{ system: 'http://example.org/i', code: 'H' }] }] }
const store = (entry: object[]) =>
  client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry }).expect(200)

async function ready(id: string): Promise<object> {
  for (let tries = 0; tries < 200; tries++) {
    const { body } = await client.get(`/fhir/SearchParameter/${id}/$status`).expect(200)
    const part = (body as Parameters).parameter?.[0]?.part ?? []
    if (part.some(({ valueCode }) => valueCode === 'ready')) return part
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('not ready in ten seconds')
}

const add = async (given: object) => {
  const { body } = await client.post('/fhir/SearchParameter', parameter(given)).expect(201)
  return (body as { id: string }).id
}
const totalOf = async (query: string) =>
  ((await client.get(`/fhir/${query}`).expect(200)).body as Bundle).total

describe('a SearchParameter that is added', () => {
  it('is refused to searches while its index is built, then finds what was there before and what came since', async () => {
    await store([...Array.from({ length: 450 }, () => observation({})), observation(high), observation(high)])
    const id = await add({
      url: 'http://example.org/fhir/SearchParameter/interpretation',
      code: 'interpretation',
    })
    const { status, body, headers } = await client.get('/fhir/Observation?interpretation=H')
    expect([status, (body as OperationOutcome).issue[0]?.code]).toEqual([503, 'transient'])
    expect(headers['retry-after']).toBeDefined()
    await store([observation(high)])
    expect(await ready(id)).toEqual([
      { name: 'url', valueUri: 'http://example.org/fhir/SearchParameter/interpretation' },
      { name: 'state', valueCode: 'ready' },
      { name: 'done', valueInteger: 453 },
      { name: 'total', valueInteger: 453 },
    ])
    expect(await totalOf('Observation?interpretation=http://example.org/i|H')).toBe(3)
    expect(await totalOf('Observation?interpretation:missing=true&_summary=count')).toBe(450)
    await store([observation(high)])
    expect(await totalOf('Observation?interpretation=H')).toBe(4)
    const { body: page } = await client.get('/fhir/Observation?_sort=-interpretation&_count=1').expect(200)
    expect((page as Bundle).entry?.[0]?.resource).toMatchObject(high)
  }, 20_000)

  it('of what is sealed is answered from the vault, and leaves nothing in the rows', async () => {
    const colour = (valueString: string) => ({
      extension: [{ url: 'http://example.org/colour', valueString }],
    })
    await store([observation(colour('Bleu Zéphyr'))])
    const id = await add({
      url: 'http://example.org/fhir/SearchParameter/colour',
      code: 'colour',
      type: 'string',
      expression: "Observation.extension('http://example.org/colour').value as string",
    })
    await ready(id)
    expect(await totalOf('Observation?colour=bleu')).toBe(1)
    expect(await totalOf('Observation?colour=rouge')).toBe(0)
    const texts = await server.store.transaction('care', (tx) =>
      tx.query<{ body: string }>(sql`SELECT body FROM clinical.resource WHERE type = 'Observation'`),
    )
    expect(texts.some(({ body }) => body.includes('phyr'))).toBe(false)
  }, 20_000)

  it('is gone once it is retired or deleted', async () => {
    const id = await add({ url: 'http://example.org/fhir/SearchParameter/short', code: 'short' })
    await ready(id)
    await client.delete(`/fhir/SearchParameter/${id}`).expect(204)
    await new Promise((resolve) => setTimeout(resolve, 800))
    await client.get('/fhir/Observation?short=H').expect(400)
    await client.get(`/fhir/SearchParameter/${id}/$status`).expect(410)
  }, 20_000)

  it.each([
    ['the code of a published one', { code: 'status' }, 'code'],
    [
      'the URL of a published one',
      { url: 'http://hl7.org/fhir/SearchParameter/Observation-value-date', code: 'value-date' },
      'url',
    ],
    ['a type that is none', { base: ['Secret'] }, 'base[0]'],
    ['every type at once', { base: ['Resource'] }, 'base'],
    ['no expression', { expression: undefined }, 'expression'],
    [
      'an expression of functions that are not indexed',
      { expression: 'Observation.code.repeat(coding)' },
      'expression',
    ],
    ['an expression that cannot be read', { expression: 'Observation.((' }, 'expression'],
    ['an expression of another type', { expression: 'Patient.name' }, 'expression'],
    ['a composite', { type: 'composite' }, 'type'],
    [
      'a number over what is sealed',
      { type: 'quantity', expression: "Observation.extension('http://a').value as Quantity" },
      'expression',
    ],
    ['a code with blanks', { code: 'a b' }, 'code'],
  ])('is refused: %s', async (_, given, element) => {
    const { status, body } = await client.post('/fhir/SearchParameter', parameter(given))
    expect([status, (body as OperationOutcome).issue[0]?.expression]).toEqual([
      422,
      [`SearchParameter.${element}`],
    ])
  })

  it('needs the grant reindex of who puts it into service', async () => {
    const cleaner = await server.client('system/*.cruds', '/fhir', cleanerId)
    await cleaner.post('/fhir/SearchParameter', parameter({ code: 'granted' })).expect(403)
    await cleaner.post('/fhir/SearchParameter', parameter({ code: 'granted', status: 'draft' })).expect(201)
  })

  it('may be kept as a draft, out of service', async () => {
    await client.post('/fhir/SearchParameter', parameter({ status: 'draft', code: 'drafted' })).expect(201)
    await client.get('/fhir/Observation?drafted=H').expect(400)
  })
})

describe('$reindex', () => {
  it('indexes the rows of a type anew, and says how far it is', async () => {
    await server.store.transaction('care', (tx) =>
      tx.query(sql`UPDATE clinical.resource SET tokens = '{}' WHERE type = 'Observation'`),
    )
    expect(await totalOf('Observation?status=final')).toBe(0)
    const body = { resourceType: 'Parameters', parameter: [{ name: 'type', valueCode: 'Observation' }] }
    const { body: begun } = await client.post('/fhir/$reindex', body).expect(200)
    const job = (begun as Parameters).parameter?.[0]?.valueString ?? ''
    let state: string | undefined
    for (let tries = 0; state !== 'done' && tries < 200; tries++) {
      const { body: now } = await client.get(`/fhir/$reindex-status?job=${job}`).expect(200)
      state = (now as Parameters).parameter?.find(({ name }) => name === 'state')?.valueCode
      if (state !== 'done') await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(state).toBe('done')
    expect(await totalOf('Observation?status=final&_summary=count')).toBe(455)
  }, 20_000)

  it.each([
    ['no type', { resourceType: 'Parameters' }, 400],
    [
      'a type that is none',
      { resourceType: 'Parameters', parameter: [{ name: 'type', valueCode: 'Secret' }] },
      400,
    ],
  ])('refuses %s', async (_, body, status) => {
    await client.post('/fhir/$reindex', body).expect(status)
  })
})
