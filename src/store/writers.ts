import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from './sql.ts'
import type { Store } from './store.ts'
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

/** How long a write may take from reading its clock to its first lock. */
const clockToLockMs = 250
/** How often to look whether the writers have ended. */
const lookAgainMs = 50

/**
 * Waits until nothing that is dated at or before the job's time can still be committed.
 *
 * A write reads its clock inside its transaction, after or just before it takes its first lock, and
 * commits later: at the moment the job's time is fixed, a resource of an earlier date may not yet be
 * visible. Such a transaction holds its locks by now, or will within `clockToLockMs`; when those that do
 * are gone, every snapshot taken from then on sees all that is dated before. What begins later is dated
 * later, and is left out by its date.
 *
 * @throws the signal's reason when it is aborted
 */
export async function settle(store: Store, signal: AbortSignal): Promise<void> {
  await sleep(clockToLockMs, undefined, { signal })
  const look = () => store.read('care', openWriters)
  let waitedFor = await look()
  while (waitedFor.size > 0) {
    await sleep(lookAgainMs, undefined, { signal })
    const now = await look()
    waitedFor = new Set([...waitedFor].filter((writer) => now.has(writer)))
  }
}
