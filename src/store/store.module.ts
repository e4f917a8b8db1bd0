import { Module } from '@nestjs/common'
import { readSettings, Settings } from '../config.ts'
import { Database } from './database.ts'
import { Store } from './store.ts'

/** Settings and the connections to the database, for every module that imports it. */
@Module({
  providers: [
    { provide: Settings, useFactory: () => readSettings() },
    { provide: Database, inject: [Settings], useFactory: (settings: Settings) => Database.open(settings) },
    { provide: Store, inject: [Database], useFactory: openStore },
  ],
  exports: [Settings, Database, Store],
})
export class StoreModule {}

function openStore({ url, vaultUrl }: Database): Store {
  return new Store(url, undefined, vaultUrl)
}
