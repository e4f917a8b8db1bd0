import { Module } from '@nestjs/common'
import { Settings } from '../config.ts'
import { Store } from '../store/store.ts'
import { StoreModule } from '../store/store.module.ts'
import { Keyring } from './keyring.ts'
import { openKeys } from './open-keys.ts'
import { Sweeper } from './sweeper.ts'
import { Vault } from './vault.ts'

/** The keyring and the vault it opens. Start-up ends here when the two do not belong together. */
@Module({
  imports: [StoreModule],
  providers: [
    {
      provide: Keyring,
      inject: [Settings, Store],
      useFactory: (settings: Settings, store: Store) => openKeys(settings, store),
    },
    { provide: Vault, inject: [Keyring, Store], useFactory: openVault },
    { provide: Sweeper, inject: [Store], useFactory: (store: Store) => new Sweeper(store) },
  ],
  exports: [Keyring, Vault],
})
export class IdentityModule {}

async function openVault(keyring: Keyring, store: Store): Promise<Vault> {
  const vault = new Vault(keyring)
  await store.transaction('care', (tx) => vault.demandKeyring(tx))
  return vault
}
