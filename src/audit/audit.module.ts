import { Module } from '@nestjs/common'
import { join } from 'node:path'
import { Settings } from '../config.ts'
import { IdentityModule } from '../identity/identity.module.ts'
import { Keyring } from '../identity/keyring.ts'
import { StoreModule } from '../store/store.module.ts'
import { Store } from '../store/store.ts'
import { Trail } from './trail.ts'

/** The trail of this process. */
@Module({
  imports: [StoreModule, IdentityModule],
  providers: [{ provide: Trail, inject: [Settings, Store, Keyring], useFactory: openTrail }],
  exports: [Trail],
})
export class AuditModule {}

function openTrail(settings: Settings, store: Store, keyring: Keyring): Promise<Trail> {
  const { publicUrl } = settings
  return Trail.open({ store, key: auditKey(keyring), anchors: anchorFolder(settings), publicUrl })
}

/** The key of the trail's chains. */
export function auditKey(keyring: Keyring): Buffer {
  return keyring.derive('audit')
}

/** Where the trail's anchors lie. */
export function anchorFolder({ dataDir }: Settings): string {
  return join(dataDir, 'audit')
}
