import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  fetchKeys,
  KeySets,
  maxAgeSeconds,
  refetchSeconds,
  selectKey,
} from '../../src/auth/clients/key-sets.ts'
import { clientKey, type ClientKey } from './authorization-app.ts'

/** The key server of some other hospital: what it answers, and how often it was asked. */
let server: Server
let url: string
let asked = 0
let answer: (request: IncomingMessage, response: ServerResponse) => void
let one: ClientKey
let two: ClientKey

beforeAll(async () => {
  ;[one, two] = await Promise.all([clientKey('ES384', 'one'), clientKey('RS384', 'two')])
  server = createServer((request, response) => {
    asked++
    answer(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
})

afterAll(() => {
  server.closeAllConnections()
  return new Promise((closed) => server.close(closed))
})

beforeEach(() => {
  asked = 0
  answer = keys([one], 'max-age=60')
})

function keys(shown: readonly ClientKey[], cacheControl: string) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('Cache-Control', cacheControl)
    response.end(JSON.stringify({ keys: shown.map((key) => key.publicJwk) }))
  }
}

const hint = (key: ClientKey) => ({ kid: key.kid, alg: key.alg })
const now = 1_700_000_000_000

describe('A64 keys by URL', () => {
  it('are kept as long as Cache-Control says, and no longer', async () => {
    const sets = new KeySets()
    for (const seconds of [0, 1, 59]) await sets.find(url, hint(one), now + seconds * 1000)
    expect(asked).toBe(1)
    expect(await sets.find(url, hint(one), now + 60_000)).toMatchObject({ kid: 'one' })
    expect(asked).toBe(2)
  })

  it('are fetched once when many ask at once', async () => {
    const sets = new KeySets()
    const found = await Promise.all(Array.from({ length: 8 }, () => sets.find(url, hint(one), now)))
    expect(found.every((key) => key?.kid === 'one')).toBe(true)
    expect(asked).toBe(1)
  })

  it('are fetched once more for an unknown kid, so that a new key works before the old set runs out', async () => {
    const sets = new KeySets()
    await sets.find(url, hint(one), now)
    answer = keys([two], 'max-age=60')
    expect(await sets.find(url, hint(two), now + refetchSeconds * 1000)).toMatchObject({ kid: 'two' })
    expect(asked).toBe(2)
  })

  it('are not fetched again and again for kids that someone makes up', async () => {
    const sets = new KeySets()
    await sets.find(url, hint(one), now)
    for (let n = 0; n < 20; n++) {
      expect(await sets.find(url, { kid: `made-up-${n}`, alg: 'ES384' }, now + n * 1000)).toBeUndefined()
    }
    expect(asked).toBe(2)
  })

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['an error', (_, response) => response.writeHead(500).end()],
    ['a redirect', (_, response) => response.writeHead(302, { Location: '/elsewhere' }).end()],
    ['no JSON', (_, response) => response.end('<html>')],
    ['no key set', (_, response) => response.end('[]')],
    ['a megabyte', (_, response) => response.end(`{"keys":[],"x":"${'x'.repeat(1_000_000)}"}`)],
    ['nothing', (_, response) => response.destroy()],
  ])('are none when the answer is %s', async (_, bad) => {
    answer = bad
    expect(await new KeySets().find(url, hint(one), now)).toBeUndefined()
    expect(asked).toBe(1)
  })

  it('are not waited for longer than the time-out, be it before the answer or within it', async () => {
    const begins = [undefined, '{"keys":[']
    for (const begin of begins) {
      answer = (_, response) => void (begin === undefined || response.write(begin))
      await expect(fetchKeys(url, now, 50)).rejects.toThrow(/timeout/i)
    }
  })

  it('are not used past their time when the server is gone', async () => {
    const sets = new KeySets()
    await sets.find(url, hint(one), now)
    answer = (_, response) => response.writeHead(503).end()
    expect(await sets.find(url, hint(one), now + 60_000)).toBeUndefined()
  })
})

describe('A63 the key of an assertion', () => {
  const set = () => [one.publicJwk, two.publicJwk]

  it('is the one with its kid and the type of its algorithm', () => {
    expect(selectKey(set(), { kid: 'two', alg: 'RS384' })).toEqual(two.publicJwk)
    expect(selectKey(set(), { kid: 'two', alg: 'ES384' })).toBeUndefined()
    expect(selectKey(set(), { alg: 'ES384' })).toBeUndefined()
  })

  it('is none when two fit', () => {
    expect(selectKey([...set(), one.publicJwk], { kid: 'one', alg: 'ES384' })).toBeUndefined()
  })

  it('is none when the key is for another use or algorithm, or private', () => {
    for (const change of [{ use: 'enc' }, { alg: 'ES256' }, { d: 'AA' }]) {
      expect(selectKey([{ ...one.publicJwk, ...change }], { kid: 'one', alg: 'ES384' })).toBeUndefined()
    }
  })
})

it.each([
  [null, 300],
  ['max-age=10', 10],
  ['public, max-age="20"', 20],
  ['no-cache', 0],
  ['no-store, max-age=60', 0],
  ['max-age=99999999', 86_400],
])('A64 reads Cache-Control: %s as %d seconds', (header, seconds) => {
  expect(maxAgeSeconds(header)).toBe(seconds)
})
