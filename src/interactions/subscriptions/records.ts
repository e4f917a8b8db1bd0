import { plain, type Nullable } from '../../store/nullable.ts'
import { sql } from '../../store/sql.ts'
import type { Tx } from '../../store/tx.ts'

/** Every statement over the schema `subscription`. */

export type SubscriptionStatus = 'requested' | 'active' | 'error' | 'off'

/** Who wrote a Subscription: it tells of what they may see, and of nothing else. */
export interface Owner {
  readonly clientId: string
  readonly userId: string | undefined
  /** SMART scopes as text */
  readonly scopes: string
  /** key of the patient in context */
  readonly patient: string | undefined
}

export interface SubscriptionRow extends Owner {
  readonly id: string
  /** the type it watches */
  readonly type: string
  readonly status: SubscriptionStatus
  readonly heartbeatSeconds: number | undefined
  readonly endsAt: Date | undefined
  /** the number of its last event */
  readonly events: number
  /** the number of the last one that its endpoint took */
  readonly delivered: number
  /** calls in a row that its endpoint did not take */
  readonly failures: number
}

/** A version of a resource of a watched type, not judged yet. */
export interface Change {
  readonly type: string
  /** internal */
  readonly id: string
  readonly version: number
  readonly created: boolean
}

export interface SubscriptionEvent extends Change {
  readonly number: number
  /** in whose compartment the resource is: a key */
  readonly patient: string
  readonly at: Date
}

/** The outbox takes what somebody watches, in the transaction that wrote it. */
export async function recordChanges(tx: Tx, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return
  await tx.query(sql`
    INSERT INTO subscription.change (type, id, version, created)
    SELECT * FROM unnest(${changes.map(({ type }) => type)}::text[], ${changes.map(({ id }) => id)}::text[],
                         ${changes.map(({ version }) => version)}::int[],
                         ${changes.map(({ created }) => created)}::bool[]) AS one (type, id, version, created)
     WHERE type IN (SELECT s.type FROM subscription.subscription s WHERE s.status IN ('requested', 'active'))`)
}

/** Takes changes from the outbox, oldest first; two judges never take the same. Gone with the commit. */
export async function takeChanges(tx: Tx, limit: number): Promise<Change[]> {
  return tx.query<Change>(sql`
    DELETE FROM subscription.change WHERE sequence IN (
      SELECT sequence FROM subscription.change ORDER BY sequence LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING type, id, version, created`)
}

/** Writes a Subscription's state anew: a handshake is due at once. */
export async function register(
  tx: Tx,
  row: Owner & Pick<SubscriptionRow, 'id' | 'type' | 'heartbeatSeconds' | 'endsAt'>,
  now: Date,
): Promise<void> {
  const { id, type, clientId, userId, scopes, patient, heartbeatSeconds, endsAt } = row
  await tx.query(sql`
    INSERT INTO subscription.subscription
      (id, type, client_id, user_id, scopes, patient, status, heartbeat_seconds, ends_at, due_at)
    VALUES (${id}, ${type}, ${clientId}, ${userId ?? null}, ${scopes}, ${patient ?? null}, 'requested',
            ${heartbeatSeconds ?? null}, ${endsAt ?? null}, ${now})
    ON CONFLICT (id) DO UPDATE SET
      type = excluded.type, client_id = excluded.client_id, user_id = excluded.user_id,
      scopes = excluded.scopes, patient = excluded.patient, status = 'requested', failures = 0,
      heartbeat_seconds = excluded.heartbeat_seconds, ends_at = excluded.ends_at, due_at = excluded.due_at`)
}

/** @param status what becomes of it; `off` and `error` are called no more */
export async function settle(
  tx: Tx,
  id: string,
  status: SubscriptionStatus,
  next: { readonly dueAt: Date | undefined; readonly failures: number },
): Promise<void> {
  await tx.query(sql`
    UPDATE subscription.subscription
       SET status = ${status}, failures = ${next.failures},
           leased_until = NULL,
           due_at = CASE WHEN events > delivered AND ${status}::text = 'active' AND ${next.failures}::int = 0
                         THEN now() ELSE ${next.dueAt ?? null}::timestamptz END
     WHERE id = ${id}`)
}

export async function unregister(tx: Tx, id: string): Promise<void> {
  await tx.query(sql`DELETE FROM subscription.subscription WHERE id = ${id}`)
}

const columns = sql`id, type, client_id "clientId", user_id "userId", scopes, patient, status,
  heartbeat_seconds "heartbeatSeconds", ends_at "endsAt", events::float8, delivered::float8, failures`

/** Those that watch one of these types. */
export async function watching(tx: Tx, types: readonly string[]): Promise<SubscriptionRow[]> {
  const rows = await tx.query<Nullable<SubscriptionRow>>(sql`
    SELECT ${columns} FROM subscription.subscription
     WHERE type = ANY(${types}::text[]) AND status IN ('requested', 'active') ORDER BY id`)
  return rows.map((row) => plain<SubscriptionRow>(row))
}

export async function findSubscriptions(tx: Tx, ids: readonly string[]): Promise<SubscriptionRow[]> {
  const rows = await tx.query<Nullable<SubscriptionRow>>(sql`
    SELECT ${columns} FROM subscription.subscription WHERE id = ANY(${ids}::text[]) ORDER BY id`)
  return rows.map((row) => plain<SubscriptionRow>(row))
}

/** Gives events their numbers; their endpoint is to be called. The row is locked: numbers have no gaps. */
export async function addEvents(
  tx: Tx,
  subscription: string,
  events: readonly Omit<SubscriptionEvent, 'number'>[],
): Promise<void> {
  const [row] = await tx.query<{ first: number }>(sql`
    UPDATE subscription.subscription
       SET events = events + ${events.length},
           due_at = CASE WHEN status = 'active' AND failures = 0 THEN now() ELSE due_at END
     WHERE id = ${subscription} RETURNING (events - ${events.length} + 1)::float8 AS first`)
  if (!row) return
  await tx.query(sql`
    INSERT INTO subscription.event (subscription, number, type, id, version, patient, created, at)
    SELECT ${subscription}, ${row.first}::bigint + place - 1, type, id, version, patient, created, at
      FROM unnest(${events.map(({ type }) => type)}::text[], ${events.map(({ id }) => id)}::text[],
                  ${events.map(({ version }) => version)}::int[], ${events.map(({ patient }) => patient)}::uuid[],
                  ${events.map(({ created }) => created)}::bool[], ${events.map(({ at }) => at)}::timestamptz[])
           WITH ORDINALITY AS one (type, id, version, patient, created, at, place)`)
}

/** Takes the Subscription whose call is due longest; nobody else takes it before `until`. */
export async function claimDue(tx: Tx, now: Date, until: Date): Promise<SubscriptionRow | undefined> {
  const [row] = await tx.query<Nullable<SubscriptionRow>>(sql`
    UPDATE subscription.subscription SET leased_until = ${until}
     WHERE id = (SELECT id FROM subscription.subscription
                  WHERE due_at <= ${now} AND (leased_until IS NULL OR leased_until < ${now})
                  ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING ${columns}`)
  return row && plain<SubscriptionRow>(row)
}

/** Its events from a number on. */
export async function eventsFrom(
  tx: Tx,
  subscription: string,
  from: number,
  limit: number,
): Promise<SubscriptionEvent[]> {
  return tx.query<SubscriptionEvent>(sql`
    SELECT number::float8, type, id, version, patient, created, at FROM subscription.event
     WHERE subscription = ${subscription} AND number >= ${from} ORDER BY number LIMIT ${limit}`)
}

/** Its endpoint took all up to this number. */
export async function markDelivered(tx: Tx, id: string, number: number): Promise<void> {
  await tx.query(sql`
    UPDATE subscription.subscription SET delivered = greatest(delivered, ${number}) WHERE id = ${id}`)
}

/** What was delivered long ago is told no more, not by `$events` either. */
export async function forgetEvents(tx: Tx, before: Date): Promise<void> {
  await tx.query(sql`
    DELETE FROM subscription.event e USING subscription.subscription s
     WHERE s.id = e.subscription AND e.at < ${before} AND (e.number <= s.delivered OR s.status IN ('off', 'error'))`)
}

/** Nothing is told of a patient any more, and nothing to what was written in their context. */
export async function forgetPatient(tx: Tx, patient: string): Promise<void> {
  await tx.query(sql`DELETE FROM subscription.event WHERE patient = ${patient}`)
  await tx.query(sql`DELETE FROM subscription.subscription WHERE patient = ${patient}`)
  await tx.query(sql`DELETE FROM subscription.change WHERE type = 'Patient' AND id = ${patient}`)
}
