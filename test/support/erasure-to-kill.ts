import { join } from 'node:path'
import { Trail } from '../../src/audit/trail.ts'
import { findErasure, markConfirmed } from '../../src/governance/erased.ts'
import { ErasedList } from '../../src/governance/erased-list.ts'
import { CertificateSeal } from '../../src/governance/erasure-certificate.ts'
import { Erasing } from '../../src/governance/erasing.ts'
import { Gate } from '../../src/governance/gate.ts'
import { Keepers } from '../../src/governance/kept-of-patients.ts'
import type { Permits } from '../../src/governance/permits.ts'
import { readKeyring } from '../../src/identity/keyring.ts'
import { Vault } from '../../src/identity/vault.ts'
import { Store } from '../../src/store/store.ts'

// node erasure-to-kill.ts {database} {data dir} {erasure} {time} {step}: kills itself at the step of that number
const [url = '', dataDir = '', erasure = '', time = '', step = ''] = process.argv.slice(2)

let left = Number(step)
const onStep = () => {
  if (--left === 0) process.kill(process.pid, 'SIGKILL')
}
const publicUrl = 'http://localhost'
const store = new Store(url, 4)
const keyring = readKeyring(join(dataDir, 'keyring.json'))
const vault = new Vault(keyring)
// an erasure asks for nothing of permits
const gate = new Gate(vault, {} as Permits, keyring, 'Europe/Paris', `${publicUrl}/fhir`)
const keepers = new Keepers()
// in the transaction that erases: the vault is emptied by then, and nothing is committed
keepers.add({ erase: () => Promise.resolve(onStep()) })
const trail = await Trail.open({
  store,
  key: keyring.derive('audit'),
  anchors: join(dataDir, 'audit'),
  publicUrl,
})
const erasing = new Erasing({
  ...{ store, gate, vault, keepers, trail, onStep },
  ...{ list: new ErasedList(keyring, dataDir), seal: new CertificateSeal(keyring) },
})
await store.transaction('care', async (tx) => {
  const { state } = (await findErasure(tx, erasure)) ?? {}
  const by = { userId: 'stella', role: 'steward', at: new Date(time) } as const
  if (state === 'asked') await markConfirmed(tx, erasure, by)
})
await erasing.proceed(erasure, new Date(time))
await trail.close()
await store.close()
