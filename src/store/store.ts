import type { OnApplicationShutdown } from '@nestjs/common'
import pg from 'pg'
import QueryStream from 'pg-query-stream'
import { createHash } from 'node:crypto'
import { FhirError, issue } from '../fhir/outcome.ts'
import { connectionOptions } from './database.ts'
import type { Sql } from './sql.ts'
import type { Role, Tx } from './tx.ts'

type PooledRole = Exclude<Role, 'owner'>

/** Connections to PostgreSQL, a pool for each role, and transactions on them. */
export class Store implements OnApplicationShutdown {
  private readonly pools: Readonly<Record<PooledRole, pg.Pool>>

  /** @param max connections of the care pool; the others take half */
  constructor(url: string, max = 16) {
    const pool = (role: PooledRole, size: number) => {
      const created = new pg.Pool({
        connectionString: url,
        max: size,
        options: connectionOptions(role),
        connectionTimeoutMillis: 10_000,
        application_name: `coffre-${role}`,
      })
      // an idle connection that breaks is replaced by the pool; its next user must not be hurt
      created.on('error', () => undefined)
      // one that breaks in a transaction fails the statement; unheard, its event would end the process
      created.on('connect', (client) => client.on('error', () => undefined))
      return created
    }
    this.pools = {
      care: pool('care', max),
      research: pool('research', max / 2),
      audit: pool('audit', max / 4),
    }
  }

  /**
   * Runs `work` in one transaction under a role; all or nothing. Repeats it when PostgreSQL gave up
   * on a deadlock or a serialisation conflict, so `work` must have no effect outside the transaction.
   *
   * @throws FhirError 503 when the database cannot be reached, or five repetitions did not help
   */
  async transaction<T>(role: PooledRole, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.within('BEGIN', role, work)
  }

  /**
   * Reads with a snapshot that does not move: all statements see the same committed state.
   *
   * @param longestMs of one statement; undefined: any
   * @throws FhirError 400 `too-costly` when one takes longer
   */
  async snapshot<T>(role: PooledRole, work: (tx: Tx) => Promise<T>, longestMs?: number): Promise<T> {
    const limit = longestMs === undefined ? '' : `; SET LOCAL statement_timeout = ${Math.ceil(longestMs)}`
    return this.within(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY${limit}`, role, work)
  }

  private async within<T>(begin: string, role: PooledRole, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.connect(role)
      try {
        const tx = new ClientTx(client)
        await client.query(begin)
        const result = await work(tx)
        await client.query('COMMIT')
        client.release()
        tx.committed()
        return result
      } catch (error) {
        const broken = await rollback(client)
        client.release(broken)
        if (isGivenUp(error))
          throw new FhirError(400, [issue('too-costly', 'this takes too long: ask for less')])
        if (!isRetryable(error)) throw error
        if (attempt === 5) throw FhirError.later(503, 'the database is busy', 1)
        await new Promise((resolve) => setTimeout(resolve, attempt * 10 * (1 + Math.random())))
      }
    }
  }

  /** One statement on its own, without the round trips of BEGIN and COMMIT. */
  async read<T>(role: PooledRole, work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.connect(role)
    try {
      const tx = new ClientTx(client)
      const result = await work(tx)
      client.release()
      tx.committed()
      return result
    } catch (error) {
      client.release(error instanceof Error && !('code' in error))
      throw error
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close()
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.pools).map((pool) => pool.end()))
  }

  private async connect(role: PooledRole): Promise<pg.PoolClient> {
    try {
      return await this.pools[role].connect()
    } catch {
      throw FhirError.later(503, 'the database cannot be reached', 5)
    }
  }
}

class ClientTx implements Tx {
  private readonly client: pg.PoolClient
  private readonly toRemember: (() => void)[] = []
  constructor(client: pg.PoolClient) {
    this.client = client
  }

  get vault(): Tx {
    return this
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

/** @returns whether the connection is no longer fit for the pool */
async function rollback(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK')
    return false
  } catch {
    return true
  }
}

/** 40001 serialization_failure, 40P01 deadlock_detected */
function isRetryable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '40001' || error.code === '40P01')
}

/** 57014 query_canceled */
function isGivenUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '57014'
}
