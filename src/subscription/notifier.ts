import type { Trail } from '../audit/trail.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Context } from '../interactions/context.ts'
import { notificationBundle, type Notification } from '../interactions/subscriptions/notification.ts'
import {
  claimDue,
  eventsFrom,
  findSubscriptions,
  markDelivered,
  settle,
  type SubscriptionEvent,
  type SubscriptionRow,
} from '../interactions/subscriptions/records.ts'
import type { Watch } from '../interactions/subscriptions/rules.ts'
import { told } from '../interactions/subscriptions/told.ts'
import { nameOf } from '../interactions/judge.ts'
import { withHistory } from '../interactions/versions.ts'
import { nilPatient } from '../store/row.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tx.ts'
import { fail, writeStatus } from './fail.ts'
import { call } from './call.ts'
import type { Subscribers } from './subscribers.ts'

/** Some twelve hours of waiting in all, twice as long each time. */
const mostFailures = 20
const longestWaitMs = 3_600_000
const leaseMs = 60_000

/** Calls the endpoints of Subscriptions: until an event was taken, it is told again. */
export class Notifier {
  private readonly store: Store
  private readonly context: Context
  private readonly subscribers: Subscribers
  private readonly trail: Pick<Trail, 'record'>

  constructor(store: Store, context: Context, subscribers: Subscribers, trail: Pick<Trail, 'record'>) {
    this.store = store
    this.context = context
    this.subscribers = subscribers
    this.trail = trail
  }

  /** Makes the call that is due longest. @returns false when none is */
  async step(signal: AbortSignal): Promise<boolean> {
    const now = this.context.now()
    const until = new Date(now.getTime() + leaseMs)
    const row = await this.store.transaction('care', (tx) => claimDue(tx, now, until))
    if (!row) return false
    try {
      await this.serve(row, signal)
    } catch (error) {
      if (!(error instanceof FhirError) || error.status >= 500) throw error
      await this.store.transaction('care', (tx) =>
        fail(tx, this.context, row, 'what it asks for is no longer served'),
      )
    }
    return true
  }

  private async serve(row: SubscriptionRow, signal: AbortSignal): Promise<void> {
    if (row.endsAt !== undefined && row.endsAt <= this.context.now()) return this.end(row)
    const next = await this.store.transaction('care', (tx) => this.nextBatch(tx, row))
    const { watch, access, batch, visible } = next
    // what its owner may read no longer is passed over: its number alone has been used up
    if (batch.length > 0 && visible.length === 0) return this.taken(row, watch, batch)
    const text = await this.notification(row, watch, visible)
    if (!(await call(watch, text, signal))) return this.retry(row, signal)
    await this.trail.record({
      ...{ action: 'R', interaction: 'subscription-notification', outcome: 'success', access, base: '/fhir' },
      type: row.type,
      entities: visible.map(({ type, id, version }) => ({ type, id, version })),
      patients: [...new Set(visible.map(({ patient }) => patient))].filter(
        (patient) => patient !== nilPatient,
      ),
      at: this.context.now(),
    })
    await this.taken(row, watch, batch)
  }

  /** The events of the next call, and those of what the owner may still read: rights may have ended meanwhile. */
  private async nextBatch(tx: Tx, row: SubscriptionRow) {
    const { watch, access } = await this.subscribers.load(tx, row)
    const events = row.status === 'active' ? await eventsFrom(tx, row.id, row.delivered + 1, mostOf(row)) : []
    const batch = events.slice(0, watch.topic === undefined ? 1 : watch.maxCount)
    const within = await withHistory(tx, { ...this.context, access }, 'r', batch)
    return { watch, access, batch, visible: batch.filter((event) => within.has(nameOf(event))) }
  }

  /** @returns undefined for R4's own form: the call says that something happened, and no more */
  private async notification(
    row: SubscriptionRow,
    watch: Watch,
    batch: readonly SubscriptionEvent[],
  ): Promise<string | undefined> {
    if (watch.topic === undefined) return undefined
    const { gate, base } = this.context
    const events = await this.store.transaction('care', (tx) => told(tx, gate, batch))
    const type =
      row.status === 'requested' ? 'handshake' : batch.length > 0 ? 'event-notification' : 'heartbeat'
    const notification: Notification = {
      base,
      type,
      subscription: row,
      watch,
      events,
      now: this.context.now(),
    }
    return notificationBundle(notification)
  }

  private async taken(
    row: SubscriptionRow,
    watch: Watch,
    batch: readonly SubscriptionEvent[],
  ): Promise<void> {
    const last = batch.at(-1)
    const { heartbeatSeconds } = watch
    const dueAt =
      heartbeatSeconds === undefined
        ? undefined
        : new Date(this.context.now().getTime() + heartbeatSeconds * 1000)
    await this.store.transaction('care', async (tx) => {
      if (last) await markDelivered(tx, row.id, last.number)
      // somebody may have switched it off, or written it anew, while we called
      const [now] = await findSubscriptions(tx, [row.id])
      if (now?.status !== row.status) return
      await settle(tx, row.id, 'active', { dueAt, failures: 0 })
      if (row.status === 'requested') await writeStatus(tx, this.context, row.id, 'active')
    })
  }

  private async retry(row: SubscriptionRow, signal: AbortSignal): Promise<void> {
    const failures = row.failures + 1
    await this.store.transaction('care', async (tx) => {
      if (signal.aborted)
        return settle(tx, row.id, row.status, { dueAt: this.context.now(), failures: row.failures })
      if (failures >= mostFailures) return fail(tx, this.context, row, 'its endpoint does not answer')
      const wait = Math.min(2 ** failures * 1000, longestWaitMs)
      await settle(tx, row.id, row.status, { dueAt: new Date(this.context.now().getTime() + wait), failures })
    })
  }

  private async end(row: SubscriptionRow): Promise<void> {
    await this.store.transaction('care', async (tx) => {
      await settle(tx, row.id, 'off', { dueAt: undefined, failures: 0 })
      await writeStatus(tx, this.context, row.id, 'off')
    })
  }
}

function mostOf(row: SubscriptionRow): number {
  return Math.min(row.events - row.delivered, 100)
}
