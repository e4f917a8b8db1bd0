import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../interactions/context.ts'
import { forgetEvents } from '../interactions/subscriptions/records.ts'
import type { Store } from '../store/store.ts'
import { judgeChanges } from './matcher.ts'
import type { Notifier } from './notifier.ts'
import type { Subscribers } from './subscribers.ts'

const idleMs = 250
const sweepMs = 600_000
/** So long `$events` can tell what was delivered. */
const keptMs = 7 * 86_400_000

interface Options {
  readonly store: Store
  readonly context: Context
  readonly subscribers: Subscribers
  readonly notifier: Notifier
  /** told of an error that was nobody's request; gets no data of patients */
  readonly report: (error: unknown) => void
}

/** The judge of the outbox, the caller of endpoints and the sweep of this process; others run theirs beside. */
export class SubscriptionWorkers {
  private readonly options: Options
  private readonly count: number
  private readonly stopping = new AbortController()
  private running: readonly Promise<void>[] = []

  /** @param count calls under way at once; 0: another process does it all */
  constructor(options: Options, count: number) {
    this.options = options
    this.count = count
  }

  start(): void {
    if (this.count === 0) return
    const { store, context, subscribers, notifier } = this.options
    const { signal } = this.stopping
    const judge = () => store.transaction('care', (tx) => judgeChanges(tx, context, subscribers))
    const sweep = async () => {
      const before = new Date(context.now().getTime() - keptMs)
      await store.transaction('care', (tx) => forgetEvents(tx, before))
      return false
    }
    const callers = Array.from({ length: this.count }, () => this.loop(() => notifier.step(signal), idleMs))
    this.running = [this.loop(judge, idleMs), this.loop(sweep, sweepMs), ...callers]
  }

  async stop(): Promise<void> {
    this.stopping.abort(new Error('the process ends'))
    await Promise.all(this.running)
  }

  private async loop(work: () => Promise<boolean>, restMs: number): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      const worked = await work().catch((error: unknown) => {
        if (!signal.aborted) this.options.report(error)
        return false
      })
      if (!worked) await sleep(restMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
