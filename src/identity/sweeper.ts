import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common'
import { livingVersions } from '../store/seals.ts'
import type { Store } from '../store/store.ts'
import { settle } from '../store/writers.ts'
import { holdSweep, pendingNotes, sweepNotes, type PendingNote } from './vault-pending.ts'

/** Notes are left alone so long: a reader's snapshot may be older than what took the place of what it reads. */
const graceMs = 5 * 60_000
const everyMs = 60_000
const batch = 1_000

/**
 * Takes out of a vault on another server what is not, or is no longer, of any clinical row: the vault's part
 * of writes that were not committed, of versions that were expunged, and the blind index of former ones.
 */
export class Sweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly store: Store
  private readonly ending = new AbortController()
  private timer: NodeJS.Timeout | undefined
  private running: Promise<unknown> = Promise.resolve()

  constructor(store: Store) {
    this.store = store
  }

  onApplicationBootstrap(): void {
    if (this.store.isSplit) this.schedule(0)
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer)
    this.ending.abort()
    await this.running
  }

  /**
   * Sweeps until no note is older than this, or another process does it.
   *
   * @returns how many versions no clinical row had
   * @throws the reason of the end, when the process ends
   */
  async sweep(olderThanMs = graceMs): Promise<number> {
    let dead = 0
    for (;;) {
      const swept = await this.sweepBatch(olderThanMs)
      if (swept === undefined) return dead
      dead += swept
    }
  }

  private schedule(afterMs: number): void {
    this.timer = setTimeout(() => {
      // a server that is away now is asked again later; the notes stay
      this.running = this.sweep()
        .catch(() => undefined)
        .then(() => !this.ending.signal.aborted && this.schedule(everyMs))
    }, afterMs)
    this.timer.unref()
  }

  /** @returns undefined: there is nothing to do */
  private async sweepBatch(olderThanMs: number): Promise<number | undefined> {
    const { store } = this
    return store.transaction('care', async (tx) => {
      if (!(await holdSweep(tx))) return undefined
      const notes = await pendingNotes(tx, olderThanMs, batch)
      if (notes.length === 0) return undefined
      // who noted holds clinical locks until it is decided; when all who write now have ended, it is
      await settle(store, this.ending.signal)
      const living = await store.read('care', (now) => livingVersions(now, notes))
      const places = new Set(living.map(placeOf))
      const dead = notes.filter((note) => note.seal !== '0' && !places.has(placeOf(note)))
      const current = living.filter((version) => version.current)
      await sweepNotes(tx, notes, dead, new Map(current.map(({ type, id, seal }) => [`${type}/${id}`, seal])))
      return dead.length
    })
  }
}

function placeOf({ patient, seal }: Pick<PendingNote, 'patient' | 'seal'>): string {
  return `${patient}/${seal}`
}
