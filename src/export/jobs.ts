import { plain, type Nullable } from '../store/nullable.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/**
 * The tables of exports: jobs, their parts as a queue, the files that came out, the safes' keys.
 *
 * A job is cut into parts. A worker claims one part under a lease and keeps it by a heartbeat; when
 * the worker dies the lease runs out and another one does the part anew. What a part wrote counts only
 * when `completePart` finds the same lease still on it, in the transaction that lists the files: so
 * each part is in the export once, whoever did it and however often it was tried.
 */
export interface Job {
  /** a random UUID */
  readonly id: string
  readonly safe: string
  /** `/fhir` or `/research/{permit}/fhir` */
  readonly base: string
  readonly permit: string | undefined
  readonly clientId: string
  readonly userId: string | undefined
  readonly state: JobState
  /** sealed under the safe's key */
  readonly request: Buffer
  readonly createdAt: Date
  readonly transactionTime: Date | undefined
  readonly finishedAt: Date | undefined
  readonly expiresAt: Date | undefined
  /** issues, JSON */
  readonly failure: string | undefined
}

export type JobState = 'accepted' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired'

/** What a part covers. */
export interface PartPlan {
  /** in the order of the output; `[]` only for part 0, which plans the others */
  readonly types: readonly string[]
  /** keys, in the order of the output; undefined: all rows of the types */
  readonly patients: readonly string[] | undefined
}

/** A part in the hands of a worker. */
export interface ClaimedPart extends PartPlan {
  readonly job: string
  readonly part: number
  /** proves that the part is still ours */
  readonly lease: string
  /** how often it failed before; a worker that died did not fail */
  readonly failures: number
}

/** A file of an export, complete. */
export interface ExportFile {
  /** a random UUID */
  readonly file: string
  readonly type: string
  readonly isError: boolean
  readonly count: number
  /** of the NDJSON */
  readonly bytes: number
  readonly sha256: string
}

/** A safe's key as it lies in the database. */
export interface WrappedKey {
  readonly wrapped: Buffer
  readonly keyVersion: number
}

export type NewJob = Pick<
  Job,
  'id' | 'safe' | 'base' | 'permit' | 'clientId' | 'userId' | 'request' | 'createdAt'
>

/** Puts a job into the queue, with a safe of its own. Durable once the transaction is. */
export async function createJob(tx: Tx, job: NewJob, key: WrappedKey): Promise<void> {
  await tx.query(sql`
    INSERT INTO export.safe (id, permit, wrapped, key_version, created_at)
    VALUES (${job.safe}, ${job.permit ?? null}, ${key.wrapped}, ${key.keyVersion}, ${job.createdAt})`)
  await tx.query(sql`
    INSERT INTO export.job (id, safe, base, permit, client_id, user_id, state, request, created_at)
    VALUES (${job.id}, ${job.safe}, ${job.base}, ${job.permit ?? null}, ${job.clientId}, ${job.userId ?? null},
            'accepted', ${job.request}, ${job.createdAt})`)
  await tx.query(sql`INSERT INTO export.part (job, part, types) VALUES (${job.id}, 0, '{}')`)
}

export async function findJob(tx: Tx, id: string): Promise<Job | undefined> {
  const [row] = await tx.query<Nullable<Job>>(sql`
    SELECT id, safe, base, permit, client_id "clientId", user_id "userId", state, request, created_at "createdAt",
           transaction_time "transactionTime", finished_at "finishedAt", expires_at "expiresAt", failure
      FROM export.job WHERE id = ${id}`)
  return row && plain<Job>(row)
}

/** @returns undefined when the safe was closed: its key is no more */
export async function safeKey(tx: Tx, safe: string): Promise<WrappedKey | undefined> {
  const [row] = await tx.query<WrappedKey>(sql`
    SELECT wrapped, key_version "keyVersion" FROM export.safe WHERE id = ${safe} AND wrapped IS NOT NULL`)
  return row
}

/** How many jobs of a client are not finished. */
export async function unfinishedJobs(tx: Tx, clientId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(sql`
    SELECT count(*)::integer n FROM export.job WHERE client_id = ${clientId} AND state IN ('accepted', 'running')`)
  return row?.n ?? 0
}

/** Parts done, and parts in all; `total` is 0 until the job is planned. */
export async function progress(tx: Tx, job: string): Promise<{ done: number; total: number }> {
  const [row] = await tx.query<{ done: number; total: number }>(sql`
    SELECT count(*) FILTER (WHERE state = 'done')::integer AS done, count(*)::integer AS total
      FROM export.part WHERE job = ${job} AND part > 0`)
  return row ?? { done: 0, total: 0 }
}

/** The files of a job in the order of the manifest: errors last, by type, then as the parts were cut. */
export async function listFiles(tx: Tx, job: string): Promise<ExportFile[]> {
  return tx.query<ExportFile>(sql`
    SELECT id file, type, is_error "isError", count::float8, bytes::float8, sha256 FROM export.file
     WHERE job = ${job} ORDER BY is_error, type COLLATE "C", part, place`)
}

export async function findFile(tx: Tx, job: string, file: string): Promise<ExportFile | undefined> {
  const [row] = await tx.query<ExportFile>(sql`
    SELECT id file, type, is_error "isError", count::float8, bytes::float8, sha256 FROM export.file
     WHERE job = ${job} AND id = ${file}`)
  return row
}

// The queue --------------------------------------------------------------------------------------

/** Takes the oldest part that nobody works on, or whose worker was not heard of. */
export async function claimPart(
  tx: Tx,
  lease: string,
  leaseSeconds: number,
): Promise<ClaimedPart | undefined> {
  const [row] = await tx.query<Nullable<ClaimedPart>>(sql`
    WITH next AS (
      SELECT part.job, part.part FROM export.part JOIN export.job ON job.id = part.job
       WHERE part.state <> 'done' AND job.state IN ('accepted', 'running')
         AND (part.lease_until IS NULL OR part.lease_until < now())
       ORDER BY job.created_at, job.id, part.part LIMIT 1 FOR UPDATE OF part SKIP LOCKED)
    UPDATE export.part SET state = 'running', lease = ${lease},
           lease_until = now() + make_interval(secs => ${leaseSeconds})
      FROM next WHERE part.job = next.job AND part.part = next.part
    RETURNING part.job, part.part, types, patients, lease, failures`)
  return row && { ...row, patients: row.patients ?? undefined }
}

/** The heartbeat. @returns false when the part is no longer ours: the lease ran out, or the job was ended */
export async function keepLease(tx: Tx, { job, lease }: ClaimedPart, leaseSeconds: number): Promise<boolean> {
  const kept = await tx.query(sql`
    UPDATE export.part SET lease_until = now() + make_interval(secs => ${leaseSeconds})
      FROM export.job WHERE part.lease = ${lease} AND job.id = ${job} AND job.state IN ('accepted', 'running')
    RETURNING part.part`)
  return kept.length > 0
}

/** Gives a part back, to be tried again by anyone after a while. */
export async function returnPart(
  tx: Tx,
  { lease }: ClaimedPart,
  { failed, delaySeconds }: { readonly failed: boolean; readonly delaySeconds: number },
): Promise<void> {
  await tx.query(sql`
    UPDATE export.part SET state = 'waiting', lease = NULL, failures = failures + ${failed ? 1 : 0},
           lease_until = now() + make_interval(secs => ${delaySeconds})
     WHERE lease = ${lease}`)
}

/** Fixes the time of the job's content, once: a planner that comes after a dead one finds the same time. */
export async function fixTransactionTime(tx: Tx, job: string, now: Date): Promise<Date | undefined> {
  const [row] = await tx.query<{ at: Date }>(sql`
    UPDATE export.job SET transaction_time = coalesce(transaction_time, ${now}) WHERE id = ${job}
    RETURNING transaction_time at`)
  return row?.at
}

/** Adds the parts that part 0 planned. They can be claimed once part 0 is complete, by the same commit. */
export async function addParts(tx: Tx, job: string, parts: readonly PartPlan[]): Promise<void> {
  for (const [index, { types, patients }] of parts.entries()) {
    await tx.query(sql`
      INSERT INTO export.part (job, part, types, patients)
      VALUES (${job}, ${index + 1}, ${[...types]}, ${patients ? [...patients] : null})`)
  }
}

/**
 * Lists a part's files and marks it done; the last part ends the job.
 *
 * @returns false when the part is no longer ours; nothing was changed then
 */
export async function completePart(
  tx: Tx,
  claimed: ClaimedPart,
  files: readonly ExportFile[],
  end: { readonly now: Date; readonly expiresAt: Date },
): Promise<boolean> {
  // workers that end the last two parts at once must see each other, or neither ends the job
  const open = await tx.query(sql`
    SELECT FROM export.job WHERE id = ${claimed.job} AND state IN ('accepted', 'running') FOR UPDATE`)
  const done = await tx.query(sql`
    UPDATE export.part SET state = 'done', lease = NULL, lease_until = NULL
     WHERE lease = ${claimed.lease} AND ${open.length > 0} RETURNING part`)
  if (done.length === 0) return false
  for (const [place, { file, type, isError, count, bytes, sha256 }] of files.entries()) {
    await tx.query(sql`
      INSERT INTO export.file (id, job, part, place, type, is_error, count, bytes, sha256)
      VALUES (${file}, ${claimed.job}, ${claimed.part}, ${place}, ${type}, ${isError}, ${count}, ${bytes}, ${sha256})`)
  }
  await tx.query(sql`
    UPDATE export.job SET state = CASE WHEN left_over.n = 0 THEN 'done' ELSE 'running' END,
           finished_at = CASE WHEN left_over.n = 0 THEN ${end.now}::timestamptz END,
           expires_at = CASE WHEN left_over.n = 0 THEN ${end.expiresAt}::timestamptz END
      FROM (SELECT count(*) n FROM export.part WHERE job = ${claimed.job} AND state <> 'done') left_over
     WHERE id = ${claimed.job}`)
  return true
}

// Ends -------------------------------------------------------------------------------------------

/**
 * Ends a job without a result, or takes its result away, and destroys the safe's key: what is left of
 * its files, backups of them included, opens no more.
 *
 * @returns false when the job had been ended so before
 */
export async function endJob(
  tx: Tx,
  job: string,
  end: {
    readonly state: 'failed' | 'cancelled' | 'expired'
    readonly now: Date
    readonly expiresAt?: Date
    readonly failure?: string
  },
): Promise<boolean> {
  const ended = await tx.query<{ safe: string }>(sql`
    UPDATE export.job SET state = ${end.state}, finished_at = coalesce(finished_at, ${end.now}),
           expires_at = ${end.expiresAt ?? null}, failure = coalesce(${end.failure ?? null}, failure)
     WHERE id = ${job} AND state NOT IN ('cancelled', 'expired', ${end.state}) RETURNING safe`)
  const safe = ended[0]?.safe
  if (safe === undefined) return false
  await tx.query(sql`
    UPDATE export.part SET state = 'waiting', lease = NULL, lease_until = NULL
     WHERE job = ${job} AND state = 'running'`)
  await tx.query(sql`
    UPDATE export.safe SET wrapped = NULL, key_version = NULL, closed_at = ${end.now}
     WHERE id = ${safe} AND wrapped IS NOT NULL`)
  return true
}

/** Permits that jobs are kept for. */
export async function permitsInUse(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ permit: string }>(sql`
    SELECT DISTINCT permit FROM export.job WHERE permit IS NOT NULL AND state NOT IN ('cancelled', 'expired')`)
  return rows.map(({ permit }) => permit)
}

/** Jobs of a permit that still have a safe. */
export async function jobsOf(tx: Tx, permit: string): Promise<{ id: string }[]> {
  return tx.query<{ id: string }>(sql`
    SELECT id FROM export.job WHERE permit = ${permit} AND state NOT IN ('cancelled', 'expired')`)
}

/** Jobs whose result is no longer to be had. */
export async function overdueJobs(tx: Tx, now: Date): Promise<{ id: string }[]> {
  return tx.query<{ id: string }>(sql`
    SELECT id FROM export.job WHERE state IN ('done', 'failed') AND expires_at <= ${now}`)
}
