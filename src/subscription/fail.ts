import { resourceOf } from '../interactions/released.ts'
import type { Context } from '../interactions/context.ts'
import { ourselves } from '../interactions/subscriptions/ourselves.ts'
import {
  settle,
  type SubscriptionRow,
  type SubscriptionStatus,
} from '../interactions/subscriptions/records.ts'
import { writeAll } from '../interactions/write.ts'
import { current } from '../store/resources.ts'
import type { Tx } from '../store/tx.ts'

/** Gives a Subscription up: it is called no more, and says so. @param why without a value of anything */
export async function fail(tx: Tx, context: Context, row: SubscriptionRow, why: string): Promise<void> {
  await settle(tx, row.id, 'error', { dueAt: undefined, failures: row.failures })
  await writeStatus(tx, context, row.id, 'error', why)
}

/** Writes the status into the resource, as the server that serves it. */
export async function writeStatus(
  tx: Tx,
  context: Context,
  id: string,
  status: SubscriptionStatus,
  error?: string,
): Promise<void> {
  const stored = await current(tx, 'Subscription', id)
  const [released] = stored ? await context.gate.release(tx, ourselves, [stored]) : []
  if (!released) return
  const { error: _, ...rest } = resourceOf(released)
  const resource = { ...rest, status, ...(error === undefined ? {} : { error }) }
  await writeAll(tx, { ...context, access: ourselves }, [
    { type: 'Subscription', id, resource, method: 'PUT', fresh: false, ifMatch: undefined },
  ])
}
