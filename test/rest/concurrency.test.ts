import supertest, { type Test } from 'supertest'
import { fhirType, startServer, type TestServer } from '../support/server.ts'

/** Two servers on one database, and a client that goes from one to the other. */
let servers: TestServer[]
let token: string

beforeAll(async () => {
  const first = await startServer()
  const { keyringFile: COFFRE_KEYRING, COFFRE_CLIENTS_FILE } = first.settings
  const shared = {
    DATABASE_URL: first.databaseUrl,
    COFFRE_PUBLIC_URL: first.url,
    COFFRE_KEYRING,
    COFFRE_CLIENTS_FILE,
  }
  servers = [first, await startServer(shared)]
  token = await first.token()
})

afterAll(async () => {
  for (const server of servers.toReversed()) await server.close()
})

const clients = Array.from({ length: 16 }, (_, n) => n)
let turn = 0

function send(method: 'get' | 'post' | 'put' | 'patch', path: string, body?: object): Test {
  const { url = '' } = servers[turn++ % servers.length] ?? {}
  const test = supertest(url)[method](`/fhir${path}`).set('Authorization', `Bearer ${token}`).type(fhirType)
  return body === undefined ? test : test.send(body)
}

const transaction = (...entry: object[]) =>
  send('post', '', { resourceType: 'Bundle', type: 'transaction', entry })
const basic = (more: object) => ({ resourceType: 'Basic', code: { text: 'x' }, ...more })

async function count(query: string): Promise<number> {
  return ((await send('get', `/${query}&_summary=count`)).body as { total: number }).total
}

describe('16 clients, two servers, one database', () => {
  const identified = (value: string) => basic({ identifier: [{ system: 'urn:race', value }] })

  it('of conditional creates of the same identifier, one creates and the others find it', async () => {
    const answers = await Promise.all(
      clients.map(() =>
        send('post', '/Basic', identified('1')).set('If-None-Exist', 'identifier=urn:race|1'),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(15).fill(200), 201])
    expect(new Set(answers.map(({ body }) => (body as { id: string }).id)).size).toBe(1)
  })

  it('of creates whose criteria ask for the same in other words, one creates', async () => {
    const criteria = [
      'identifier=urn:race|2',
      'identifier=urn%3Arace%7C2&_sort=_id',
      'identifier=2',
      'identifier=urn:race|none,urn:race|2&_count=1',
      'code:missing=false&identifier=urn:race|2',
    ]
    const answers = await Promise.all(
      clients.map((n) => send('post', '/Basic', identified('2')).set('If-None-Exist', criteria[n % 5] ?? '')),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(15).fill(200), 201])
    expect(await count('Basic?identifier=urn:race|2')).toBe(1)
  })

  it('of a name that is sealed, one is created', async () => {
    const patient = {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:ipp', value: '7' }],
      name: [{ family: 'Le Goff' }],
    }
    await Promise.all(
      clients.map(() =>
        send('post', '/Patient', patient).set('If-None-Exist', 'identifier=urn:ipp|7&family=le goff'),
      ),
    )
    expect(await count('Patient?identifier=urn:ipp|7')).toBe(1)
  })

  it('of transactions with the same conditional create, one creates', async () => {
    const entry = {
      resource: identified('3'),
      request: { method: 'POST', url: 'Basic', ifNoneExist: 'identifier=urn:race|3' },
    }
    const answers = await Promise.all(clients.map(() => transaction(entry)))
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200))
    expect(await count('Basic?identifier=urn:race|3')).toBe(1)
  })

  it('of conditional updates that nothing meets, one creates', async () => {
    const answers = await Promise.all(
      clients.map((n) =>
        send('put', '/Basic?identifier=urn:race|4', { ...identified('4'), language: `x-${n}` }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(15).fill(200), 201])
    expect(await count('Basic?identifier=urn:race|4')).toBe(1)
  })

  it('of updates with the same If-Match, one is written', async () => {
    const counter = basic({ id: 'counter' })
    await send('put', '/Basic/counter', counter)
    const answers = await Promise.all(
      clients.map((n) =>
        send('put', '/Basic/counter', { ...counter, language: `x-${n}` }).set('If-Match', 'W/"1"'),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(15).fill(412)])
  })

  describe('that transfer between resources in transactions', () => {
    const accounts = ['a', 'b', 'c', 'd']
    const account = (id: string, value: number) => ({
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { text: 'balance' },
      valueQuantity: { value },
    })
    type Account = ReturnType<typeof account> & { meta: { versionId: string } }

    const read = async (id: string) => (await send('get', `/Observation/${id}`)).body as Account
    const sum = async () =>
      (await Promise.all(accounts.map(read))).reduce((total, one) => total + one.valueQuantity.value, 0)

    /** Moves 1 from one to another: read both, write both under the versions read, again when one was stale. */
    async function transfer(
      from: string,
      to: string,
      entry: (read: Account, value: number) => object,
    ): Promise<number> {
      for (let attempt = 1; ; attempt++) {
        const [source, target] = [await read(from), await read(to)]
        const answer = await transaction(
          entry(source, source.valueQuantity.value - 1),
          entry(target, target.valueQuantity.value + 1),
        )
        if (answer.status === 200) return attempt
        expect(answer.status).toBe(412)
      }
    }

    const put = ({ id, meta }: Account, value: number) => ({
      resource: account(id, value),
      request: { method: 'PUT', url: `Observation/${id}`, ifMatch: `W/"${meta.versionId}"` },
    })
    const patch = ({ id, valueQuantity }: Account, value: number) => {
      const operations = [
        { op: 'test', path: '/valueQuantity/value', value: valueQuantity.value },
        { op: 'replace', path: '/valueQuantity/value', value },
      ]
      const data = Buffer.from(JSON.stringify(operations)).toString('base64')
      return {
        resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data },
        request: { method: 'PATCH', url: `Observation/${id}` },
      }
    }

    it('conserve the sum, by PUT with ifMatch', async () => {
      for (const id of accounts) await send('put', `/Observation/${id}`, account(id, 100))
      const attempts = await Promise.all(
        clients.map((n) => transfer(accounts[n % 4] ?? '', accounts[(n + 1 + (n % 3)) % 4] ?? '', put)),
      )
      expect(attempts).toHaveLength(16)
      expect(await sum()).toBe(400)
    })

    it('conserve the sum, by PATCH with a test of what was read', async () => {
      for (const id of accounts) await send('put', `/Observation/${id}`, account(id, 100))
      const done = await Promise.all(
        clients.map(async (n) => {
          const [source, target] = [
            await read(accounts[n % 4] ?? ''),
            await read(accounts[(n + 1) % 4] ?? ''),
          ]
          const answer = await transaction(
            patch(source, source.valueQuantity.value - 1),
            patch(target, target.valueQuantity.value + 1),
          )
          return answer.status
        }),
      )
      expect(new Set(done)).toEqual(new Set([200, 422]))
      expect(await sum()).toBe(400)
    })

    it('wait for each other in no circle, whatever the order of their entries', async () => {
      const answers = await Promise.all(
        clients.map((n) => {
          const entries = accounts.map((id) => ({
            resource: account(id, n),
            request: { method: 'PUT', url: `Observation/${id}` },
          }))
          return transaction(...(n % 2 === 0 ? entries : entries.toReversed()))
        }),
      )
      expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(200))
      expect(
        new Set((await Promise.all(accounts.map(read))).map(({ valueQuantity }) => valueQuantity.value)).size,
      ).toBe(1)
    })
  })
})
