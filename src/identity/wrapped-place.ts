import { sql, type Sql } from '../store/sql.ts'
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

/** A column of wrapped keys; beside it stands `key_version`. Fragments name what its module owns. */
export interface WrappedColumn {
  readonly name: string
  readonly table: Sql
  readonly id: Sql
  /** of the ids */
  readonly idType: Sql
  /** null once the key is destroyed */
  readonly key: Sql
  /** what the key of an id is bound to */
  readonly context: (id: string) => string
  /** the transaction that reaches the table; the clinical one where nothing is said */
  readonly at?: (tx: Tx) => Tx
}

/** The place of the keys of one column. */
export function wrappedColumn({
  name,
  table,
  id,
  idType,
  key,
  context,
  at = (tx) => tx,
}: WrappedColumn): WrappedPlace {
  return {
    name,

    counts: (tx) =>
      at(tx).query<VersionCount>(
        sql`SELECT key_version "keyVersion", count(*)::int count FROM ${table}
            WHERE ${key} IS NOT NULL GROUP BY key_version`,
      ),

    async olderThan(tx, keyVersion, after, limit) {
      const rows = await at(tx).query<Omit<StoredKey, 'context'>>(
        sql`SELECT ${id} id, ${key} wrapped, key_version "keyVersion" FROM ${table}
            WHERE key_version < ${keyVersion}
              AND (${after ?? null}::${idType} IS NULL OR ${id} > ${after ?? null}::${idType})
            ORDER BY ${id} LIMIT ${limit}`,
      )
      return rows.map((row) => ({ ...row, context: context(row.id) }))
    },

    async replace(tx, keys) {
      await at(tx).query(
        sql`UPDATE ${table} AS place SET ${key} = anew.wrapped, key_version = anew.version
            FROM unnest(${keys.map((one) => one.id)}::${idType}[], ${keys.map(({ wrapped }) => wrapped)}::bytea[],
                        ${keys.map(({ keyVersion }) => keyVersion)}::int[], ${keys.map(({ was }) => was)}::bytea[])
              AS anew (id, wrapped, version, was)
            WHERE place.${id} = anew.id AND place.${key} = anew.was`,
      )
    },
  }
}
