import { issue } from '../fhir/outcome.ts'
import type { KeptRelease } from '../governance/withdrawals.ts'
import { resultExpiry } from './expiry.ts'
import { endJobsOf } from './jobs.ts'
import type { Safes } from './safes.ts'

/** What a client is told whose export was running. Why the cohort changed is nobody's to know. */
const changed = JSON.stringify([
  issue('conflict', 'the cohort of the permit has changed: start the export again'),
])

/**
 * Exports as what is kept of a cohort. When a patient leaves it, finished safes are closed and running
 * jobs end: the next export makes them anew, without the patient. The key is destroyed by the commit; what
 * lies on the disk until it is removed opens no more.
 */
export function keptExports(safes: Safes, now: () => Date): KeptRelease {
  return {
    async withdraw(tx, permits) {
      const at = now()
      const ended = await endJobsOf(tx, permits, {
        ...{ now: at, expiresAt: resultExpiry(at), failure: changed },
      })
      tx.afterCommit(() => ended.forEach(({ safe }) => void safes.clear(safe).catch(() => undefined)))
      const counts = new Map<string, number>()
      for (const { permit } of ended) counts.set(permit, (counts.get(permit) ?? 0) + 1)
      return counts
    },
  }
}
