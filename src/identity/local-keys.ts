import { FhirError } from '../fhir/outcome.ts'
import { open, seal } from './aes.ts'
import type { KeyService, PlainKey, WrappedEntry, WrappedKey } from './key-service.ts'

/** Key-encryption keys by version, 32 bytes each. */
export type KeysByVersion = ReadonlyMap<number, Buffer>

export function newestOf(keys: KeysByVersion): number {
  return Math.max(...keys.keys())
}

export function wrapWith(
  keys: KeysByVersion,
  entries: readonly PlainKey[],
  keyVersion: number,
): WrappedKey[] {
  const kek = demandVersion(keys, keyVersion)
  return entries.map(({ key, context }) => ({ wrapped: seal(kek, key, context), keyVersion }))
}

/** @throws Error when a key, its bytes and its context do not belong together */
export function unwrapWith(keys: KeysByVersion, entries: readonly WrappedEntry[]): Buffer[] {
  return entries.map(({ wrapped, keyVersion, context }) =>
    open(demandVersion(keys, keyVersion), wrapped, context),
  )
}

function demandVersion(keys: KeysByVersion, keyVersion: number): Buffer {
  const key = keys.get(keyVersion)
  if (!key) throw FhirError.later(503, `the keyring has no version ${keyVersion}`, 60)
  return key
}

/** Keys that are at hand and stay as they are. */
export class HeldKeys implements KeyService {
  private readonly keys: KeysByVersion

  constructor(keys: KeysByVersion) {
    this.keys = keys
  }

  versions(): Promise<readonly number[]> {
    return Promise.resolve([...this.keys.keys()].sort((one, other) => one - other))
  }

  async wrapAll(entries: readonly PlainKey[], keyVersion = newestOf(this.keys)): Promise<WrappedKey[]> {
    return Promise.resolve(wrapWith(this.keys, entries, keyVersion))
  }

  async unwrapAll(entries: readonly WrappedEntry[]): Promise<Buffer[]> {
    return Promise.resolve(unwrapWith(this.keys, entries))
  }

  addVersion(): Promise<number> {
    return Promise.reject(new TypeError('these keys are held, not kept'))
  }

  removeVersion(): Promise<void> {
    return Promise.reject(new TypeError('these keys are held, not kept'))
  }
}
