import { Logger, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.ts'
import { Trail } from '../audit/trail.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { Clients } from '../auth/clients/clients.ts'
import { People } from '../auth/people/people.ts'
import { Settings } from '../config.ts'
import { Gate } from '../governance/gate.ts'
import { Keepers } from '../governance/kept-of-patients.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import type { Context } from '../interactions/context.ts'
import { pageSeal } from '../interactions/page.ts'
import { forgetPatient } from '../interactions/subscriptions/records.ts'
import { ourselves } from '../interactions/subscriptions/ourselves.ts'
import { validationOf } from '../interactions/validation.ts'
import { reporter } from '../log.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { Notifier } from './notifier.ts'
import { Subscribers } from './subscribers.ts'
import { SubscriptionWorkers } from './subscription-workers.ts'

const report = reporter(new Logger('subscription'))

/** Subscriptions of the care base: changes are judged and endpoints called beside the requests. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, AuthModule, GovernanceModule],
  providers: [
    {
      provide: SubscriptionWorkers,
      inject: [Store, Gate, Keyring, Clients, People, Trail, Settings],
      useFactory: workers,
    },
  ],
})
export class SubscriptionModule implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly workers: SubscriptionWorkers

  constructor(workers: SubscriptionWorkers, keepers: Keepers) {
    this.workers = workers
    keepers.add({ erase: forgetPatient })
  }

  onApplicationBootstrap(): void {
    this.workers.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.workers.stop()
  }
}

function workers(
  store: Store,
  gate: Gate,
  keyring: Keyring,
  clients: Clients,
  people: People,
  trail: Trail,
  settings: Settings,
): SubscriptionWorkers {
  const { zone, notifiable, publicUrl } = settings
  const context: Context = {
    ...{ store, gate, zone, notifiable },
    access: ourselves,
    base: `${publicUrl}/fhir`,
    pages: pageSeal(keyring),
    demandValid: validationOf(settings),
    // what the server writes of its own is the status of a Subscription: told by the resource's versions
    record: () => Promise.resolve(),
    now: () => new Date(),
  }
  const subscribers = new Subscribers(clients, people, context)
  const notifier = new Notifier(store, context, subscribers, trail)
  return new SubscriptionWorkers({ store, context, subscribers, notifier, report }, settings.COFFRE_WORKERS)
}
