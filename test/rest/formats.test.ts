import { get, type IncomingHttpHeaders } from 'node:http'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import supertest from 'supertest'
import { parseXml } from '../../src/fhir/xml/xml-parse.ts'
import { grantPermit, withPeople } from '../support/permit.ts'
import { cleanerId, startServer, testClientId, type TestServer } from '../support/server.ts'

let server: TestServer
let token: string

const xml = 'application/fhir+xml'
const json = 'application/fhir+json'

beforeAll(async () => {
  server = await startServer(withPeople())
  token = await server.token()
  await send('put', '/fhir/Patient/x').type(xml).send(patient('x'))
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

  it('stays the format of the pages that follow, when _format asks for it', async () => {
    const first = await send('get', '/fhir/Observation?_count=1&_format=application/fhir%2Bxml')
    const next =
      /<relation value="next"\/><url value="([^"]+)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const second = await send('get', next.replace(server.url, ''))
    expect([second.status, second.type]).toEqual([200, xml])
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

describe('Compression', () => {
  /** supertest unpacks by itself: here the bytes count */
  const raw = async (path: string, headers: Record<string, string>) => {
    const answer = await new Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }>((resolve, reject) => {
      get(server.url + path, { headers: { Authorization: `Bearer ${token}`, ...headers } }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ headers: response.headers, bytes: Buffer.concat(chunks) }))
      }).on('error', reject)
    })
    return { ...answer, coding: answer.headers['content-encoding'] }
  }

  it('is by brotli or gzip, as the caller takes it', async () => {
    const plain = await raw('/fhir/metadata', {})
    expect(plain.coding).toBeUndefined()
    const brotli = await raw('/fhir/metadata', { 'Accept-Encoding': 'gzip, br' })
    expect([brotli.coding, brotliDecompressSync(brotli.bytes).equals(plain.bytes)]).toEqual(['br', true])
    expect(brotli.bytes.length * 10).toBeLessThan(plain.bytes.length)
    const gzip = await raw('/fhir/metadata', { 'Accept-Encoding': 'gzip' })
    expect([gzip.coding, gunzipSync(gzip.bytes).equals(plain.bytes)]).toEqual(['gzip', true])
    expect(gzip.headers['vary']?.toLowerCase()).toContain('accept-encoding')
  })

  it('leaves the ETag, which is the version, and what is short', async () => {
    const short = await raw('/fhir/Patient/x', { 'Accept-Encoding': 'br' })
    expect([short.coding, short.headers['etag']]).toEqual([undefined, 'W/"1"'])
  })

  it('is off where a browser sends its credentials by itself', async () => {
    const answer = await raw('/governance/openapi.json', { 'Accept-Encoding': 'br, gzip' })
    expect([answer.coding, answer.bytes.length > 1024]).toEqual([undefined, true])
  })

  it('of a body by gzip is taken, and by nothing else', async () => {
    const put = (coding: string, body: Buffer) =>
      send('put', '/fhir/Patient/z').type(xml).set('Content-Encoding', coding).send(body)
    expect((await put('gzip', gzipSync(patient('z')))).status).toBe(201)
    expect((await put('gzip', Buffer.from(patient('z')))).status).toBe(400)
    expect((await put('gzip', gzipSync(patient('z')).subarray(0, 40))).status).toBe(400)
    const other = await put('compress', gzipSync(patient('z')))
    expect([other.status, other.headers['accept-encoding']]).toEqual([415, 'gzip'])
  })

  it('bomb ends at the limit of bodies, and is not unpacked any further', async () => {
    // 4 GB: members of gzip may follow one another
    const megabyte = gzipSync(Buffer.alloc(1024 * 1024, ' '))
    const bomb = Buffer.concat(Array.from({ length: 4_000 }, () => megabyte))
    const answer = await send('put', '/fhir/Patient/z').type(xml).set('Content-Encoding', 'gzip').send(bomb)
    expect(answer.status).toBe(413)
    // unpacking is the work of another thread, which would go on now: one moment without any says it does not
    const moments = []
    for (let moment = 0; moment < 8; moment++) moments.push(await busyMilliseconds(200))
    expect(Math.min(...moments)).toBeLessThan(50)
  })
})

async function busyMilliseconds(duration: number): Promise<number> {
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, duration))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('CORS', () => {
  const ours = 'https://app.example'
  beforeAll(async () => {
    expect(allowed(await preflight('/fhir', ours))).toBeUndefined()
    const database = new pg.Client(server.databaseUrl)
    await database.connect()
    await database.query('UPDATE auth.client SET metadata = metadata || $1 WHERE client_id = $2', [
      JSON.stringify({ allowed_origins: [ours] }),
      testClientId,
    ])
    await database.query('UPDATE auth.client SET metadata = metadata || $1 WHERE client_id = $2', [
      JSON.stringify({ redirect_uris: ['https://spa.example/back'], token_endpoint_auth_method: 'none' }),
      cleanerId,
    ])
    await database.end()
    // a change counts within seconds, without a restart
    for (let tries = 0; tries < 30 && allowed(await preflight('/fhir', ours)) === undefined; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })

  const preflight = (path: string, origin: string) =>
    supertest(server.url)
      .options(path)
      .set({ Origin: origin, 'Access-Control-Request-Method': 'PUT' })
      .set('Access-Control-Request-Headers', 'authorization,content-type,if-match,prefer')
  const allowed = ({ headers }: { headers: Record<string, string> }) => headers['access-control-allow-origin']

  it.each(['/fhir/Patient/x', '/fhir', '/auth/token'])(
    'A9: lets the pages of a client use %s',
    async (path) => {
      const answer = await preflight(path, ours)
      expect([answer.status, allowed(answer)]).toEqual([204, ours])
      expect(answer.headers['access-control-allow-methods']).toContain('PUT')
      const headers = answer.headers['access-control-allow-headers']
      for (const name of ['Authorization', 'Content-Type', 'Prefer', 'If-Match'])
        expect(headers).toContain(name)
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    },
  )

  it('A9: lets the page of a public client use them from where it is sent back to', async () => {
    for (const path of ['/fhir/Patient/x', '/auth/token']) {
      expect(allowed(await preflight(path, 'https://spa.example'))).toBe('https://spa.example')
    }
  })

  it('A9: shows them the headers that the interactions answer with, also beside an error', async () => {
    for (const path of ['/fhir/Patient/x', '/fhir/Patient/none']) {
      const answer = await send('get', path).set('Origin', ours)
      expect([allowed(answer), answer.headers['vary']]).toEqual([ours, expect.stringContaining('Origin')])
      const exposed = answer.headers['access-control-expose-headers']
      for (const name of ['Location', 'Content-Location', 'ETag', 'X-Progress', 'Retry-After']) {
        expect(exposed).toContain(name)
      }
    }
  })

  it('A9: lets nobody else', async () => {
    for (const origin of [
      'https://other.example',
      'null',
      'https://app.example.evil.example',
      'http://app.example',
    ]) {
      for (const path of ['/fhir/Patient/x', '/auth/token', '/governance/requests']) {
        expect([origin, path, allowed(await preflight(path, origin))]).toEqual([origin, path, undefined])
      }
      expect(allowed(await send('get', '/fhir/Patient/x').set('Origin', origin))).toBeUndefined()
    }
    expect(allowed(await preflight('/governance/requests', ours))).toBeUndefined()
  })

  it('A9: answers a page at the token endpoint when it is the page of that very client', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = {
      iss: testClientId,
      sub: testClientId,
      jti: 'a',
      aud: `${server.url}/auth/token`,
      exp: 2e9,
    }
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${part({ alg: 'ES384', kid: 'test-key' })}.${part(claims)}.${'A'.repeat(128)}`,
    }
    const ask = (origin: string) =>
      supertest(server.url).post('/auth/token').set('Origin', origin).type('form').send(form)
    const [mine, other] = [await ask(ours), await ask('https://other.example')]
    expect([mine.status, allowed(mine)]).toEqual([401, ours]) // it may read that the signature is wrong
    expect([other.status, allowed(other)]).toEqual([400, undefined])
  })

  it('A8: lets any page read discovery, the CapabilityStatement and the OpenAPI document', async () => {
    for (const path of ['/fhir/metadata', '/fhir/openapi.json', '/fhir/.well-known/smart-configuration']) {
      const answer = await supertest(server.url).get(path).set('Origin', 'https://other.example')
      expect([path, answer.status, allowed(answer)]).toEqual([path, 200, '*'])
    }
  })
})

describe('Methods', () => {
  it('HEAD answers as GET does, without the body', async () => {
    for (const path of [
      '/fhir/metadata',
      '/fhir/Patient/x',
      '/fhir/Patient?_format=xml',
      '/fhir/Patient/none',
    ]) {
      const [get, head] = [await send('get', path), await send('head', path)]
      expect([path, head.status, head.type, head.headers['etag']]).toEqual([
        ...[path, get.status, get.type, get.headers['etag']],
      ])
      expect(head.text ?? '').toBe('')
    }
  })

  it('OPTIONS names what can be done at a path, without a token', async () => {
    const allow = async (path: string) => (await supertest(server.url).options(path)).headers['allow']
    expect(await allow('/fhir/Patient/x')).toBe('DELETE, GET, HEAD, PATCH, PUT')
    expect(await allow('/fhir/Patient/_search')).toBe('POST')
    expect((await supertest(server.url).options('/fhir/Nonsense')).status).toBe(404)
  })
})
