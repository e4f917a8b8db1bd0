import type { OnApplicationShutdown } from '@nestjs/common'
import { join } from 'node:path'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { clinicalMigrations, migrations, vaultMigrations } from '../../migrations/index.ts'
import type { Settings } from '../config.ts'
import { startCluster, type Cluster } from './embedded.ts'
import { demandVaultFilled, demandVaultHere } from './vault-place.ts'

/** The database the server works on: the one it was given, or an embedded one that ends with it. */
export class Database implements OnApplicationShutdown {
  /** of the owner: migrations and role changes start from it */
  readonly url: string
  /** the same of the vault's server; undefined: the vault is in the same database */
  readonly vaultUrl: string | undefined
  private readonly cluster: Cluster | undefined

  private constructor(url: string, vaultUrl: string | undefined, cluster: Cluster | undefined) {
    this.url = url
    this.vaultUrl = vaultUrl
    this.cluster = cluster
  }

  /**
   * Starts the embedded cluster where no database was given; brings the schemas up to date.
   *
   * @throws SettingsError when the vault of these clinical rows is not where the settings say
   */
  static async open(settings: Settings): Promise<Database> {
    const { DATABASE_URL: given, COFFRE_IDENTITY_DATABASE_URL: vaultUrl } = settings
    const cluster = given === undefined ? await startCluster(join(settings.dataDir, 'postgres')) : undefined
    const database = new Database(given ?? cluster?.url ?? '', vaultUrl, cluster)
    try {
      await demandVaultHere(database.url, vaultUrl)
      await migrate(database.url, vaultUrl)
      await demandVaultFilled(database.url, vaultUrl)
      return database
    } catch (error) {
      await cluster?.stop()
      throw error
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.cluster?.stop()
  }
}

/** Options of one role's connections: the role is taken on at connect, plans are made for the values at hand. */
export function connectionOptions(role: string | undefined): string {
  const settings = ['plan_cache_mode=force_custom_plan', 'timezone=UTC', 'jit=off']
  // on the vault's own server: no server sees a deadlock across two, the one who waits too long tries again
  if (role === 'identity') settings.push('lock_timeout=5s')
  if (role) settings.push(`role=coffre_${role}`)
  return settings.map((setting) => `-c ${setting}`).join(' ')
}

/**
 * Brings the databases to this version's schema. Safe when several processes start at once: the first
 * holds an advisory lock, the others find the work done.
 *
 * @param url of the owner: a login that may create schemas and, the first time, roles
 * @param vaultUrl the same of the vault's server, where it is another one
 */
export async function migrate(url: string, vaultUrl?: string): Promise<void> {
  if (vaultUrl === undefined) return migrateOne(url, migrations)
  await migrateOne(vaultUrl, vaultMigrations)
  await migrateOne(url, clinicalMigrations)
}

async function migrateOne(url: string, migrations: DataSourceOptions['migrations'] & {}): Promise<void> {
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
