import { Module } from '@nestjs/common'
import { IdentityModule } from './identity/identity.module.ts'
import { demandVersions, namingTheSetting } from './identity/key-versions.ts'
import { Keyring } from './identity/keyring.ts'
import { Store } from './store/store.ts'
import { StoreModule } from './store/store.module.ts'
import { wrappedPlaces } from './wrapped-places.ts'

/** Ends the start where the keyring lacks a version that something in the database needs. */
@Module({
  imports: [StoreModule, IdentityModule],
  providers: [
    {
      provide: 'key versions',
      inject: [Keyring, Store],
      useFactory: (keyring: Keyring, store: Store) =>
        namingTheSetting(() => demandVersions({ keyring, store, places: wrappedPlaces })),
    },
  ],
})
export class KeysModule {}
