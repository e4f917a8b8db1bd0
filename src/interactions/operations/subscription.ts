import { FhirError } from '../../fhir/outcome.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import { bundleText } from '../bundle-text.ts'
import type { Context } from '../context.ts'
import { nameOf, permitsAll } from '../judge.ts'
import { findCurrent } from '../read.ts'
import { resourceOf, seen } from '../released.ts'
import { notificationBundle, subscriptionStatus, type Notification } from '../subscriptions/notification.ts'
import { eventsFrom, findSubscriptions, type SubscriptionRow } from '../subscriptions/records.ts'
import { readWatch, type Watch } from '../subscriptions/rules.ts'
import { told } from '../subscriptions/told.ts'
import { withHistory } from '../versions.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, textOf } from './parameters.ts'

const definitions = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/'
const mostEvents = 100
const mostSubscriptions = 50

/** Where Subscriptions stand. @see Subscriptions R5 Backport 1.1 § Operation $status */
export const status: Operation = {
  name: 'status',
  definition: `${definitions}backport-subscription-status`,
  levels: ['type', 'instance'],
  types: ['Subscription'],
  affectsState: false,
  async perform(tx, context, call) {
    demandKnown(call.parameters, ['id'])
    const ids = call.id === undefined ? idsOf(call) : [call.id]
    const found = []
    for (const id of ids) found.push(await standing(tx, context, id))
    const entries = found.map(({ row, watch }) => ({
      resource: JSON.stringify(
        subscriptionStatus({ ...about(context, row, watch), type: 'query-status', events: [] }),
      ),
      search: 'match' as const,
    }))
    const body = bundleText({ type: 'searchset', now: context.now(), total: entries.length, entries })
    const released = found.map((one) => one.released)
    return { status: 200, body, accesses: [seen(context.access, '$status', 'Subscription', released)] }
  },
}

/** Events that were told, or are to be. @see Subscriptions R5 Backport 1.1 § Operation $events */
export const events: Operation = {
  name: 'events',
  definition: `${definitions}backport-subscription-events`,
  levels: ['instance'],
  types: ['Subscription'],
  affectsState: false,
  perform: eventsOf,
}

async function eventsOf(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demandKnown(call.parameters, ['eventsSinceNumber', 'eventsUntilNumber'])
  const since = numberOf(call, 'eventsSinceNumber') ?? 1
  const until = numberOf(call, 'eventsUntilNumber') ?? Number.MAX_SAFE_INTEGER
  const { row, watch, released } = await standing(tx, context, call.id ?? '')
  const recorded = await eventsFrom(tx, row.id, since, mostEvents)
  const asked = recorded.filter(({ number }) => number <= until)
  // what the caller cannot see now was told to an endpoint, and is not told to him
  const visible = await withHistory(tx, context, 'r', asked)
  const events = await told(
    tx,
    context.gate,
    asked.filter((event) => visible.has(nameOf(event))),
  )
  const body = notificationBundle({ ...about(context, row, watch), type: 'query-event', events })
  return { status: 200, body, accesses: [seen(context.access, '$events', 'Subscription', [released])] }
}

/**
 * Read as any resource is, under the caller's scopes. How often something happened is told to who wrote the
 * Subscription, and to who may see all that it watches.
 *
 * @throws FhirError 404 when it is not served; 403
 */
async function standing(tx: Tx, context: Context, id: string) {
  const released = await findCurrent(tx, context, 'Subscription', id)
  const [row] = await findSubscriptions(tx, [id])
  if (!row) throw FhirError.notFound('Subscription')
  if (!isOwn(context, row) && !permitsAll(context.access, row.type, 'r')) {
    throw FhirError.forbidden('Subscription: of another caller, and more than the scopes reach')
  }
  return { row, watch: readWatch(resourceOf(released), context.base, () => true), released }
}

function isOwn({ access }: Context, { clientId, userId, patient }: SubscriptionRow): boolean {
  const { caller } = access
  return (
    access.kind === 'care' &&
    access.patient === patient &&
    caller.clientId === clientId &&
    caller.userId === userId
  )
}

function about(
  context: Context,
  row: SubscriptionRow,
  watch: Watch,
): Pick<Notification, 'base' | 'subscription' | 'watch' | 'now'> {
  return { base: context.base, subscription: row, watch, now: context.now() }
}

function idsOf({ parameters }: OperationCall): string[] {
  const ids = parameters.flatMap(({ name, value }) => (name === 'id' ? String(value).split(',') : []))
  if (ids.length === 0 || ids.length > mostSubscriptions) {
    throw FhirError.invalid(`id: between one and ${mostSubscriptions} are needed`, 'id')
  }
  return ids
}

function numberOf({ parameters }: OperationCall, name: string): number | undefined {
  const text = textOf(parameters, name)
  if (text === undefined) return undefined
  if (!/^\d{1,15}$/.test(text)) throw FhirError.invalid(`${name}: a whole number expected`, name)
  return Number(text)
}
