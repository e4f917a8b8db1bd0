import { Logger, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.ts'
import { Trail } from '../audit/trail.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { Clients } from '../auth/clients/clients.ts'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import type { Context } from '../interactions/context.ts'
import { pageSeal } from '../interactions/page.ts'
import { ourselves } from '../interactions/subscriptions/ourselves.ts'
import { validationOf } from '../interactions/validation.ts'
import { reporter } from '../log.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { Importer } from './importer.ts'
import { Imports } from './imports.ts'

const report = reporter(new Logger('import'))

/** Imports over HTTP, and the worker that fetches what they name. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, AuthModule, GovernanceModule],
  providers: [
    {
      provide: Imports,
      inject: [Store, Keyring, Trail],
      useFactory: (store: Store, keyring: Keyring, trail: Trail) => new Imports(store, keyring, trail),
    },
    {
      provide: Importer,
      inject: [Store, Gate, Keyring, Imports, Clients, Trail, Settings],
      useFactory: importer,
    },
  ],
  exports: [Imports],
})
export class ImportModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController()
  private readonly importer: Importer
  private readonly workers: number
  private running: Promise<void> = Promise.resolve()

  constructor(importer: Importer, settings: Settings) {
    this.importer = importer
    this.workers = settings.COFFRE_WORKERS
  }

  onApplicationBootstrap(): void {
    if (this.workers > 0) this.running = this.importer.run(this.stopping.signal)
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort()
    await this.running
  }
}

function importer(
  store: Store,
  gate: Gate,
  keyring: Keyring,
  imports: Imports,
  clients: Clients,
  trail: Trail,
  settings: Settings,
): Importer {
  const { zone, notifiable, importable, publicUrl } = settings
  const context: Context = {
    ...{ store, gate, zone, notifiable },
    access: ourselves,
    base: `${publicUrl}/fhir`,
    pages: pageSeal(keyring),
    demandValid: validationOf(settings),
    record: () => Promise.reject(new TypeError('nobody asks for this')),
    now: () => new Date(),
  }
  return new Importer({ store, context, imports, clients, trail, sources: importable, report })
}
