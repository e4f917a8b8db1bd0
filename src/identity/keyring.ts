import { createHash, hkdfSync } from 'node:crypto'
import { FileKeys, makeKeyringFile } from './file-keys.ts'
import type { KeyService, PlainKey, WrappedEntry, WrappedKey } from './key-service.ts'
import { HeldKeys, type KeysByVersion } from './local-keys.ts'

export { open, seal } from './aes.ts'

/**
 * The keys that are not in the database: key-encryption keys that wrap every data key, and a root
 * secret from which the keys of hashes are derived. Whoever holds the database without the keyring
 * holds ciphertext.
 */
export class Keyring {
  /** who has the key-encryption keys: to list, rotate and retire their versions */
  readonly service: KeyService
  private readonly root: Buffer

  /**
   * @param root 32 bytes
   * @param keys who has the key-encryption keys, or the keys themselves
   */
  constructor(root: Buffer, keys: KeyService | KeysByVersion) {
    this.root = root
    this.service = keys instanceof Map ? new HeldKeys(keys) : (keys as KeyService)
  }

  /** Tells this keyring from another without giving anything of it away; 16 bytes. */
  get fingerprint(): Buffer {
    return createHash('sha256').update(this.derive('fingerprint')).digest().subarray(0, 16)
  }

  /**
   * Encrypts a key under the newest key-encryption key.
   *
   * @param context what the key is for (`data-key/{owner}`); unwrapping asks for the same
   * @throws FhirError 503 when the key service cannot be asked
   */
  async wrap(key: Buffer, context: string): Promise<WrappedKey> {
    return only(await this.wrapAll([{ key, context }]))
  }

  /** As `wrap`, many at once and in the order they came. @param keyVersion undefined: the newest */
  wrapAll(keys: readonly PlainKey[], keyVersion?: number): Promise<WrappedKey[]> {
    return keys.length === 0 ? Promise.resolve([]) : this.service.wrapAll(keys, keyVersion)
  }

  /**
   * @throws Error when key, bytes and context do not belong together; FhirError 503 when the version is
   *   not at hand, or the key service cannot be asked
   */
  async unwrap(wrapped: Buffer, keyVersion: number, context: string): Promise<Buffer> {
    return only(await this.unwrapAll([{ wrapped, keyVersion, context }]))
  }

  /** As `unwrap`, many at once and in the order they came. */
  unwrapAll(entries: readonly WrappedEntry[]): Promise<Buffer[]> {
    return entries.length === 0 ? Promise.resolve([]) : this.service.unwrapAll(entries)
  }

  /** A key of 32 bytes for one purpose (`audit`, `paging`, `blind-index/Patient.family`, …); always the same. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.root, 'coffre', purpose, 32))
  }
}

/**
 * Opens the keyring file, or makes one where there is none.
 *
 * @throws SettingsError in one line when the file is not a keyring
 */
export function openKeyring(file: string): Keyring {
  makeKeyringFile(file)
  return readKeyring(file)
}

/** @throws SettingsError in one line when there is no keyring in the file */
export function readKeyring(file: string): Keyring {
  const keys = new FileKeys(file)
  return new Keyring(keys.root, keys)
}

function only<T>([one]: readonly T[]): T {
  if (one === undefined) throw new TypeError('as many keys as were asked for')
  return one
}
