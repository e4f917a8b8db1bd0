import { plain, type Nullable } from '../../store/nullable.ts'
import { sql } from '../../store/sql.ts'
import type { Tx } from '../../store/tx.ts'

/**
 * The table of asynchronous requests. A worker claims one under a lease and keeps it by a heartbeat;
 * what it did counts only when `finishJob` finds the same lease still on it. A job that is cancelled,
 * fetched too late or forgotten is deleted, and with it the key of its content.
 */
export interface Job {
  /** a random UUID */
  readonly id: string
  /** `/fhir` or `/research/{permit}/fhir` */
  readonly base: string
  readonly clientId: string
  readonly userId: string | undefined
  readonly state: 'waiting' | 'running' | 'done'
  /** false: may not be begun a second time */
  readonly repeatable: boolean
  readonly wrapped: Buffer
  readonly keyVersion: number
  /** sealed under the job's key, as the result is */
  readonly request: Buffer
  readonly result: Buffer | undefined
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
}

export type NewJob = Omit<Job, 'state' | 'result' | 'expiresAt'>

/** A job in the hands of a worker. */
export interface ClaimedJob extends Job {
  /** proves that the job is still ours */
  readonly lease: string
  /** how often it failed before, or its worker died */
  readonly failures: number
}

const columns = sql`id, base, client_id AS "clientId", user_id AS "userId", state, repeatable, wrapped,
  key_version AS "keyVersion", request, result, created_at AS "createdAt", expires_at AS "expiresAt"`

export async function createJob(tx: Tx, job: NewJob): Promise<void> {
  await tx.query(sql`
    INSERT INTO async.job (id, base, client_id, user_id, repeatable, wrapped, key_version, request, created_at)
    VALUES (${job.id}, ${job.base}, ${job.clientId}, ${job.userId ?? null}, ${job.repeatable}, ${job.wrapped},
            ${job.keyVersion}, ${job.request}, ${job.createdAt})`)
}

/** How many jobs of a client are not done. */
export async function unfinishedJobs(tx: Tx, clientId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    sql`SELECT count(*)::int AS n FROM async.job WHERE client_id = ${clientId} AND state <> 'done'`,
  )
  return row?.n ?? 0
}

export async function findJob(tx: Tx, id: string): Promise<Job | undefined> {
  const [row] = await tx.query<Nullable<Job>>(sql`SELECT ${columns} FROM async.job WHERE id = ${id}`)
  return row && plain(row)
}

/** @returns false when there was none */
export async function deleteJob(tx: Tx, id: string): Promise<boolean> {
  const deleted = await tx.query(sql`DELETE FROM async.job WHERE id = ${id} RETURNING id`)
  return deleted.length > 0
}

/** Forgets all that was asked at one base, done or not. @returns how many jobs that were */
export async function deleteJobsAt(tx: Tx, base: string): Promise<number> {
  const deleted = await tx.query(sql`DELETE FROM async.job WHERE base = ${base} RETURNING id`)
  return deleted.length
}

/** Forgets all results that wait to be fetched. */
export async function deleteResults(tx: Tx): Promise<void> {
  await tx.query(sql`DELETE FROM async.job WHERE state = 'done'`)
}

/** How many jobs that were asked for before are not done. */
export async function unfinishedBefore(tx: Tx, before: Date): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    sql`SELECT count(*)::int AS n FROM async.job WHERE created_at < ${before} AND state <> 'done'`,
  )
  return row?.n ?? 0
}

/** Forgets the results whose time is over. */
export async function deleteOverdue(tx: Tx, now: Date): Promise<void> {
  await tx.query(sql`DELETE FROM async.job WHERE state = 'done' AND expires_at <= ${now}`)
}

/** Takes the oldest job that nobody works on, or whose worker was not heard of. */
export async function claimJob(tx: Tx, lease: string, leaseSeconds: number): Promise<ClaimedJob | undefined> {
  const [row] = await tx.query<Nullable<ClaimedJob>>(sql`
    WITH next AS (
      SELECT id AS next_id, state AS was FROM async.job
       WHERE state <> 'done' AND (lease_until IS NULL OR lease_until < now())
       ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE async.job SET state = 'running', lease = ${lease},
           lease_until = now() + make_interval(secs => ${leaseSeconds}),
           failures = failures + CASE was WHEN 'running' THEN 1 ELSE 0 END
      FROM next WHERE id = next_id
    RETURNING ${columns}, lease, failures`)
  return row && plain<ClaimedJob>(row)
}

/** The heartbeat. @returns false when the job is no longer ours: the lease ran out, or it was cancelled */
export async function keepLease(tx: Tx, lease: string, leaseSeconds: number): Promise<boolean> {
  const kept = await tx.query(sql`
    UPDATE async.job SET lease_until = now() + make_interval(secs => ${leaseSeconds})
     WHERE lease = ${lease} RETURNING id`)
  return kept.length > 0
}

/** Gives a job back, to be tried again by anyone after a while. */
export async function returnJob(
  tx: Tx,
  lease: string,
  { failed, delaySeconds }: { readonly failed: boolean; readonly delaySeconds: number },
): Promise<void> {
  await tx.query(sql`
    UPDATE async.job SET state = 'waiting', lease = NULL, failures = failures + ${failed ? 1 : 0},
           lease_until = now() + make_interval(secs => ${delaySeconds}) WHERE lease = ${lease}`)
}

/** @returns false when the job is no longer ours; the transaction must not be committed then */
export async function finishJob(tx: Tx, lease: string, result: Buffer, expiresAt: Date): Promise<boolean> {
  const done = await tx.query(sql`
    UPDATE async.job SET state = 'done', lease = NULL, lease_until = NULL, result = ${result},
           expires_at = ${expiresAt} WHERE lease = ${lease} RETURNING id`)
  return done.length > 0
}
