import { Module } from '@nestjs/common'
import { ImportModule } from '../import/import.module.ts'
import { StoreModule } from '../store/store.module.ts'
import { BulkImportController } from './bulk-import.controller.ts'
import { RestModule } from './rest.module.ts'

/** `$import` on the care base. */
@Module({ imports: [StoreModule, ImportModule, RestModule], controllers: [BulkImportController] })
export class BulkImportModule {}
