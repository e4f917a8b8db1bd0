import { randomUUID } from 'node:crypto'
import type { Gate } from '../governance/gate.ts'
import { lock } from '../store/lock.ts'
import {
  claimReindex,
  countRows,
  endReindex,
  noteDone,
  replaceIndex,
  rowsAfter,
  type Reindex,
} from '../store/reindex.ts'
import { currents } from '../store/resources.ts'
import type { StoredRow } from '../store/row.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tx.ts'
import { settle } from '../store/writers.ts'
import { registryMs } from './parameter-registry.ts'

/** Every process has looked at the registry thrice by then. */
const graceMs = 3 * registryMs
const rowsAtOnce = 200
const leaseSeconds = 60

/** Indexes rows anew, beside the requests; any number of processes share the work. */
export class Reindexer {
  private readonly store: Store
  private readonly gate: Gate
  private readonly now: () => Date

  constructor(store: Store, gate: Gate, now: () => Date) {
    this.store = store
    this.gate = gate
    this.now = now
  }

  /** Does one piece of work to its end, or to the signal. @returns false when there is none */
  async step(signal: AbortSignal): Promise<boolean> {
    const lease = randomUUID()
    const before = new Date(this.now().getTime() - graceMs)
    const job = await this.store.transaction('care', (tx) => claimReindex(tx, lease, leaseSeconds, before))
    if (!job) return false
    // what was written by a process that did not know of the parameter yet is committed then
    await settle(this.store, signal)
    await this.store.transaction('care', (tx) => countRows(tx, job))
    let last = job.last
    while (!signal.aborted) {
      const found = await this.batch({ ...job, last }, lease)
      if (found === 'lost') return true
      if (found === undefined) {
        await this.store.transaction('care', (tx) => endReindex(tx, job.id, lease))
        return true
      }
      last = found
    }
    return true
  }

  /** @returns the last row of the batch; undefined: there was none; `lost`: another does the work */
  private batch(job: Reindex, lease: string): Promise<Reindex['last'] | 'lost'> {
    return this.store.transaction('care', async (tx) => {
      const next = await rowsAfter(tx, job, rowsAtOnce)
      const last = next.at(-1)
      if (!last) return undefined
      await indexAnew(tx, this.gate, next)
      const kept = await noteDone(tx, job.id, lease, { last, done: next.length, leaseSeconds })
      // what was done is right, whoever did it
      return kept ? { type: last.type, id: last.id } : 'lost'
    })
  }
}

/** Makes anew all that these resources are found by, as they are once their locks are held; what is gone needs none. */
export async function indexAnew(
  tx: Tx,
  gate: Gate,
  resources: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  await lock(tx, resources)
  const rows: StoredRow[] = await currents(tx, resources)
  await replaceIndex(tx, await gate.reindex(tx, rows))
}
