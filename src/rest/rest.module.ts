import { Module } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { Gate } from '../governance/gate.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { Keepers } from '../governance/kept-of-patients.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { StoreModule } from '../store/store.module.ts'
import { Settings } from '../config.ts'
import { Keyring } from '../identity/keyring.ts'
import { AsyncJobs } from '../interactions/async/async-jobs.ts'
import { Store } from '../store/store.ts'
import { RequestAccess } from './access.ts'
import { AsyncController } from './async.controller.ts'
import { AsyncKickoff } from './async-kickoff.ts'
import { AsyncWorkers } from './async-workers.ts'
import { CareController } from './care.controller.ts'
import { Exchange } from './exchange.ts'
import { HealthController } from './health.controller.ts'
import { LaunchRecords } from './launch-records.ts'
import { ResearchController } from './research.controller.ts'

/** The FHIR bases over HTTP, and what stands beside them. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, AuthModule, GovernanceModule],
  controllers: [HealthController, AsyncController, CareController, ResearchController],
  providers: [
    {
      provide: AsyncJobs,
      inject: [Store, Keyring, Settings],
      useFactory: (store: Store, keyring: Keyring, { zone }: Settings) => new AsyncJobs(store, keyring, zone),
    },
    ...[RequestAccess, Exchange, AsyncKickoff, AsyncWorkers, LaunchRecords],
  ],
  exports: [RequestAccess, Exchange],
})
export class RestModule {
  constructor(gate: Gate, keepers: Keepers, jobs: AsyncJobs) {
    gate.opposing.withdrawals.keeps(jobs.kept)
    keepers.add(jobs.kept)
  }
}
