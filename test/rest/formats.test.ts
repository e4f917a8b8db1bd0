import supertest from 'supertest'
import { parseXml } from '../../src/fhir/xml-parse.ts'
import { grantPermit, withPeople } from '../support/permit.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
let token: string

const xml = 'application/fhir+xml'
const json = 'application/fhir+json'

beforeAll(async () => {
  server = await startServer(withPeople())
  token = await server.token()
}, 60_000)
afterAll(() => server.close())

const send = (method: 'get' | 'post' | 'put' | 'delete' | 'head' | 'patch' | 'options', path: string) =>
  supertest(server.url)[method](path).set('Authorization', `Bearer ${token}`)

const patient = (id: string) =>
  `<Patient xmlns="http://hl7.org/fhir"><id value="${id}"/><gender value="female"/></Patient>`
const observation = (id: string) =>
  `<Observation xmlns="http://hl7.org/fhir"><id value="${id}"/><status value="final"/><code><coding>` +
  '<system value="http://loinc.org"/><code value="718-7"/></coding></code><subject><reference value="Patient/x"/>' +
  '</subject><valueQuantity><value value="13.50"/></valueQuantity></Observation>'

describe('XML', () => {
  it('is taken and given with its digits, and is the same resource in JSON', async () => {
    await send('put', '/fhir/Patient/x').type(xml).send(patient('x'))
    const created = await send('put', '/fhir/Observation/x')
      .type(xml)
      .set('Accept', xml)
      .send(observation('x'))
    expect([created.status, created.type]).toEqual([201, xml])
    expect(created.text).toContain('<valueQuantity><value value="13.50"/>')
    const inJson = await send('get', '/fhir/Observation/x').set('Accept', json)
    expect(inJson.text).toContain('"value":13.50')
    expect(inJson.headers['vary']).toContain('Accept')
    const inXml = await send('get', '/fhir/Observation/x?_format=xml').set('Accept', json)
    expect(inXml.text).toBe(created.text)
  })

  it('has a transaction answered entry by entry, and a search as a searchset', async () => {
    const entry = (index: number) =>
      `<entry><resource>${observation(`t${index}`).replace(' xmlns="http://hl7.org/fhir"', '')}</resource>` +
      `<request><method value="PUT"/><url value="Observation/t${index}"/></request></entry>`
    const bundle = `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/>${entry(1)}${entry(2)}</Bundle>`
    const answer = await send('post', '/fhir').type('text/xml').set('Accept', 'application/xml').send(bundle)
    expect([answer.status, answer.text.match(/<status value="201/g)?.length]).toEqual([200, 2])
    const found = await send('post', '/fhir/Observation/_search').type('form').send('_id=t1,t2&_format=xml')
    expect([found.status, found.type]).toEqual([200, xml])
    expect(found.text.match(/<resource><Observation>/g)).toHaveLength(2)
    expect(parseXml(found.text)).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 2 })
  })

  it('is what a research base speaks too, of what is released', async () => {
    const base = await grantPermit(
      server,
      ['Patient?gender=female'],
      [{ type: 'Patient' }, { type: 'Observation' }],
    )
    const research = await server.token('system/*.rs', base)
    const ask = (format: string) =>
      supertest(server.url)
        .get(`${base}/Observation?_format=${format}`)
        .set('Authorization', `Bearer ${research}`)
    const [inXml, inJson] = [await ask('xml'), await ask('json')]
    expect([inXml.status, inXml.type]).toEqual([200, xml])
    const { entry } = inJson.body as { entry: { resource: { id: string } }[] }
    expect(entry).toHaveLength(3)
    for (const { resource } of entry) expect(inXml.text).toContain(`<id value="${resource.id}"/>`)
    expect(inXml.text).not.toContain('Patient/x')
  })

  it('is the format of errors to whoever asks for it, and JSON to everybody else', async () => {
    const unknown = await send('get', '/fhir/Patient/none').set('Accept', xml)
    expect([unknown.status, unknown.type]).toEqual([404, xml])
    expect(unknown.text).toContain(
      '<OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"/>',
    )
    const noToken = await supertest(server.url).get('/fhir/Patient?_format=xml')
    expect([noToken.status, noToken.type]).toEqual([401, xml])
    const badUrl = await send('get', '/fhir/Patient/%zz?_format=xml')
    expect([badUrl.status, badUrl.type]).toEqual([400, xml])
    const turtle = await send('get', '/fhir/Patient/x').set('Accept', 'text/turtle')
    expect([turtle.status, turtle.type]).toEqual([406, json])
  })

  it('of the CapabilityStatement is there, laid out for people with _pretty', async () => {
    const answer = await supertest(server.url).get('/fhir/metadata?_format=xml&_pretty=true')
    expect([answer.status, answer.type]).toEqual([200, xml])
    expect(answer.text).toContain(
      '\n  <fhirVersion value="4.0.1"/>\n  <format value="application/fhir+json"/>',
    )
  })

  it.each([
    ['a document type', `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>${patient('e')}`, xml, 400],
    ['JSON that is said to be XML', '{"resourceType":"Patient"}', xml, 400],
    ['XML that is said to be JSON', patient('e'), json, 400],
    ['an unknown element', patient('e').replace('gender', 'sex'), xml, 400],
    ['a value that is none of its type', patient('e').replace('female', 'f'), xml, 422],
    ['what is not UTF-8', Buffer.from(patient('e').replace('female', 'f\xe9'), 'latin1'), xml, 400],
    ['another character set', patient('e'), `${xml}; charset=latin1`, 415],
    ['text', 'x', 'text/plain', 415],
    ['a type that is a property of every object', 'x', 'constructor', 415],
  ])('that is %s is refused', async (_, body, type, status) => {
    const answer = await send('put', '/fhir/Patient/e').type(type).send(body)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining('OperationOutcome')])
  })
})
