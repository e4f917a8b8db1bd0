import { SettingsError } from '../config.ts'
import type { KeyService, PlainKey, WrappedEntry, WrappedKey } from './key-service.ts'
import { TransitClient, unusable, type TransitKey } from './transit-client.ts'

/** What the engine says of a key, as far as we read it. */
interface KeyDescription {
  readonly type: string
  readonly derived: boolean
  readonly latest_version: number
  /** when each version that may decrypt was made */
  readonly keys: Readonly<Record<string, unknown>>
}

interface BatchResult {
  readonly ciphertext?: string
  readonly plaintext?: string
  readonly error?: string
}

/** The types that authenticate what a key is for beside the key. */
const keyTypes = ['aes256-gcm96', 'aes128-gcm96', 'chacha20-poly1305']

/** Entries of one request: OpenBao reads no JSON of more than 1,000 strings, names included; five are one's. */
const largestBatch = 150

/**
 * Key-encryption keys in the Transit secrets engine of OpenBao or HashiCorp Vault. They never leave it;
 * every data key is sent there to be wrapped and unwrapped, over TLS.
 *
 * @see OpenBao API documentation § Transit secrets engine: Encrypt data, Decrypt data, Rotate key
 */
export class TransitKeys implements KeyService {
  private readonly client: TransitClient

  constructor(key: TransitKey) {
    this.client = new TransitClient(key)
  }

  async versions(): Promise<readonly number[]> {
    const { type, derived, keys } = await this.describe()
    if (!keyTypes.includes(type) || derived) {
      throw new SettingsError(`COFFRE_KEYRING: a key of type ${keyTypes.join(', ')}, not derived, is needed`)
    }
    return Object.keys(keys)
      .map(Number)
      .sort((one, other) => one - other)
  }

  async wrapAll(keys: readonly PlainKey[], keyVersion?: number): Promise<WrappedKey[]> {
    const results = await this.batch(
      'encrypt',
      keys.map(({ key, context }) => ({
        plaintext: key.toString('base64'),
        associated_data: Buffer.from(context).toString('base64'),
        ...(keyVersion === undefined ? {} : { key_version: keyVersion }),
      })),
    )
    return results.map(({ ciphertext = '' }) => {
      const version = Number(/^\w+:v(\d+):/.exec(ciphertext)?.[1])
      if (!version || (keyVersion ?? version) !== version) {
        throw unusable('the key service has not the version that was asked for')
      }
      return { wrapped: Buffer.from(ciphertext, 'latin1'), keyVersion: version }
    })
  }

  async unwrapAll(entries: readonly WrappedEntry[]): Promise<Buffer[]> {
    const results = await this.batch(
      'decrypt',
      entries.map(({ wrapped, context }) => ({
        ciphertext: wrapped.toString('latin1'),
        associated_data: Buffer.from(context).toString('base64'),
      })),
    )
    return results.map(({ plaintext = '' }) => {
      const key = Buffer.from(plaintext, 'base64')
      if (key.length !== 32) throw new Error('a wrapped key that does not open')
      return key
    })
  }

  async addVersion(): Promise<number> {
    // not said twice: an answer that is lost would add two
    await this.client.ask('keys', '/rotate', {}, false)
    return (await this.describe()).latest_version
  }

  /** Forbids the version; its key can be destroyed there with `trim`. Versions go from the oldest up. */
  async removeVersion(keyVersion: number): Promise<void> {
    const [oldest, ...others] = await this.versions()
    if (oldest !== keyVersion || others.length === 0) {
      throw new SettingsError(`COFFRE_KEYRING: version ${keyVersion} is not the oldest, or the only one`)
    }
    const next = { min_decryption_version: keyVersion + 1 }
    if (!(await this.client.ask('keys', '/config', next)).isWhole) {
      throw unusable('the key service refuses to forbid a version')
    }
  }

  private async describe(): Promise<KeyDescription> {
    const { data } = await this.client.ask('keys', '')
    if (!isDescription(data)) throw unusable('the key service describes no key')
    return data
  }

  private async batch(operation: 'encrypt' | 'decrypt', entries: readonly object[]): Promise<BatchResult[]> {
    const results: BatchResult[] = []
    for (let from = 0; from < entries.length; from += largestBatch) {
      const batch = entries.slice(from, from + largestBatch)
      const { data } = await this.client.ask(operation, '', { batch_input: batch })
      const found = (data as { batch_results?: BatchResult[] } | undefined)?.batch_results
      if (found?.length !== batch.length) throw unusable('the key service did not answer every entry')
      results.push(...found)
    }
    demandDone(results)
    return results
  }
}

/** What went wrong with an entry is told apart by the engine's words only; of them none is passed on. */
function demandDone(results: readonly BatchResult[]): void {
  const errors = results.flatMap(({ error }) => (error ? [error] : []))
  if (errors.length === 0) return
  if (errors.some((error) => error.includes('version'))) {
    throw unusable('the key service has not the version that was asked for')
  }
  throw new Error('a wrapped key that does not open')
}

function isDescription(value: unknown): value is KeyDescription {
  if (typeof value !== 'object' || value === null) return false
  const { type, keys, latest_version: latest } = value as Partial<KeyDescription>
  return typeof type === 'string' && typeof keys === 'object' && typeof latest === 'number'
}
