import { printScopes } from '../../access/scope.ts'
import type { Resource } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { isListedUrl } from '../listed-url.ts'
import { criteriaOf } from './criteria.ts'
import { ourselves } from './ourselves.ts'
import { register, unregister } from './records.ts'
import { readWatch } from './rules.ts'

/**
 * Takes a Subscription into service, or out of it when it says so. In the transaction that writes it: none
 * stands that cannot be served.
 *
 * @throws FhirError 422 for one that this server does not serve, 403 for one that asks for more than its
 *   writer may see
 */
export async function serveSubscription(
  tx: Tx,
  context: Context,
  id: string,
  resource: Resource,
): Promise<void> {
  const { access } = context
  if (access === ourselves) return
  const { status } = resource
  if (status !== 'requested' && status !== 'active') return unregister(tx, id)
  if (access.kind !== 'care') throw FhirError.forbidden('Subscription: on the care base only')
  const watch = readWatch(resource, context.base, (endpoint) => isListedUrl(context.notifiable, endpoint))
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

/** One that was deleted is served no more. */
export async function withdrawSubscription(tx: Tx, id: string): Promise<void> {
  await unregister(tx, id)
}
