import { Module } from '@nestjs/common'
import { ConsoleModule } from './console/console.module.ts'
import { EngineModule } from './engine.module.ts'
import { ErasureModule } from './governance/erasure.module.ts'
import { LinkageModule } from './linkage/linkage.module.ts'
import { ReindexModule } from './reindex/reindex.module.ts'
import { BulkExportModule } from './rest/bulk-export.module.ts'
import { BulkImportModule } from './rest/bulk-import.module.ts'
import { RestModule } from './rest/rest.module.ts'
import { SubscriptionModule } from './subscription/subscription.module.ts'

/** The whole server. */
@Module({
  imports: [
    EngineModule,
    ErasureModule,
    RestModule,
    BulkExportModule,
    BulkImportModule,
    ReindexModule,
    SubscriptionModule,
    LinkageModule,
    ConsoleModule,
  ],
})
export class AppModule {}
