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
