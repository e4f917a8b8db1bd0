import { sql } from './sql.ts'
import { token } from './token.ts'
import type { Tx } from './tx.ts'

/**
 * Locks before writing. Two writers of one resource, or of one conditional criterion, go one after the
 * other; because every transaction takes its criteria first and then its resources, each at once and in
 * order, none waits in a circle. They are advisory and end with the transaction: a primary key with the
 * patient in it (DESIGN, "Past one machine") cannot by itself decide who may create an id.
 */
export async function lock(
  tx: Tx,
  keys: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  await lockBuckets(
    tx,
    resources,
    keys.map(({ type, id }) => `${type}/${id}`),
  )
}

/** The same for criteria of conditional interactions, each given as texts that it shares with others. */
export async function lockCriteriaTexts(tx: Tx, texts: readonly string[]): Promise<void> {
  await lockBuckets(tx, criteria, texts)
}

/**
 * The lock between what takes patients out of cohorts and what reads cohorts to keep something of them: a
 * kick-off that queues work, the end of a grant (migration 0019). Who keeps holds it shared.
 *
 * @param mode `exclusive`: all that was queued before is seen from here on, and what is queued later reads
 *   cohorts as this transaction leaves them
 */
export async function lockCohorts(tx: Tx, mode: 'shared' | 'exclusive'): Promise<void> {
  if (mode === 'shared') await tx.query(sql`SELECT pg_advisory_xact_lock_shared(20573, 0)`)
  else await tx.query(sql`SELECT pg_advisory_xact_lock(20573, 0)`)
}

/**
 * The first half of our advisory locks' keys, and how many buckets the second half tells apart: few
 * enough, even all at once, for the server's lock table.
 */
interface LockClass {
  readonly key: number
  readonly bucketBits: number
}
const resources: LockClass = { key: 20_571, bucketBits: 12 }
const criteria: LockClass = { key: 20_572, bucketBits: 10 }

async function lockBuckets(tx: Tx, { key, bucketBits }: LockClass, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return
  const buckets = [...new Set(texts.map((text) => Number(BigInt.asUintN(bucketBits, token(text)))))]
  await tx.query(
    sql`SELECT pg_advisory_xact_lock(${key}, bucket)
        FROM (SELECT bucket FROM unnest(${buckets}::int[]) AS bucket ORDER BY bucket) AS ordered`,
  )
}
