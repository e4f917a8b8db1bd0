import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/**
 * The transactions that may be writing now: those that hold or wait for a lock of a writer (a row lock
 * on any table, or an advisory lock, which every write of a known resource takes first). Long readers,
 * exports and dumps among them, are not in it.
 *
 * @returns names that are never used again: one that is gone from a later answer has ended
 */
export async function openWriters(tx: Tx): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ name: string }>(sql`
    SELECT DISTINCT virtualtransaction AS name FROM pg_locks
     WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND pid <> pg_backend_pid()
       AND (locktype = 'advisory' OR (locktype = 'relation' AND mode = 'RowExclusiveLock'))`)
  return new Set(rows.map(({ name }) => name))
}
