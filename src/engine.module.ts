import { Module } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { AuditModule } from './audit/audit.module.ts'
import { AuthModule } from './auth/auth.module.ts'
import { authEntities } from './auth/entities.ts'
import { governanceEntities } from './governance/entities.ts'
import { GovernanceModule } from './governance/governance.module.ts'
import { IdentityModule } from './identity/identity.module.ts'
import { KeysModule } from './keys.module.ts'
import { connectionOptions, Database } from './store/database.ts'
import { SearchParameterModule } from './reindex/search-parameter.module.ts'
import { StoreModule } from './store/store.module.ts'

/** Connections for the rows of people, clients, requests and jobs; clinical rows have their own. */
const entityConnections = 8

/** All that the server is without HTTP on FHIR bases and without export workers: what the command line starts. */
@Module({
  imports: [
    StoreModule,
    IdentityModule,
    KeysModule,
    TypeOrmModule.forRootAsync({
      imports: [StoreModule],
      inject: [Database],
      useFactory: (database: Database) => ({
        type: 'postgres',
        url: database.url,
        entities: [...authEntities, ...governanceEntities],
        extra: { max: entityConnections, options: connectionOptions('care') },
      }),
    }),
    AuditModule,
    AuthModule,
    GovernanceModule,
    SearchParameterModule,
  ],
})
export class EngineModule {}
