import type { Permits } from '../governance/permits.ts'
import type { Store } from '../store/store.ts'
import { endJob, findJob, jobsOf, overdueJobs, permitsInUse } from './jobs.ts'
import type { Safes } from './safes.ts'

/** How long a result is kept for its client. */
const resultHours = 24

export function resultExpiry(now: Date): Date {
  return new Date(now.getTime() + resultHours * 3600_000)
}

/**
 * Ends a job and closes its safe: the key first, so that files are unreadable before they are gone.
 *
 * @returns false when it had been ended before
 */
export async function takeBack(
  store: Store,
  safes: Safes,
  id: string,
  end: Parameters<typeof endJob>[2],
): Promise<boolean> {
  const safe = await store.transaction('care', async (tx) => {
    const ended = await endJob(tx, id, end)
    return ended ? (await findJob(tx, id))?.safe : undefined
  })
  if (safe === undefined) return false
  await safes.clear(safe)
  return true
}

/** Closes the safes whose time is over, and all of a permit that is no longer active. Safe to run anywhere, any time. */
export async function closeOverdue(
  store: Store,
  safes: Safes,
  permits: Pick<Permits, 'load'>,
  now: Date,
): Promise<void> {
  const overdue = await store.read('care', (tx) => overdueJobs(tx, now))
  for (const permit of await store.read('care', permitsInUse)) {
    if (await permits.load(permit, now)) continue
    overdue.push(...(await store.read('care', (tx) => jobsOf(tx, permit))))
  }
  for (const { id } of overdue) await takeBack(store, safes, id, { state: 'expired', now })
}
