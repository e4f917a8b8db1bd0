import { Logger, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.ts'
import { Trail } from '../audit/trail.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { Keepers } from '../governance/kept-of-patients.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { Evidence } from '../identity/linkage/evidence.ts'
import { Vault } from '../identity/vault.ts'
import { reporter } from '../log.ts'
import { forgetNoted } from '../store/linkage-notes.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { LinkageContexts } from './linkage-context.ts'
import { LinkageDesk } from './linkage-desk.ts'
import { LinkageController } from './linkage.controller.ts'
import { LinkageWorker } from './linkage-worker.ts'

const report = reporter(new Logger('linkage'))

/** Record linkage at entry: the worker beside the requests, and the steward's queue. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, AuthModule, GovernanceModule],
  controllers: [LinkageController],
  providers: [
    { provide: Evidence, inject: [Keyring], useFactory: (keyring: Keyring) => new Evidence(keyring) },
    {
      provide: LinkageContexts,
      inject: [Store, Gate, Keyring, Trail, Settings],
      useFactory: (store: Store, gate: Gate, keyring: Keyring, trail: Trail, settings: Settings) =>
        new LinkageContexts(store, gate, keyring, trail, settings),
    },
    {
      provide: LinkageDesk,
      inject: [LinkageContexts, Vault, Evidence],
      useFactory: (contexts: LinkageContexts, vault: Vault, evidence: Evidence) =>
        new LinkageDesk(contexts, vault, evidence),
    },
    {
      provide: LinkageWorker,
      inject: [LinkageContexts, Evidence, Settings],
      useFactory: (contexts: LinkageContexts, evidence: Evidence, settings: Settings) =>
        new LinkageWorker(contexts, evidence, report, { looks: settings.COFFRE_LINKAGE === 'on' }),
    },
  ],
})
export class LinkageModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly worker: LinkageWorker
  private readonly isWorking: boolean

  constructor(worker: LinkageWorker, keepers: Keepers, settings: Settings) {
    this.worker = worker
    this.isWorking = settings.COFFRE_WORKERS > 0
    keepers.add({ erase: forgetNoted })
  }

  onApplicationBootstrap(): void {
    if (this.isWorking) this.worker.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.worker.stop()
  }
}
