import type { OnApplicationShutdown } from '@nestjs/common'
import pg from 'pg'
import { FhirError, issue } from '../fhir/outcome.ts'
import { ClientTx } from './client-tx.ts'
import { connectionOptions } from './database.ts'
import type { PermitReader } from './reader.ts'
import type { Role, Tx } from './tx.ts'
import { rollback, VaultTx } from './vault-tx.ts'

type PooledRole = Exclude<Role, 'owner'>

/** Connections to PostgreSQL, a pool for each role, and transactions on them. */
export class Store implements OnApplicationShutdown {
  private readonly pools: Readonly<Record<PooledRole, pg.Pool>>
  /** undefined: the vault is on the same server */
  private readonly vaultPool: pg.Pool | undefined

  /**
   * @param max connections of the care pool; research and audit take half and a quarter
   * @param vaultUrl of the vault's server, where it is another one
   */
  constructor(url: string, max = 16, vaultUrl?: string) {
    this.pools = {
      care: createPool(url, 'care', max),
      research: createPool(url, 'research', max / 2),
      audit: createPool(url, 'audit', max / 4),
    }
    // as many as can be asked for at once: nobody who holds a clinical connection waits for one of these
    this.vaultPool = vaultUrl === undefined ? undefined : createPool(vaultUrl, 'identity', max)
  }

  /** Whether the vault is on another server. */
  get isSplit(): boolean {
    return this.vaultPool !== undefined
  }

  /**
   * Runs `work` in one transaction under a role, research for one permit; all or nothing. Repeats it when
   * PostgreSQL gave up on a deadlock or a serialisation conflict, so `work` must have no effect outside the
   * transaction.
   *
   * @throws FhirError 503 when the database cannot be reached, or five repetitions did not help
   */
  async transaction<T>(as: PooledRole | PermitReader, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.within('BEGIN', as, work)
  }

  /**
   * Reads with a snapshot that does not move: all statements see the same committed state. It is taken before
   * the vault is asked, which has all that it shows.
   *
   * @param longestMs of one statement; undefined: any
   * @throws FhirError 400 `too-costly` when one takes longer
   */
  async snapshot<T>(
    as: PooledRole | PermitReader,
    work: (tx: Tx) => Promise<T>,
    longestMs?: number,
  ): Promise<T> {
    const limit = longestMs === undefined ? '' : `; SET LOCAL statement_timeout = ${Math.ceil(longestMs)}`
    const take = this.isSplit ? '; SELECT' : ''
    const begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY${limit}${take}`
    return this.within(begin, as, work, `BEGIN READ ONLY${limit}`)
  }

  private async within<T>(
    begin: string,
    as: PooledRole | PermitReader,
    work: (tx: Tx) => Promise<T>,
    vaultBegin = begin,
  ): Promise<T> {
    const role = typeof as === 'string' ? as : 'research'
    for (let attempt = 1; ; attempt++) {
      const client = await this.connect(role)
      const { tx, vault } = this.open(client, role, vaultBegin)
      try {
        await client.query(begin)
        if (typeof as !== 'string') await client.query(ofPermit, [as.permit])
        const result = await work(tx)
        // what the vault has alone is never found; what the clinical server has alone could not be read
        await vault?.commit()
        await client.query('COMMIT')
        client.release()
        await vault?.release(false)
        tx.committed()
        return result
      } catch (error) {
        const broken = await rollback(client)
        client.release(broken)
        await vault?.release(true)
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
    const { tx, vault } = this.open(client, role, undefined)
    try {
      const result = await work(tx)
      client.release()
      await vault?.release(false)
      tx.committed()
      return result
    } catch (error) {
      client.release(error instanceof Error && !('code' in error))
      await vault?.release(true)
      throw error
    }
  }

  private open(client: pg.PoolClient, role: PooledRole, vaultBegin: string | undefined) {
    const { vaultPool } = this
    if (vaultPool === undefined) return { tx: new ClientTx(client, (tx) => tx), vault: undefined }
    if (role !== 'care') return { tx: new ClientTx(client, noVault), vault: undefined }
    const vault: VaultTx = new VaultTx(
      () => connect(vaultPool),
      vaultBegin,
      () => tx,
    )
    const tx = new ClientTx(client, () => vault)
    return { tx, vault }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close()
  }

  async close(): Promise<void> {
    const pools = [...Object.values(this.pools), ...(this.vaultPool ? [this.vaultPool] : [])]
    await Promise.all(pools.map((pool) => pool.end()))
  }

  private connect(role: PooledRole): Promise<pg.PoolClient> {
    return connect(this.pools[role])
  }
}

function createPool(url: string, role: PooledRole | 'identity', size: number): pg.Pool {
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

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch {
    throw FhirError.later(503, 'the database cannot be reached', 5)
  }
}

/** What the policy of `governance.permit_member` goes by, for this transaction; unset, it shows nobody. */
const ofPermit = `SELECT set_config('coffre.permit', $1, true)`

function noVault(): never {
  throw new TypeError('this role has no vault')
}

/**
 * 40001 serialization_failure, 40P01 deadlock_detected, 55P03 lock_not_available: on the vault's server, where
 * it is another one, a lock is waited for so long and no longer, since no server sees a deadlock across two
 */
function isRetryable(error: unknown): boolean {
  const codes: readonly unknown[] = ['40001', '40P01', '55P03']
  return error instanceof Error && 'code' in error && codes.includes(error.code)
}

/** 57014 query_canceled */
function isGivenUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '57014'
}
