import {
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { reporter } from '../log.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { layBlindAnew } from './blind-layout.ts'
import { Reindexer } from './reindexer.ts'

const idleMs = 500
const rowsBetweenLines = 10_000
const logger = new Logger('reindex')
const report = reporter(logger)

/** The work of building indexes, in a process that has workers. */
@Module({
  imports: [StoreModule, GovernanceModule],
  providers: [
    {
      provide: Reindexer,
      inject: [Store, Gate],
      useFactory: (store: Store, gate: Gate) => new Reindexer(store, gate, () => new Date()),
    },
  ],
})
export class ReindexModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController()
  private readonly reindexer: Reindexer
  private readonly store: Store
  private readonly gate: Gate
  private readonly workers: number
  private running: Promise<void> = Promise.resolve()

  constructor(reindexer: Reindexer, store: Store, gate: Gate, settings: Settings) {
    this.reindexer = reindexer
    this.store = store
    this.gate = gate
    this.workers = settings.COFFRE_WORKERS
  }

  /** Before anything is answered. */
  onModuleInit(): Promise<void> {
    const tell = (rows: number) => {
      if (rows % rowsBetweenLines === 0) logger.log(`blind index: ${rows} rows laid anew`)
    }
    return layBlindAnew(this.store, this.gate, tell)
  }

  onApplicationBootstrap(): void {
    if (this.workers > 0) this.running = this.run(this.stopping.signal)
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const worked = await this.reindexer.step(signal).catch((error: unknown) => {
        if (!signal.aborted) report(error)
        return false
      })
      if (!worked) await sleep(idleMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
