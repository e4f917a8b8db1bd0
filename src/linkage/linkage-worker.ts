import { setTimeout as sleep } from 'node:timers/promises'
import type { Evidence } from '../identity/linkage/evidence.ts'
import type { Context } from '../interactions/context.ts'
import { postponeNoted, takeNoted, type LinkageWork } from '../store/linkage-notes.ts'
import type { Tx } from '../store/tx.ts'
import type { LinkageContexts } from './linkage-context.ts'
import { look } from './look.ts'
import { moveOn } from './move-on.ts'
import { settleLinks } from './settle-links.ts'

const idleMs = 2_000
/** Patients looked at in one transaction; links are settled one by one, for the lock that it takes. */
const looksAtOnce = 20
/** Resources that a large merge moves in one transaction. */
const movedAtOnce = 1_000
/** What cannot be done for one Patient is tried again after so long. */
const postponedSeconds = 600

/**
 * Does what is noted for record linkage, beside the requests. Any number of processes share the work: a note
 * is taken, and gone, in the transaction that does what it says.
 */
export class LinkageWorker {
  private readonly context: Context
  private readonly moving: Context
  private readonly evidence: Evidence
  private readonly report: (error: unknown) => void
  private readonly stopping = new AbortController()
  private readonly movedAtOnce: number
  private readonly looks: boolean
  private running: Promise<void> = Promise.resolve()
  private movesAgainAt = 0

  /**
   * @param report told of an error that was nobody's request; gets no data of patients
   * @param options `atOnce`: how many resources a merge looks at in one transaction; `looks`: whether it looks
   *   at who was written, beside going on with what is decided
   */
  constructor(
    { own, moving }: Pick<LinkageContexts, 'own' | 'moving'>,
    evidence: Evidence,
    report: (error: unknown) => void,
    { atOnce = movedAtOnce, looks = true }: { readonly atOnce?: number; readonly looks?: boolean } = {},
  ) {
    this.context = own
    this.moving = moving
    this.evidence = evidence
    this.report = report
    this.movedAtOnce = atOnce
    this.looks = looks
  }

  start(): void {
    this.running = this.run(this.stopping.signal)
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  /** Does the next pieces of work. @returns how many Patients they were about; 0: there is none */
  async step(): Promise<number> {
    // links first: who is found is linked at once, whatever is still to be looked at
    const linked = await this.take('link', 1)
    return linked || (await this.move()) + (this.looks ? await this.take('look', looksAtOnce) : 0)
  }

  /** Goes on with the oldest merge that has not moved everything yet. */
  private async move(): Promise<number> {
    const { moving } = this
    if (moving.now().getTime() < this.movesAgainAt) return 0
    try {
      return await moving.store.transaction('care', (tx) => moveOn(tx, moving, this.movedAtOnce))
    } catch (error) {
      this.movesAgainAt = moving.now().getTime() + postponedSeconds * 1000
      throw error
    }
  }

  private async take(work: LinkageWork, limit: number): Promise<number> {
    let taken: string[] = []
    try {
      await this.context.store.transaction('care', async (tx) => {
        taken = await takeNoted(tx, work, limit)
        for (const patient of taken) await this.perform(tx, work, patient)
      })
    } catch (error) {
      if (taken.length === 0) throw error
      await this.oneByOne(work, taken)
    }
    return taken.length
  }

  /** The notes of a batch that failed are still there: what can be done is done, the rest is put off. */
  private async oneByOne(work: LinkageWork, patients: readonly string[]): Promise<void> {
    const { store } = this.context
    for (const patient of patients) {
      try {
        await store.transaction('care', (tx) => this.perform(tx, work, patient))
      } catch (error) {
        this.report(error)
      }
      // done or not, its note is not the next one that is taken
      await store.transaction('care', (tx) => postponeNoted(tx, work, [patient], postponedSeconds))
    }
  }

  private async perform(tx: Tx, work: LinkageWork, patient: string): Promise<void> {
    if (work === 'look') await look(tx, this.context, this.evidence, patient)
    else await settleLinks(tx, this.context, patient)
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const done = await this.step().catch((error: unknown) => {
        if (!signal.aborted) this.report(error)
        return 0
      })
      if (done === 0) await sleep(idleMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
