import { Module, type OnModuleInit } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { AuditModule } from '../audit/audit.module.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { Authorizations } from '../auth/oauth/authorizations.ts'
import { ResearchBases } from '../auth/research-bases.ts'
import { Settings } from '../config.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { Vault } from '../identity/vault.ts'
import { StoreModule } from '../store/store.module.ts'
import { governanceEntities } from './entities.ts'
import { AccessReportsController } from './access-reports.controller.ts'
import { AccessReports } from './access-report.ts'
import { Gate } from './gate.ts'
import { Keepers } from './kept-of-patients.ts'
import { OppositionsController } from './oppositions.controller.ts'
import { Oppositions } from './oppositions.ts'
import { PermitLifecycle } from './permit-lifecycle.ts'
import { PermitsController } from './permits.controller.ts'
import { Permits } from './permits.ts'
import { AlertsController } from './alerts.controller.ts'
import { ClientsController } from './clients.controller.ts'
import { EmergenciesController } from './emergencies.controller.ts'
import { Emergencies } from './emergencies.ts'
import { ReidentificationsController } from './reidentifications.controller.ts'
import { Reidentifications } from './reidentifications.ts'
import { RequestsController } from './requests.controller.ts'
import { Requests } from './requests.ts'

/** Requests, permits, and the one door between care and research. */
@Module({
  imports: [
    StoreModule,
    IdentityModule,
    AuditModule,
    AuthModule,
    TypeOrmModule.forFeature(governanceEntities),
  ],
  controllers: [
    RequestsController,
    PermitsController,
    OppositionsController,
    ReidentificationsController,
    AlertsController,
    EmergenciesController,
    ClientsController,
    AccessReportsController,
  ],
  providers: [
    ...[Requests, Permits, PermitLifecycle, Oppositions, Reidentifications, AccessReports, Emergencies],
    Keepers,
    {
      provide: Gate,
      inject: [Vault, Permits, Keyring, Settings],
      useFactory: (vault: Vault, permits: Permits, keyring: Keyring, settings: Settings) =>
        new Gate(vault, permits, keyring, settings.zone, `${settings.publicUrl}/fhir`),
    },
  ],
  exports: [Gate, Keepers, Permits],
})
export class GovernanceModule implements OnModuleInit {
  private readonly bases: ResearchBases
  private readonly permits: Permits
  private readonly authorizations: Authorizations
  private readonly emergencies: Emergencies

  constructor(
    bases: ResearchBases,
    permits: Permits,
    authorizations: Authorizations,
    emergencies: Emergencies,
  ) {
    this.bases = bases
    this.permits = permits
    this.authorizations = authorizations
    this.emergencies = emergencies
  }

  onModuleInit(): void {
    this.bases.provideFrom(this.permits)
    this.authorizations.tellOfBrokenGlass((event) => this.emergencies.tell(event))
  }
}
