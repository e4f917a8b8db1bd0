import {
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { AuditModule } from '../audit/audit.module.ts'
import { Trail } from '../audit/trail.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { Settings } from '../config.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { Vault } from '../identity/vault.ts'
import { reporter } from '../log.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { eraseAgain } from './erase-again.ts'
import { ErasedList } from './erased-list.ts'
import { CertificateSeal } from './erasure-certificate.ts'
import { ErasuresController } from './erasures.controller.ts'
import { Erasures } from './erasures.ts'
import { Erasing } from './erasing.ts'
import { Gate } from './gate.ts'
import { GovernanceModule } from './governance.module.ts'
import { Keepers } from './kept-of-patients.ts'
import { forgetEmergencies } from './emergencies.ts'
import { forgetMerges } from './merges.ts'

/** How often erasures are looked for that wait for their proof, or that a crash has left. */
const everyMs = 15_000
const report = reporter(new Logger('erasure'))

/** Erasure: the desk's API, the work, and before anything else the second erasure of what a backup brought back. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, AuthModule, GovernanceModule],
  controllers: [ErasuresController],
  providers: [
    {
      provide: ErasedList,
      inject: [Keyring, Settings],
      useFactory: (keyring: Keyring, { dataDir }: Settings) => new ErasedList(keyring, dataDir),
    },
    {
      provide: CertificateSeal,
      inject: [Keyring],
      useFactory: (keyring: Keyring) => new CertificateSeal(keyring),
    },
    {
      provide: Erasing,
      inject: [Store, Gate, Vault, Keepers, Trail, ErasedList, CertificateSeal],
      useFactory: (
        store: Store,
        gate: Gate,
        vault: Vault,
        keepers: Keepers,
        trail: Trail,
        list: ErasedList,
        seal: CertificateSeal,
      ) => new Erasing({ store, gate, vault, keepers, trail, list, seal }),
    },
    Erasures,
  ],
})
export class ErasureModule implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly store: Store
  private readonly list: ErasedList
  private readonly erasing: Erasing
  private readonly stopping = new AbortController()
  private running: Promise<void> = Promise.resolve()

  constructor(store: Store, list: ErasedList, erasing: Erasing, keepers: Keepers) {
    this.store = store
    this.list = list
    this.erasing = erasing
    keepers.add({ erase: forgetMerges })
    keepers.add({ erase: forgetEmergencies })
  }

  async onModuleInit(): Promise<void> {
    const { store, list, erasing } = this
    await eraseAgain({ store, list, erasing }, new Date())
  }

  onApplicationBootstrap(): void {
    this.running = this.work(this.stopping.signal)
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the process ends'))
    await this.running
  }

  private async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.erasing.proceedAll(new Date()).catch(report)
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
