import pg from 'pg'
import { SplitWorld } from './split-world.ts'

// node write-to-kill.ts {clinical url} {vault url} {keyring} {family} {step} {before|after}: kills itself just
// before or just after it sends the statement of that number, to either server; else it exits with how many it sent
const [url = '', vaultUrl = '', file = '', family = '', step = '', when = ''] = process.argv.slice(2)

let sent = 0
const kill = () => process.kill(process.pid, 'SIGKILL')
const clients = pg.Client.prototype as unknown as { query: (this: unknown, ...given: unknown[]) => unknown }
const send = clients.query
clients.query = function (...given) {
  sent += 1
  const isIt = sent === Number(step)
  if (isIt && when === 'before') kill()
  const answer = send.apply(this, given)
  if (isIt) kill()
  return answer
}
const world = new SplitWorld(url, vaultUrl, file)
await world.write(family)
await world.close()
process.exit(sent)
