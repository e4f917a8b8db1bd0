import type { OnApplicationShutdown } from '@nestjs/common'
import { join } from 'node:path'
import { DataSource } from 'typeorm'
import { migrations } from '../../migrations/index.ts'
import type { Settings } from '../config.ts'
import { startCluster, type Cluster } from './embedded.ts'

/** The database the server works on: the one it was given, or an embedded one that ends with it. */
export class Database implements OnApplicationShutdown {
  /** of the owner: migrations and role changes start from it */
  readonly url: string
  private readonly cluster: Cluster | undefined

  private constructor(url: string, cluster: Cluster | undefined) {
    this.url = url
    this.cluster = cluster
  }

  /** Starts the embedded cluster where no database was given; brings the schema up to date. */
  static async open(settings: Settings): Promise<Database> {
    const given = settings.DATABASE_URL
    const cluster = given === undefined ? await startCluster(join(settings.dataDir, 'postgres')) : undefined
    const database = new Database(given ?? cluster?.url ?? '', cluster)
    await migrate(database.url)
    return database
  }

  async onApplicationShutdown(): Promise<void> {
    await this.cluster?.stop()
  }
}

/** Options of one role's connections: the role is taken on at connect, plans are made for the values at hand. */
export function connectionOptions(role: string | undefined): string {
  const settings = ['plan_cache_mode=force_custom_plan', 'timezone=UTC', 'jit=off']
  if (role) settings.push(`role=coffre_${role}`)
  return settings.map((setting) => `-c ${setting}`).join(' ')
}

/**
 * Brings the database to this version's schema. Safe when several processes start at once: the first
 * holds an advisory lock, the others find the work done.
 *
 * @param url of the owner: a login that may create schemas and, the first time, roles
 */
export async function migrate(url: string): Promise<void> {
  const owner = new DataSource({
    type: 'postgres',
    url,
    migrations,
    migrationsTableName: 'coffre_migration',
    migrationsTransactionMode: 'all',
    extra: { max: 2, options: connectionOptions(undefined) },
  })
  await owner.initialize()
  try {
    const lock = owner.createQueryRunner()
    await lock.query('SELECT pg_advisory_lock($1)', [migrationLock])
    try {
      await owner.runMigrations()
    } finally {
      await lock.query('SELECT pg_advisory_unlock($1)', [migrationLock])
      await lock.release()
    }
  } finally {
    await owner.destroy()
  }
}

/** Any number, as long as it stays the same: the advisory lock that migrations hold. */
const migrationLock = 4_207_849_484
