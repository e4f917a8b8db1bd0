import type pg from 'pg'
import QueryStream from 'pg-query-stream'
import { createHash } from 'node:crypto'
import type { Sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** A transaction on one connection. */
export class ClientTx implements Tx {
  private readonly client: pg.PoolClient
  private readonly vaultOf: (tx: Tx) => Tx
  private readonly toRemember: (() => void)[] = []

  /** @param vaultOf the transaction on the vault's server; this same one where they are one server */
  constructor(client: pg.PoolClient, vaultOf: (tx: Tx) => Tx) {
    this.client = client
    this.vaultOf = vaultOf
  }

  get vault(): Tx {
    return this.vaultOf(this)
  }

  async query<Row extends object>(statement: Sql): Promise<Row[]> {
    const { text, values } = statement
    const name = statementName(text)
    const named = name === undefined ? { text } : { name, text }
    const result = await this.client.query<Row>({ ...named, values: [...values] })
    return result.rows
  }

  afterCommit(remember: () => void): void {
    this.toRemember.push(remember)
  }

  /** Calls what was to be called after the commit. */
  committed(): void {
    for (const remember of this.toRemember) remember()
  }

  async *stream<Row extends object>(statement: Sql, batch = 500): AsyncIterable<Row[]> {
    const rows = this.client.query(
      new QueryStream(statement.text, [...statement.values], { batchSize: batch }),
    )
    let pending: Row[] = []
    for await (const row of rows) {
      pending.push(row as Row)
      if (pending.length === batch) {
        yield pending
        pending = []
      }
    }
    if (pending.length > 0) yield pending
  }
}

/**
 * The statements of every day are prepared once per connection. Searches can be made up in any number of
 * shapes, which connections would keep for ever: long ones, and new ones beyond the limit, are not named.
 *
 * @returns undefined for a statement that is prepared anew each time
 */
function statementName(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined || text.length > longestNamed || names.size >= maxNamed) return known
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 32)
  names.set(text, name)
  return name
}
const names = new Map<string, string>()
const maxNamed = 500
const longestNamed = 4_000
