import { Module } from '@nestjs/common'
import { EngineModule } from './engine.module.ts'
import { BulkExportModule } from './rest/bulk-export.module.ts'
import { RestModule } from './rest/rest.module.ts'
import { SubscriptionModule } from './subscription/subscription.module.ts'

/** The whole server. */
@Module({ imports: [EngineModule, RestModule, BulkExportModule, SubscriptionModule] })
export class AppModule {}
