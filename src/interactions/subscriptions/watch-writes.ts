import { printScopes } from '../../access/scope.ts'
import type { Resource } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import type { Written } from '../write.ts'
import { criteriaOf } from './criteria.ts'
import { ourselves } from './ourselves.ts'
import { recordChanges, register, unregister } from './records.ts'
import { readWatch } from './rules.ts'

/**
 * Puts new versions into the outbox, and takes Subscriptions among them into service. In the
 * transaction that writes them: no change is lost, and no Subscription stands that cannot be served.
 *
 * @throws FhirError 422 for a Subscription that this server does not serve, 403 for one that asks for
 *   more than its writer may see
 */
export async function watchWrites(tx: Tx, context: Context, written: readonly Written[]): Promise<void> {
  for (const one of written) {
    if (one.type === 'Subscription') await serve(tx, context, one.internal, one.resource)
  }
  await recordChanges(
    tx,
    written.map(({ type, internal, version, created }) => ({ type, id: internal, version, created })),
  )
}

/** A Subscription that was deleted is served no more. */
export async function watchDelete(tx: Tx, type: string, id: string): Promise<void> {
  if (type === 'Subscription') await unregister(tx, id)
}

async function serve(tx: Tx, context: Context, id: string, resource: Resource): Promise<void> {
  const { access } = context
  if (access === ourselves) return
  const { status } = resource
  if (status !== 'requested' && status !== 'active') return unregister(tx, id)
  if (access.kind !== 'care') throw FhirError.forbidden('Subscription: on the care base only')
  const watch = readWatch(resource, context.base, (endpoint) => isNotifiable(context, endpoint))
  await criteriaOf(tx, context, watch)
  const owner = {
    clientId: access.caller.clientId,
    userId: access.caller.userId,
    scopes: printScopes(access.scopes),
    patient: access.patient,
  }
  const { type, heartbeatSeconds, endsAt } = watch
  await register(tx, { id, type, ...owner, heartbeatSeconds, endsAt }, context.now())
}

/** By whole URL, as the parser reads it: `https://ehr.example@evil/` begins like one of ours, and is none. */
export function isNotifiable({ notifiable }: Pick<Context, 'notifiable'>, endpoint: string): boolean {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (!url || url.username !== '' || url.password !== '') return false
  return notifiable.some((prefix) => url.href.startsWith(new URL(prefix).href))
}
