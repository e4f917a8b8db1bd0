/** A key to wrap, and what it is for. */
export interface PlainKey {
  /** 32 bytes */
  readonly key: Buffer
  /** authenticated, not stored: `data-key/{owner}`; unwrapping asks for the same */
  readonly context: string
}

export interface WrappedKey {
  readonly wrapped: Buffer
  /** of the key-encryption key that wraps it */
  readonly keyVersion: number
}

export interface WrappedEntry extends WrappedKey {
  readonly context: string
}

/**
 * Who has the key-encryption keys: a file on this machine, or a key service (KMS) that never gives them
 * away. Keys have versions, 1 and up. An answer has as many keys as were asked for, in the same order.
 *
 * What cannot be done now is a FhirError 503; its message names no key, token or value.
 */
export interface KeyService {
  /** The versions that can unwrap, ascending, at least one; the last one wraps. */
  versions(): Promise<readonly number[]>

  /** @param keyVersion undefined: the newest */
  wrapAll(keys: readonly PlainKey[], keyVersion?: number): Promise<WrappedKey[]>

  /** @throws Error when bytes, version and context of one of them do not belong together */
  unwrapAll(entries: readonly WrappedEntry[]): Promise<Buffer[]>

  /** Adds a version, durably, and answers it. One at a time: the caller holds a lock. */
  addVersion(): Promise<number>

  /** Takes a version out of use for good. @throws SettingsError when it is the newest, or is not there */
  removeVersion(keyVersion: number): Promise<void>
}
