import { sql } from './sql.ts'
import { token } from './token.ts'
import type { Tx } from './tx.ts'

/**
 * Locks before writing. Two writers of one resource, or of one conditional criterion, go one after the
 * other; because every transaction takes its locks at once and in order, none waits in a circle.
 * They are advisory and end with the transaction: a primary key with the patient in it (DESIGN,
 * "Past one machine") cannot by itself decide who may create an id.
 */
export async function lock(
  tx: Tx,
  keys: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  await lockTexts(
    tx,
    keys.map(({ type, id }) => `${type}/${id}`),
  )
}

/** The same for criteria of conditional interactions, each given as a text that equal criteria share. */
export async function lockTexts(tx: Tx, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return
  const buckets = [...new Set(texts.map((text) => Number(BigInt.asUintN(12, token(text)))))]
  await tx.query(
    sql`SELECT pg_advisory_xact_lock(${lockClass}, bucket)
        FROM (SELECT bucket FROM unnest(${buckets}::int[]) AS bucket ORDER BY bucket) AS ordered`,
  )
}

/** The first half of our advisory locks' keys; 4096 buckets are few enough for the server's lock table. */
const lockClass = 20_571
