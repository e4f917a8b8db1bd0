import { Module } from '@nestjs/common'
import { AuditModule } from '../audit/audit.module.ts'
import { ExportModule } from '../export/export.module.ts'
import { StoreModule } from '../store/store.module.ts'
import { BulkExportController } from './bulk-export.controller.ts'
import { RestModule } from './rest.module.ts'

/** Bulk Data Access on both FHIR bases. */
@Module({
  imports: [StoreModule, AuditModule, ExportModule, RestModule],
  controllers: [BulkExportController],
})
export class BulkExportModule {}
