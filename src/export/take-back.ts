import { issue } from '../fhir/outcome.ts'
import type { KeptOfPatients } from '../governance/kept-of-patients.ts'
import type { KeptRelease } from '../governance/withdrawals.ts'
import type { Tx } from '../store/tx.ts'
import { resultExpiry } from './expiry.ts'
import { endJobsOfPermits, endJobsWithPatient, forgetPlanned, type EndedJob } from './jobs-taken-back.ts'
import type { Safes } from './safes.ts'

/** What a client is told whose export was running. Why the records changed is nobody's to know. */
const failure = JSON.stringify([
  issue('conflict', 'the records that are exported have changed: start the export again'),
])

/**
 * Exports as what is kept of patients. Finished safes are closed and running jobs end; the next export
 * makes them anew, without the patient. The key is destroyed by the commit: what lies on the disk until it
 * is removed opens no more.
 */
export function keptExports(safes: Safes, now: () => Date): KeptRelease & KeptOfPatients {
  const end = () => ({ now: now(), expiresAt: resultExpiry(now()), failure })
  const clear = (tx: Tx, ended: readonly EndedJob[]) =>
    tx.afterCommit(() => ended.forEach(({ safe }) => void safes.clear(safe).catch(() => undefined)))
  return {
    async withdraw(tx, permits) {
      const ended = await endJobsOfPermits(tx, permits, end())
      clear(tx, ended)
      const counts = new Map<string, number>()
      for (const { permit } of ended) {
        if (permit !== null) counts.set(permit, (counts.get(permit) ?? 0) + 1)
      }
      return counts
    },
    async erase(tx, patient) {
      clear(tx, await endJobsWithPatient(tx, patient, end()))
      await forgetPlanned(tx, patient)
    },
  }
}
