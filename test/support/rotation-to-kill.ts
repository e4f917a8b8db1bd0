import { readKeyring } from '../../src/identity/keyring.ts'
import { rotate } from '../../src/identity/rotation.ts'
import { Store } from '../../src/store/store.ts'
import { wrappedPlaces } from '../../src/wrapped-places.ts'

// node rotation-to-kill.ts {database} {keyring file} {steps}: kills itself after so many; 0: is killed from outside
const [url = '', file = '', steps = ''] = process.argv.slice(2)

let left = Number(steps)
const store = new Store(url, 4)
process.send?.('begins')
for (;;) {
  await rotate({ keyring: readKeyring(file), store, places: wrappedPlaces }, () => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL')
  })
}
