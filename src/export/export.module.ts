import { Logger, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { join } from 'node:path'
import { AuditModule } from '../audit/audit.module.ts'
import { Trail } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { Keepers } from '../governance/kept-of-patients.ts'
import { Permits } from '../governance/permits.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { reporter } from '../log.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { Exports } from './exports.ts'
import { Safes } from './safes.ts'
import { keptExports } from './take-back.ts'
import { ExportWorkers } from './workers.ts'

const now = () => new Date()
const report = reporter(new Logger('export'))

/** Bulk exports: the queue, the workers of this process, the safes. Every table of theirs is in `jobs.ts`. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, GovernanceModule],
  providers: [
    {
      provide: Safes,
      inject: [Keyring, Settings],
      useFactory: (keyring: Keyring, settings: Settings) =>
        new Safes(keyring, join(settings.dataDir, 'safes')),
    },
    {
      provide: Exports,
      inject: [Store, Gate, Safes, Trail, Settings],
      useFactory: (store: Store, gate: Gate, safes: Safes, trail: Trail, { zone }: Settings) =>
        new Exports({ store, gate, safes, trail, zone, now }),
    },
    {
      provide: ExportWorkers,
      inject: [Store, Gate, Permits, Safes, Settings],
      useFactory: (store: Store, gate: Gate, permits: Permits, safes: Safes, settings: Settings) =>
        new ExportWorkers(
          { store, gate, permits, safes, zone: settings.zone, now, report },
          settings.COFFRE_WORKERS,
        ),
    },
  ],
  exports: [Exports],
})
export class ExportModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly workers: ExportWorkers

  constructor(workers: ExportWorkers, gate: Gate, keepers: Keepers, safes: Safes) {
    this.workers = workers
    const kept = keptExports(safes, now)
    gate.opposing.withdrawals.keeps(kept)
    keepers.add(kept)
  }

  onApplicationBootstrap(): void {
    this.workers.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.workers.stop()
  }
}
