import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bundle, OperationOutcome, Parameters, Subscription } from 'fhir/r4.js'
import { freshDatabase } from '../support/database.ts'
import { cleanerId, startServer, type Client, type TestServer } from '../support/server.ts'

interface Call {
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

/** An endpoint as a hospital's software has one. */
class Receiver {
  readonly calls: Call[] = []
  failing = 0
  private readonly server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      this.calls.push({ body, headers: request.headers })
      response.writeHead(this.failing-- > 0 ? 503 : 204).end()
    })
  })

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, 'localhost', resolve))
    return `http://localhost:${(this.server.address() as AddressInfo).port}/`
  }

  async next(count: number): Promise<Call[]> {
    for (let tries = 0; this.calls.length < count && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return this.calls
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/'
let receiver: Receiver
let endpoint: string
let server: TestServer
let client: Client

beforeAll(async () => {
  receiver = new Receiver()
  endpoint = await receiver.listen()
  server = await startServer({ COFFRE_SUBSCRIPTION_ENDPOINTS: endpoint })
  client = await server.client()
})
afterAll(async () => {
  await server.close()
  receiver.close()
})
beforeEach(() => {
  receiver.calls.length = 0
  receiver.failing = 0
})

const byTopic = (filter: string, given: object = {}): object => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'a test',
  criteria: `${server.url}/fhir/SubscriptionTopic/Observation`,
  _criteria: { extension: [{ url: `${backport}backport-filter-criteria`, valueString: filter }] },
  channel: {
    type: 'rest-hook',
    endpoint: `${endpoint}hook`,
    payload: 'application/fhir+json',
    _payload: { extension: [{ url: `${backport}backport-payload-content`, valueCode: 'id-only' }] },
    header: ['Authorization: Bearer of-the-receiver'],
    ...given,
  },
})
const inR4 = (criteria: string, channel: object = {}): object => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'a test',
  criteria,
  channel: { type: 'rest-hook', endpoint: `${endpoint}hook`, ...channel },
})
const observation = (code: string): object => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }], text: 'Glycémie de Zéphyrine' },
})

async function create(body: object): Promise<string> {
  const { status, body: created } = await client.post(`/fhir/${(body as Subscription).resourceType}`, body)
  expect(status).toBe(201)
  return (created as { id: string }).id
}

async function statusOf(id: string, wanted: string): Promise<string> {
  let found = ''
  for (let tries = 0; found !== wanted && tries < 100; tries++) {
    found = ((await client.get(`/fhir/Subscription/${id}`)).body as Subscription).status
    if (found !== wanted) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return found
}

function parameter(call: Call | undefined, name: string): Parameters['parameter'] {
  const bundle = JSON.parse(call?.body ?? '{}') as Bundle
  const status = bundle.entry?.[0]?.resource as Parameters
  return status.parameter?.filter((one) => one.name === name)
}

describe('a Subscription to a topic, with id-only payload', () => {
  it('is shaken hands with, and told of what meets its filter, by id and nothing else', async () => {
    const id = await create(byTopic('Observation?code=http://loinc.org|2339-0'))
    expect(await statusOf(id, 'active')).toBe('active')
    await create(observation('718-7'))
    const met = await create(observation('2339-0'))
    const [handshake, told, ...more] = await receiver.next(2)

    expect(parameter(handshake, 'type')).toEqual([{ name: 'type', valueCode: 'handshake' }])
    expect(handshake?.headers).toMatchObject({
      authorization: 'Bearer of-the-receiver',
      'content-type': 'application/fhir+json',
    })
    expect(parameter(told, 'type')).toEqual([{ name: 'type', valueCode: 'event-notification' }])
    expect(
      parameter(told, 'notification-event')?.[0]?.part?.map(({ name, ...value }) => [name, value]),
    ).toEqual([
      ['event-number', { valueString: '1' }],
      ['timestamp', { valueInstant: expect.stringMatching(/Z$/) as string }],
      ['focus', { valueReference: { reference: `${server.url}/fhir/Observation/${met}` } }],
    ])
    const { entry } = JSON.parse(told?.body ?? '{}') as Bundle
    expect(entry?.slice(1)).toEqual([
      {
        fullUrl: `${server.url}/fhir/Observation/${met}`,
        request: { method: 'POST', url: 'Observation' },
        response: { status: '201' },
      },
    ])
    expect(told?.body).not.toMatch(/Glyc|"2339-0"/)
    expect(more).toEqual([])
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
  })

  it('is told again what its endpoint did not take, under the same number', async () => {
    const id = await create(byTopic('code=4548-4'))
    expect(await statusOf(id, 'active')).toBe('active')
    receiver.calls.length = 0
    receiver.failing = 1
    await create(observation('4548-4'))
    const numbers = (await receiver.next(2)).map(
      (call) => parameter(call, 'notification-event')?.[0]?.part?.[0],
    )
    expect(numbers).toEqual([
      { name: 'event-number', valueString: '1' },
      { name: 'event-number', valueString: '1' },
    ])
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
  })

  it('is not told of what its writer may read no longer when the call is made', async () => {
    const narrow = await server.client('system/Subscription.cruds system/Observation.rs?status=final')
    const { body } = await narrow.post('/fhir/Subscription', byTopic('code=2160-0')).expect(201)
    const { id } = body as { id: string }
    expect(await statusOf(id, 'active')).toBe('active')
    receiver.calls.length = 0
    receiver.failing = 1
    const lost = await create(observation('2160-0'))
    await receiver.next(1)
    const amended = { ...observation('2160-0'), id: lost, status: 'amended' }
    await client.put(`/fhir/Observation/${lost}`, amended).expect(200)
    const kept = await create(observation('2160-0'))
    const told = (await receiver.next(2)).slice(1).map((call) => parameter(call, 'notification-event'))
    expect(JSON.stringify(told)).toContain(`Observation/${kept}`)
    expect(JSON.stringify(told)).not.toContain(`Observation/${lost}`)
    const { body: events } = await narrow.get(`/fhir/Subscription/${id}/$events`).expect(200)
    expect(JSON.stringify(events)).not.toContain(`Observation/${lost}`)
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
  })

  it('says nothing of how often it was told to another caller whose scopes reach less', async () => {
    const id = await create(byTopic('code=3016-3'))
    const other = await server.client(
      'system/Subscription.rs system/Observation.rs?status=final',
      '/fhir',
      cleanerId,
    )
    await other.get(`/fhir/Subscription/${id}`).expect(200)
    await other.get(`/fhir/Subscription/${id}/$status`).expect(403)
    await other.get(`/fhir/Subscription/${id}/$events`).expect(403)
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
  })

  it('says by $status and $events where it stands', async () => {
    const id = await create(byTopic('code=8480-6'))
    expect(await statusOf(id, 'active')).toBe('active')
    const met = await create(observation('8480-6'))
    await receiver.next(2)
    const { body: standing } = await client.get(`/fhir/Subscription/${id}/$status`).expect(200)
    const status = (standing as Bundle).entry?.[0]?.resource as Parameters
    expect(status.parameter).toContainEqual({ name: 'events-since-subscription-start', valueString: '1' })
    const { body: told } = await client
      .get(`/fhir/Subscription/${id}/$events?eventsSinceNumber=1`)
      .expect(200)
    expect((told as Bundle).entry?.[1]?.fullUrl).toBe(`${server.url}/fhir/Observation/${met}`)
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
    await client.get(`/fhir/Subscription/${id}/$status`).expect(410)
  })

  it('is called though nothing happened, as often as its heartbeat period says', async () => {
    const period = { url: `${backport}backport-heartbeat-period`, valueUnsignedInt: 1 }
    const id = await create(byTopic('code=3141-9', { extension: [period] }))
    const types = (await receiver.next(2)).map((call) => parameter(call, 'type')?.[0]?.valueCode)
    expect(types.slice(0, 2)).toEqual(['handshake', 'heartbeat'])
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
  })
})

describe('a Subscription in R4’s own form', () => {
  it('is called without a body when a resource meets its criteria, and no more once it is deleted', async () => {
    const id = await create(inR4('Observation?code=29463-7'))
    expect(await statusOf(id, 'active')).toBe('active')
    receiver.calls.length = 0
    await create(observation('29463-7'))
    expect((await receiver.next(1)).map(({ body }) => body)).toEqual([''])
    await client.delete(`/fhir/Subscription/${id}`).expect(204)
    await create(observation('29463-7'))
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(receiver.calls).toHaveLength(1)
  })
})

describe('a Subscription that is not served', () => {
  it.each([
    [
      'an endpoint that the hospital did not list',
      () => inR4('Observation', { endpoint: 'https://evil.example/' }),
    ],
    [
      'an endpoint that only begins like one of its own',
      () => inR4('Observation', { endpoint: endpoint.replace('localhost', 'localhost@evil.example') }),
    ],
    ['a payload of whole resources', () => inR4('Observation', { payload: 'application/fhir+json' })],
    ['another channel', () => inR4('Observation', { type: 'email' })],
    ['criteria that look beyond the resource', () => inR4('Observation?subject:Patient.gender=male')],
    ['criteria that are no search', () => inR4('Observation?colour=red')],
    ['a type that is none', () => inR4('Secret?code=1')],
    ['a topic of another server', () => ({ ...byTopic('code=1'), criteria: 'https://other.example/topic' })],
    ['a header that the transport sets', () => inR4('Observation', { header: ['Host: evil.example'] })],
  ])('is refused with 422: %s', async (_, body) => {
    const { status, body: outcome } = await client.post('/fhir/Subscription', body())
    expect([status, (outcome as OperationOutcome).issue[0]?.code]).toEqual([422, 'business-rule'])
  })

  it('is refused with 403 to who may not read what it watches', async () => {
    const narrow = await server.client('system/Subscription.cruds system/Patient.rs')
    await narrow.post('/fhir/Subscription', inR4('Observation?code=1')).expect(403)
  })

  it('turns to off at its end', async () => {
    const id = await create({ ...inR4('Observation?code=1'), end: '2020-01-01T00:00:00Z' })
    expect(await statusOf(id, 'off')).toBe('off')
    expect(receiver.calls).toEqual([])
  })

  it('turns to off when its writer says so', async () => {
    const id = await create(inR4('Observation?code=1'))
    expect(await statusOf(id, 'active')).toBe('active')
    const { body } = await client.get(`/fhir/Subscription/${id}`)
    await client.put(`/fhir/Subscription/${id}`, { ...(body as Subscription), status: 'off' }).expect(200)
    receiver.calls.length = 0
    await create(observation('1'))
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(receiver.calls).toHaveLength(0)
  })
})

describe('a change', () => {
  it('is told by a process that comes later when none was there to tell it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffre-keyring-'))
    const database = await freshDatabase()
    const settings = {
      DATABASE_URL: database.url,
      COFFRE_KEYRING: join(folder, 'keyring.json'),
      COFFRE_SUBSCRIPTION_ENDPOINTS: endpoint,
    }
    const silent = await startServer({ ...settings, COFFRE_WORKERS: 0 })
    const writer = await silent.client()
    await writer.post('/fhir/Subscription', inR4('Observation?code=85354-9')).expect(201)
    await writer.post('/fhir/Observation', observation('85354-9')).expect(201)
    await silent.close()
    expect(receiver.calls).toEqual([])
    const speaking = await startServer(settings)
    const calls = await receiver.next(2)
    await speaking.close()
    await database.drop()
    rmSync(folder, { recursive: true })
    // the handshake of R4's own form is a call like any other
    expect(calls).toHaveLength(2)
  })
})
