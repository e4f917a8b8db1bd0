import type { Tx } from '../store/tx.ts'
import type { WrappedEntry, WrappedKey } from './key-service.ts'

/** A key as it lies in a place; ids are unique and sorted within the place. */
export interface StoredKey extends WrappedEntry {
  readonly id: string
}

/** The same key, wrapped anew. */
export interface Rewrapped extends WrappedKey {
  readonly id: string
  /** what is replaced, and left as it is when it has changed meanwhile */
  readonly was: Buffer
}

/**
 * Somewhere in the database where keys lie wrapped by the keyring. Each module gives its own, with its
 * own SQL; a rotation goes through all of them, and no version leaves the keyring that one still needs.
 */
export interface WrappedPlace {
  /** as the operator reads it: `data keys` */
  readonly name: string

  /** How many keys each version wraps; only versions that wrap any. */
  counts(tx: Tx): Promise<readonly VersionCount[]>

  /**
   * Keys that an older version wraps, in the order of their ids.
   *
   * @param after the id that the batch before ended with
   */
  olderThan(
    tx: Tx,
    keyVersion: number,
    after: string | undefined,
    limit: number,
  ): Promise<readonly StoredKey[]>

  /** Puts keys in the place of those they replace. */
  replace(tx: Tx, keys: readonly Rewrapped[]): Promise<void>
}

export interface VersionCount {
  readonly keyVersion: number
  readonly count: number
}

/** Columns for `unnest`: ids, wrapped keys, what they replace. */
export function columnsOf(keys: readonly Rewrapped[]) {
  return {
    ids: keys.map(({ id }) => id),
    wrapped: keys.map(({ wrapped }) => wrapped),
    versions: keys.map(({ keyVersion }) => keyVersion),
    were: keys.map(({ was }) => was),
  }
}
