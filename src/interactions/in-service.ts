import { noteLinkage } from '../store/linkage-notes.ts'
import type { Tx } from '../store/tx.ts'
import type { Context } from './context.ts'
import { serveParameter, withdrawParameter } from './search-parameters/serve.ts'
import { recordChanges } from './subscriptions/records.ts'
import { serveSubscription, withdrawSubscription } from './subscriptions/serve.ts'
import type { Written } from './write.ts'

/**
 * What new versions set in motion, in the transaction that writes them: they go into the outbox of
 * Subscriptions, and those that change what this server does are taken into service.
 *
 * @throws FhirError 422 for a Subscription or SearchParameter that this server could not serve
 */
export async function putInService(tx: Tx, context: Context, written: readonly Written[]): Promise<void> {
  for (const { type, internal, resource } of written) {
    if (type === 'Subscription') await serveSubscription(tx, context, internal, resource)
    if (type === 'SearchParameter') await serveParameter(tx, context, internal, resource)
  }
  await recordChanges(
    tx,
    written.map(({ type, internal, version, created }) => ({ type, id: internal, version, created })),
  )
}

/** What was deleted is in service no more. @param id internal */
export async function takeOutOfService(tx: Tx, type: string, id: string): Promise<void> {
  if (type === 'Subscription') await withdrawSubscription(tx, id)
  if (type === 'SearchParameter') await withdrawParameter(tx, id)
  if (type === 'Patient') await noteLinkage(tx, 'look', [id])
}
