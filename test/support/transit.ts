import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { open, seal } from '../../src/identity/aes.ts'

/**
 * The Transit engine of OpenBao 2.7 as its API documentation has it and as it was seen to answer, as far
 * as a server of ours may use it: one AES key with versions that really encrypts, a token, batches. It is
 * strict: what the engine would refuse is refused, and so is what we have no reason to send.
 */
export class Transit {
  static readonly token = 'hvs.test-token'
  /** `http://127.0.0.1:{port}/v1/transit/keys/coffre` */
  readonly url: string
  isSealed = false
  /** so many requests are answered by 500 */
  failures = 0
  /** `operation` of each request that was let in */
  readonly asked: string[] = []
  readonly namespaces = new Set<string | undefined>()
  private readonly server: Server
  private readonly versions = new Map<number, Buffer>([[1, randomBytes(32)]])
  private oldest = 1

  private constructor(server: Server) {
    this.server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/transit/keys/coffre`
  }

  static async start(): Promise<Transit> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const transit = new Transit(server)
    server.on('request', (request, response) => {
      void bodyOf(request).then((body) => {
        const { status, answer } = transit.answer(request, body)
        response.writeHead(status, { 'Content-Type': 'application/json' })
        response.end(answer === undefined ? undefined : JSON.stringify(answer))
      })
    })
    return transit
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private answer({ headers, method, url = '' }: IncomingMessage, body: string): Answered {
    if (this.isSealed) return { status: 503, answer: { errors: ['Vault is sealed'] } }
    if (this.failures > 0) return { status: 500, answer: { errors: ['internal error'], n: this.failures-- } }
    if (headers['x-vault-token'] !== Transit.token || headers['x-vault-request'] !== 'true') {
      return { status: 403, answer: { errors: ['permission denied'] } }
    }
    this.namespaces.add(headers['x-vault-namespace'] as string | undefined)
    const [, operation = '', part = ''] = /^\/v1\/transit\/(\w+)\/coffre(?:\/(\w+))?$/.exec(url) ?? []
    this.asked.push(part || operation)
    if (operation === 'keys' && part === '' && method === 'GET')
      return { status: 200, answer: this.described() }
    if (method !== 'POST') return { status: 404, answer: { errors: [] } }
    const given = JSON.parse(body) as Record<string, unknown>
    if (stringsOf(given) > mostStrings) return { status: 400, answer: { errors: [tooComplex] } }
    switch (`${operation}/${part}`) {
      case 'keys/rotate':
        this.versions.set(this.latest + 1, randomBytes(32))
        return { status: 200, answer: this.described() }
      case 'keys/config':
        this.oldest = Number(given.min_decryption_version)
        return { status: 200, answer: this.described() }
      case 'encrypt/':
        return batch(given, ['plaintext', 'associated_data', 'key_version'], (entry) => this.encrypt(entry))
      case 'decrypt/':
        return batch(given, ['ciphertext', 'associated_data'], (entry) => this.decrypt(entry))
      default:
        return { status: 404, answer: { errors: [] } }
    }
  }

  private get latest(): number {
    return Math.max(...this.versions.keys())
  }

  private described() {
    const usable = [...this.versions.keys()].filter((version) => version >= this.oldest)
    return {
      data: {
        ...{ type: 'aes256-gcm96', derived: false, exportable: false, latest_version: this.latest },
        ...{
          min_decryption_version: this.oldest,
          keys: Object.fromEntries(usable.map((v) => [v, 1795529358])),
        },
      },
    }
  }

  private encrypt(entry: Entry): object {
    const version = Number(entry.key_version ?? this.latest)
    const key = this.versions.get(version)
    if (!key) return { error: 'requested version for encryption is higher than the latest key version' }
    const sealed = seal(key, decoded(entry.plaintext), decoded(entry.associated_data).toString('base64'))
    return { ciphertext: `vault:v${version}:${sealed.toString('base64')}`, key_version: version }
  }

  private decrypt(entry: Entry): object {
    const [, version, text = ''] = /^vault:v(\d+):(.+)$/.exec(String(entry.ciphertext)) ?? []
    const key = this.versions.get(Number(version))
    if (!key) return { plaintext: '', error: 'invalid ciphertext: no prefix' }
    if (Number(version) < this.oldest) {
      return { plaintext: '', error: 'ciphertext or signature version is disallowed by policy (too old)' }
    }
    try {
      const plain = open(key, decoded(text), decoded(entry.associated_data).toString('base64'))
      return { plaintext: plain.toString('base64') }
    } catch {
      return { plaintext: '', error: 'cipher: message authentication failed' }
    }
  }
}

type Entry = Readonly<Record<string, unknown>>

interface Answered {
  readonly status: number
  readonly answer: object | undefined
}

/** One entry that fails makes the whole answer a 400, which has the others' results all the same. */
function batch(given: Entry, known: readonly string[], work: (entry: Entry) => object): Answered {
  const entries = given.batch_input
  if (!Array.isArray(entries) || entries.length === 0 || Object.keys(given).length > 1) {
    return { status: 400, answer: { errors: ['missing batch input to process'] } }
  }
  const results = (entries as Entry[]).map((entry) => {
    if (Object.keys(entry).some((name) => !known.includes(name))) throw new TypeError('not a field of ours')
    return work(entry)
  })
  const isWhole = results.every((result) => !('error' in result))
  return { status: isWhole ? 200 : 400, answer: { data: { batch_results: results } } }
}

const mostStrings = 1_000
const tooComplex = 'refused JSON input due to high complexity: exceeded maximum number of strings'

/** Strings in a JSON value, names of members included. */
function stringsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? 1 : 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce((sum: number, child) => sum + stringsOf(child), own)
}

/** Base64 with its padding, as Go reads it. */
function decoded(text: unknown): Buffer {
  const bytes = Buffer.from(String(text), 'base64')
  if (typeof text !== 'string' || bytes.toString('base64') !== text) throw new TypeError('not base64')
  return bytes
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
