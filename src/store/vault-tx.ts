import type pg from 'pg'
import { ClientTx } from './client-tx.ts'
import type { Sql } from './sql.ts'
import type { Tx } from './tx.ts'

/**
 * The part of a transaction that is on the vault's own server: a connection is taken and the transaction
 * begun at the first statement, since most of what is done asks nothing of the vault.
 */
export class VaultTx implements Tx {
  private readonly connect: () => Promise<pg.PoolClient>
  private readonly begin: string | undefined
  private readonly clinical: () => Tx
  private opened: Promise<{ readonly client: pg.PoolClient; readonly tx: ClientTx }> | undefined

  /**
   * @param begin the statement that begins it; undefined: each statement is on its own
   * @param clinical the transaction that this is a part of
   */
  constructor(connect: () => Promise<pg.PoolClient>, begin: string | undefined, clinical: () => Tx) {
    this.connect = connect
    this.begin = begin
    this.clinical = clinical
  }

  get vault(): Tx {
    return this
  }

  async query<Row extends object>(statement: Sql): Promise<Row[]> {
    const { tx } = await this.open()
    return tx.query<Row>(statement)
  }

  async *stream<Row extends object>(statement: Sql, batch?: number): AsyncIterable<Row[]> {
    const { tx } = await this.open()
    yield* tx.stream<Row>(statement, batch)
  }

  /** The clinical commit decides, here too. */
  afterCommit(remember: () => void): void {
    this.clinical().afterCommit(remember)
  }

  async commit(): Promise<void> {
    if (this.opened === undefined) return
    const { client } = await this.opened
    if (this.begin !== undefined) await client.query('COMMIT')
  }

  /**
   * Gives the connection back, if one was taken; what was not committed is undone.
   *
   * @param failed whether something went wrong: then the connection is looked at first
   */
  async release(failed: boolean): Promise<void> {
    const opened = await this.opened?.catch(() => undefined)
    this.opened = undefined
    if (opened === undefined) return
    opened.client.release(failed && (await rollback(opened.client)))
  }

  private open() {
    this.opened ??= this.begun()
    return this.opened
  }

  private async begun() {
    const client = await this.connect()
    try {
      if (this.begin !== undefined) await client.query(this.begin)
      return { client, tx: new ClientTx(client, () => this) }
    } catch (error) {
      client.release(true)
      throw error
    }
  }
}

/** @returns whether the connection is no longer fit for the pool */
export async function rollback(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK')
    return false
  } catch {
    return true
  }
}
