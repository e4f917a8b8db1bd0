import { setTimeout as sleep } from 'node:timers/promises'
import { setAddedParameters } from '../fhir/definitions.ts'
import { addedParameters } from '../store/search-parameters.ts'
import type { Store } from '../store/store.ts'

/** How soon a process knows of a parameter that another one put into service. */
export const registryMs = 500

/**
 * Keeps this process's search parameters as the database says. A build begins only when every process
 * has had the time to learn of its parameter: what is written from then on has it in its index.
 */
export class ParameterRegistry {
  private readonly store: Store
  private readonly report: (error: unknown) => void
  private readonly stopping = new AbortController()
  private known = '[]'
  private running: Promise<void> = Promise.resolve()

  /** @param report told of an error that was nobody's request */
  constructor(store: Store, report: (error: unknown) => void) {
    this.store = store
    this.report = report
  }

  /** Resolves when what is in service now is known. */
  async start(): Promise<void> {
    await this.refresh()
    this.running = this.watch(this.stopping.signal)
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(registryMs, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await this.refresh().catch(this.report)
    }
  }

  private async refresh(): Promise<void> {
    const added = await this.store.read('care', addedParameters)
    const parameters = added.map(({ parameter }) => parameter)
    const known = JSON.stringify(parameters)
    if (known === this.known) return
    setAddedParameters(parameters)
    this.known = known
  }
}
