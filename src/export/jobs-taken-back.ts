import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import { endJob } from './jobs.ts'

/** How a job is ended that was running. */
interface End {
  readonly now: Date
  readonly expiresAt: Date
  /** issues, JSON */
  readonly failure: string
}

export interface EndedJob {
  readonly permit: string | null
  readonly safe: string
}

/** Ends the jobs of permits whose cohort a patient has left; the kick-off is to be made again. */
export async function endJobsOfPermits(tx: Tx, permits: readonly string[], end: End): Promise<EndedJob[]> {
  const jobs = await tx.query<Found>(sql`
    SELECT id, permit, safe, state FROM export.job
     WHERE permit = ANY(${permits}::text[]) AND state IN ('accepted', 'running', 'done') ORDER BY id FOR UPDATE`)
  return endAll(tx, jobs, end)
}

/** Ends the identified exports that hold a patient, or may come to: those that are not planned yet too. */
export async function endJobsWithPatient(tx: Tx, patient: string, end: End): Promise<EndedJob[]> {
  const jobs = await tx.query<Found>(sql`
    SELECT id, permit, safe, state FROM export.job
     WHERE permit IS NULL AND state IN ('accepted', 'running', 'done')
       AND (NOT EXISTS (SELECT FROM export.part p WHERE p.job = job.id AND p.part > 0)
            OR EXISTS (SELECT FROM export.part p WHERE p.job = job.id AND p.part > 0
                          AND (p.patients IS NULL OR ${patient}::uuid = ANY(p.patients))))
     ORDER BY id FOR UPDATE`)
  return endAll(tx, jobs, end)
}

/** Takes a patient's key out of the plans of all jobs, ended ones too. */
export async function forgetPlanned(tx: Tx, patient: string): Promise<void> {
  await tx.query(sql`
    UPDATE export.part SET patients = array_remove(patients, ${patient}::uuid)
     WHERE ${patient}::uuid = ANY(patients)`)
}

interface Found extends EndedJob {
  readonly id: string
  readonly state: string
}

/** A client that waits is told; what was finished is no longer to be had. */
async function endAll(tx: Tx, jobs: readonly Found[], end: End): Promise<EndedJob[]> {
  for (const { id, state } of jobs) {
    if (state === 'done') await endJob(tx, id, { state: 'expired', now: end.now })
    else await endJob(tx, id, { ...end, state: 'failed' })
  }
  return [...jobs]
}
