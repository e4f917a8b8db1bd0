import { plain, type Nullable } from '../store/nullable.ts'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'

/** Every statement over the schema `import`. */

export interface ImportJob {
  readonly id: string
  readonly clientId: string
  readonly userId: string | undefined
  /** SMART scopes of who asked, as text */
  readonly scopes: string
  /** sealed */
  readonly request: Buffer
  readonly state: 'running' | 'done' | 'failed' | 'cancelled'
  readonly createdAt: Date
  readonly finishedAt: Date | undefined
  /** JSON of issues */
  readonly failure: string | undefined
}

/** How far an input is. */
export interface ImportInput {
  readonly place: number
  readonly state: 'waiting' | 'running' | 'done'
  readonly accepted: number
  readonly refused: number
}

export interface ClaimedInput {
  readonly job: string
  readonly place: number
  readonly failures: number
  readonly lease: string
}

export async function createJob(
  tx: Tx,
  job: Pick<ImportJob, 'id' | 'clientId' | 'userId' | 'scopes' | 'request' | 'createdAt'>,
  inputs: number,
): Promise<void> {
  const { id, clientId, userId, scopes, request, createdAt } = job
  await tx.query(sql`
    INSERT INTO import.job (id, client_id, user_id, scopes, request, state, created_at)
    VALUES (${id}, ${clientId}, ${userId ?? null}, ${scopes}, ${request}, 'running', ${createdAt})`)
  await tx.query(
    sql`INSERT INTO import.input (job, place) SELECT ${id}, generate_series(0, ${inputs - 1}::int)`,
  )
}

export async function findJob(tx: Tx, id: string): Promise<ImportJob | undefined> {
  const [row] = await tx.query<Nullable<ImportJob>>(sql`
    SELECT id, client_id "clientId", user_id "userId", scopes, request, state, created_at "createdAt",
           finished_at "finishedAt", failure
      FROM import.job WHERE id = ${id}`)
  return row && plain<ImportJob>(row)
}

export async function inputsOf(tx: Tx, job: string): Promise<ImportInput[]> {
  return tx.query<ImportInput>(sql`
    SELECT place, state, accepted::float8, refused::float8 FROM import.input WHERE job = ${job} ORDER BY place`)
}

/** How many imports of a client are not finished. */
export async function unfinished(tx: Tx, clientId: string): Promise<number> {
  const [row] = await tx.query<{ n: number }>(sql`
    SELECT count(*)::integer n FROM import.job WHERE client_id = ${clientId} AND state = 'running'`)
  return row?.n ?? 0
}

/** Takes the input that is next in the oldest job; inputs of one job are imported in their order. */
export async function claimInput(
  tx: Tx,
  lease: string,
  leaseSeconds: number,
): Promise<ClaimedInput | undefined> {
  const [row] = await tx.query<ClaimedInput>(sql`
    WITH next AS (
      SELECT i.job, i.place FROM import.input i JOIN import.job j ON j.id = i.job
       WHERE j.state = 'running' AND i.state <> 'done' AND (i.leased_until IS NULL OR i.leased_until < now())
         AND NOT EXISTS (SELECT FROM import.input before
                          WHERE before.job = i.job AND before.place < i.place AND before.state <> 'done')
       ORDER BY j.created_at, j.id, i.place LIMIT 1 FOR UPDATE OF i SKIP LOCKED)
    UPDATE import.input SET state = 'running', lease = ${lease},
           leased_until = now() + make_interval(secs => ${leaseSeconds})
      FROM next WHERE input.job = next.job AND input.place = next.place
    RETURNING input.job, input.place, input.failures, input.lease`)
  return row
}

/** The heartbeat, with the counts so far. @returns false when the input is no longer ours */
export async function keepLease(
  tx: Tx,
  { job, lease }: ClaimedInput,
  leaseSeconds: number,
  counts: { readonly accepted: number; readonly refused: number },
): Promise<boolean> {
  const kept = await tx.query(sql`
    UPDATE import.input SET leased_until = now() + make_interval(secs => ${leaseSeconds}),
           accepted = ${counts.accepted}, refused = ${counts.refused}
      FROM import.job WHERE input.lease = ${lease} AND job.id = ${job} AND job.state = 'running'
    RETURNING input.place`)
  return kept.length > 0
}

/** Gives an input back, to be imported again from its beginning. */
export async function returnInput(
  tx: Tx,
  { lease }: ClaimedInput,
  { failed, delaySeconds }: { readonly failed: boolean; readonly delaySeconds: number },
): Promise<void> {
  await tx.query(sql`
    UPDATE import.input SET state = 'waiting', lease = NULL, failures = failures + ${failed ? 1 : 0},
           leased_until = now() + make_interval(secs => ${delaySeconds})
     WHERE lease = ${lease}`)
}

/** Notes what came of an input; the last one ends its job. @returns false when it was no longer ours */
export async function completeInput(
  tx: Tx,
  { job, place, lease }: ClaimedInput,
  counts: { readonly accepted: number; readonly refused: number },
  outcomes: readonly string[],
  now: Date,
): Promise<boolean> {
  const [open] = await tx.query(
    sql`SELECT FROM import.job WHERE id = ${job} AND state = 'running' FOR UPDATE`,
  )
  if (!open) return false
  const done = await tx.query(sql`
    UPDATE import.input SET state = 'done', lease = NULL, leased_until = NULL,
           accepted = ${counts.accepted}, refused = ${counts.refused}
     WHERE lease = ${lease} RETURNING place`)
  if (done.length === 0) return false
  await tx.query(sql`
    INSERT INTO import.refusal (job, place, number, outcome)
    SELECT ${job}, ${place}, number, outcome FROM unnest(${outcomes}::text[]) WITH ORDINALITY AS one (outcome, number)`)
  await tx.query(sql`
    UPDATE import.job SET state = 'done', finished_at = ${now}
     WHERE id = ${job} AND NOT EXISTS (SELECT FROM import.input WHERE job = ${job} AND state <> 'done')`)
  return true
}

/** Ends a job before its time. What was imported stays. @returns false when it had ended */
export async function endJob(
  tx: Tx,
  job: string,
  end: { readonly state: 'failed' | 'cancelled'; readonly now: Date; readonly failure?: string },
): Promise<boolean> {
  const ended = await tx.query(sql`
    UPDATE import.job SET state = ${end.state}, finished_at = ${end.now}, failure = ${end.failure ?? null}
     WHERE id = ${job} AND state = 'running' RETURNING id`)
  return ended.length > 0
}

/** What was refused of an input, as OperationOutcomes. */
export async function refusalsOf(tx: Tx, job: string, place: number): Promise<string[]> {
  const rows = await tx.query<{ outcome: string }>(sql`
    SELECT outcome FROM import.refusal WHERE job = ${job} AND place = ${place} ORDER BY number`)
  return rows.map(({ outcome }) => outcome)
}
