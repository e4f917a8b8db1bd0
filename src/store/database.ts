import { DataSource } from 'typeorm'
import { migrations } from '../../migrations/index.ts'

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
