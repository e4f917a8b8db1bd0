import { randomUUID } from 'node:crypto'
import type { SubscriptionRow } from './records.ts'
import type { Watch } from './rules.ts'

export type NotificationType =
  'handshake' | 'heartbeat' | 'event-notification' | 'query-status' | 'query-event'

/** One event as it is told: which resource, by the id that the outside knows. */
export interface ToldEvent {
  readonly number: number
  readonly type: string
  readonly id: string
  readonly created: boolean
  readonly at: Date
}

export interface Notification {
  readonly base: string
  readonly type: NotificationType
  readonly subscription: Pick<SubscriptionRow, 'id' | 'status' | 'events'>
  readonly watch: Pick<Watch, 'topic' | 'content'>
  readonly events: readonly ToldEvent[]
  readonly now: Date
}

const profiles = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/'

/**
 * A notification: a Bundle of type history whose first entry says where the Subscription stands. The
 * resources themselves are never in it.
 *
 * @returns JSON text
 * @see Subscriptions R5 Backport 1.1 § Notifications, "FHIR R4"
 */
export function notificationBundle(notification: Notification): string {
  const { base, subscription, watch, events, now } = notification
  const status = {
    fullUrl: `urn:uuid:${randomUUID()}`,
    resource: subscriptionStatus(notification),
    request: { method: 'GET', url: `${base}/Subscription/${subscription.id}/$status` },
    response: { status: '200' },
  }
  const focuses = watch.content === 'empty' ? [] : events.map((event) => focusEntry(base, event))
  return JSON.stringify({
    resourceType: 'Bundle',
    meta: { profile: [`${profiles}backport-subscription-notification-r4`] },
    type: 'history',
    timestamp: now.toISOString(),
    entry: [status, ...focuses],
  })
}

function focusEntry(base: string, { type, id, created }: ToldEvent): object {
  const method = created ? 'POST' : 'PUT'
  return {
    fullUrl: `${base}/${type}/${id}`,
    request: { method, url: created ? type : `${type}/${id}` },
    response: { status: created ? '201' : '200' },
  }
}

/** The SubscriptionStatus of R5, as R4's Parameters. */
export function subscriptionStatus({ base, type, subscription, watch, events }: Notification): object {
  return {
    resourceType: 'Parameters',
    meta: { profile: [`${profiles}backport-subscription-status-r4`] },
    parameter: [
      { name: 'subscription', valueReference: { reference: `${base}/Subscription/${subscription.id}` } },
      ...(watch.topic === undefined ? [] : [{ name: 'topic', valueCanonical: watch.topic }]),
      { name: 'status', valueCode: subscription.status },
      { name: 'type', valueCode: type },
      { name: 'events-since-subscription-start', valueString: String(subscription.events) },
      ...events.map((event) => notificationEvent(base, watch, event)),
    ],
  }
}

function notificationEvent(base: string, { content }: Notification['watch'], event: ToldEvent): object {
  const focus = { name: 'focus', valueReference: { reference: `${base}/${event.type}/${event.id}` } }
  return {
    name: 'notification-event',
    part: [
      { name: 'event-number', valueString: String(event.number) },
      { name: 'timestamp', valueInstant: event.at.toISOString() },
      ...(content === 'empty' ? [] : [focus]),
    ],
  }
}
