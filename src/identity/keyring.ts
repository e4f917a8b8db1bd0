import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** A key to wrap, and what it is for. */
export interface PlainKey {
  readonly key: Buffer
  readonly context: string
}

export interface WrappedKey {
  readonly wrapped: Buffer
  /** of the key-encryption key that wraps it */
  readonly keyVersion: number
}

/**
 * The keys that are not in the database: key-encryption keys that wrap every data key, and a root
 * secret from which the keys of hashes are derived. Whoever holds the database without the keyring
 * holds ciphertext.
 */
export class Keyring {
  private readonly root: Buffer
  private readonly keys: ReadonlyMap<number, Buffer>
  /** the version that wraps from now on */
  readonly keyVersion: number

  constructor(root: Buffer, keys: ReadonlyMap<number, Buffer>) {
    this.root = root
    this.keys = keys
    this.keyVersion = Math.max(...keys.keys())
  }

  /** Tells this keyring from another without giving anything of it away; 16 bytes. */
  get fingerprint(): Buffer {
    return createHash('sha256').update(this.derive('fingerprint')).digest().subarray(0, 16)
  }

  /**
   * Encrypts a key under the newest key-encryption key.
   *
   * @param context what the key is for (`data-key/{owner}`); unwrapping asks for the same
   */
  async wrap(key: Buffer, context: string): Promise<WrappedKey> {
    const [wrapped] = await this.wrapAll([{ key, context }])
    if (!wrapped) throw new TypeError('as many keys as were asked for')
    return wrapped
  }

  /** As `wrap`, many at once; in the order they came. */
  wrapAll(entries: readonly PlainKey[]): Promise<WrappedKey[]> {
    const { keyVersion } = this
    const wrapped = entries.map(({ key, context }) => seal(this.key(keyVersion), key, context))
    return Promise.resolve(wrapped.map((one) => ({ wrapped: one, keyVersion })))
  }

  /** @throws Error when the version is not in this keyring, or key, bytes and context do not belong together */
  async unwrap(wrapped: Buffer, keyVersion: number, context: string): Promise<Buffer> {
    const [key] = await this.unwrapAll([{ wrapped, keyVersion, context }])
    if (!key) throw new TypeError('as many keys as were asked for')
    return key
  }

  /** As `unwrap`, many at once; in the order they came. */
  // eslint-disable-next-line @typescript-eslint/require-await
  async unwrapAll(entries: readonly (WrappedKey & { readonly context: string })[]): Promise<Buffer[]> {
    return entries.map(({ wrapped, keyVersion, context }) => open(this.key(keyVersion), wrapped, context))
  }

  /** A key of 32 bytes for one purpose (`audit`, `paging`, `blind-index/Patient.family`, …); always the same. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.root, 'coffre', purpose, 32))
  }

  private key(version: number): Buffer {
    const key = this.keys.get(version)
    if (!key) throw new Error(`keyring: no key of version ${version}`)
    return key
  }
}

/**
 * Opens the keyring file, or makes one where there is none.
 *
 * @throws Error in one line when the file is not a keyring
 */
export function openKeyring(file: string): Keyring {
  const fresh = { root: newKey(), keys: [{ version: 1, key: newKey(), createdAt: new Date().toISOString() }] }
  mkdirSync(dirname(file), { recursive: true })
  try {
    writeFileSync(file, JSON.stringify(fresh, null, 2), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readKeyring(file)
}

/** @throws Error in one line when there is no keyring in the file */
export function readKeyring(file: string): Keyring {
  try {
    const ring = JSON.parse(readFileSync(file, 'utf8')) as KeyringFile
    const keys = ring.keys.map(({ version, key }) => [version, bytes(key)] as const)
    return new Keyring(bytes(ring.root), new Map(keys))
  } catch (cause) {
    throw new Error(`COFFRE_KEYRING: ${file} is not a keyring`, { cause })
  }
}

interface KeyringFile {
  readonly root: string
  readonly keys: readonly { readonly version: number; readonly key: string }[]
}

function newKey(): string {
  return randomBytes(32).toString('base64')
}

function bytes(text: string): Buffer {
  const key = Buffer.from(text, 'base64')
  if (key.length !== 32) throw new TypeError('a key of 32 bytes expected')
  return key
}

const nonceBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM with a random nonce.
 *
 * @param context authenticated with the content, not stored: the place the ciphertext belongs to
 * @returns nonce, ciphertext, tag
 */
export function seal(key: Buffer, content: Buffer | string, context: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(context))
  const text = typeof content === 'string' ? cipher.update(content, 'utf8') : cipher.update(content)
  return Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()])
}

/** @throws Error when a bit of it is not as it was sealed, or the context is another */
export function open(key: Buffer, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  return Buffer.concat([
    decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)),
    decipher.final(),
  ])
}
