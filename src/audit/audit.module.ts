import { Module } from '@nestjs/common'
import { Settings } from '../config.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { anchorFolder } from './anchor.ts'
import { keyPurpose } from './chain.ts'
import { Trail } from './trail.ts'

/** The trail of this process. */
@Module({
  imports: [StoreModule, IdentityModule],
  providers: [{ provide: Trail, inject: [Settings, Store, Keyring], useFactory: openTrail }],
  exports: [Trail],
})
export class AuditModule {}

function openTrail({ dataDir, publicUrl }: Settings, store: Store, keyring: Keyring): Promise<Trail> {
  return Trail.open({ store, key: keyring.derive(keyPurpose), anchors: anchorFolder(dataDir), publicUrl })
}
