import type { Sql } from './sql.ts'

/** An open transaction under one database role. It is the first parameter of everything that touches SQL. */
export interface Tx {
  /** Runs one statement and returns its rows. */
  query<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Row[]>
  /** Runs one statement and yields its rows in batches; memory does not grow with the result. */
  stream<Row extends object = Record<string, unknown>>(statement: Sql, batch?: number): AsyncIterable<Row[]>
  /** Runs once the transaction is committed, never after a rollback: the place to remember what was read in it. */
  afterCommit(remember: () => void): void
  /**
   * The transaction on the server that holds schema `identity`: every statement on that schema goes through
   * it. Where that is this server it is this same transaction; see `isElsewhere`.
   *
   * @throws TypeError for a role that has no vault, where that is on another server
   */
  readonly vault: Tx
}

/**
 * Whether the vault is on another server. Its transaction is then committed before this one, and may be
 * alone in that: what it holds of a version counts only when a clinical row has that version's seal.
 */
export function isElsewhere(tx: Tx): boolean {
  return tx.vault !== tx
}

/**
 * The four database roles. `care` reads and writes clinical rows and, on the same server, the vault;
 * `research` has no right on schema `identity`; `audit` may insert and select only.
 */
export type Role = 'care' | 'research' | 'audit' | 'owner'
