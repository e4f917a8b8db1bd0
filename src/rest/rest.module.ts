import { Module } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.ts'
import { AuthModule } from '../auth/auth.module.ts'
import { GovernanceModule } from '../governance/governance.module.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { StoreModule } from '../store/store.module.ts'
import { RequestAccess } from './access.ts'
import { CareController } from './care.controller.ts'
import { Exchange } from './exchange.ts'
import { HealthController } from './health.controller.ts'
import { LandingController } from './landing.controller.ts'
import { ResearchController } from './research.controller.ts'

/** The FHIR bases over HTTP, and what stands beside them. */
@Module({
  imports: [StoreModule, IdentityModule, AuditModule, AuthModule, GovernanceModule],
  controllers: [LandingController, HealthController, CareController, ResearchController],
  providers: [RequestAccess, Exchange],
  exports: [RequestAccess],
})
export class RestModule {}
