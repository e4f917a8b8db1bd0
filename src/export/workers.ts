import { setTimeout as sleep } from 'node:timers/promises'
import { closeOverdue } from './expiry.ts'
import { ExportWorker, type WorkerOptions } from './worker.ts'

/** How soon after a permit's end its safes are closed; nobody can open them in between. */
const sweepMs = 10_000

/** The workers of this process, and the sweep that closes safes. Other processes may run theirs beside. */
export class ExportWorkers {
  private readonly options: WorkerOptions
  private readonly count: number
  private readonly stopping = new AbortController()
  private running: readonly Promise<void>[] = []

  /** @param count parts that are worked on at once; 0: another process does */
  constructor(options: WorkerOptions, count: number) {
    this.options = options
    this.count = count
  }

  start(): void {
    const { signal } = this.stopping
    const workers = Array.from({ length: this.count }, () => new ExportWorker(this.options).run(signal))
    this.running = [...workers, this.sweep(signal)]
  }

  /** Gives back the parts that are being worked on; resolves when that is done. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the process ends'))
    await Promise.all(this.running)
  }

  private async sweep(signal: AbortSignal): Promise<void> {
    const { store, safes, permits, now, report } = this.options
    while (!signal.aborted) {
      await closeOverdue(store, safes, permits, now()).catch(report)
      await sleep(sweepMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
