import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportJWK, generateKeyPair, type CryptoKey } from 'jose'
import { environmentWith, type Settings } from '../config.ts'

/** A server of the demonstration's own: a process like any other, with two clients and six people. */
export interface DemoServer {
  readonly url: string
  readonly folder: string
  /** of all six people; made anew at each start */
  readonly password: string
  /** the private keys of `demo-ehr` and `demo-pipeline` */
  readonly keys: Readonly<Record<DemoClient, CryptoKey>>
  stop(): void
}

export type DemoClient = 'demo-ehr' | 'demo-pipeline'

/** Starts `npm start` on a new embedded database under the data dir. @throws Error when it does not come up in a minute */
export async function startDemoServer(settings: Settings): Promise<DemoServer> {
  const folder = join(settings.dataDir, 'demo')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const password = randomBytes(9).toString('base64url')
  const port = await freePort(settings.PORT)
  const [ehr, pipeline] = [await generateKeyPair('ES384'), await generateKeyPair('ES384')]
  const clients = [
    await client('demo-ehr', 'system/*.cruds', ehr.publicKey),
    await client('demo-pipeline', 'system/*.rs', pipeline.publicKey),
  ]
  const people = Object.entries({
    ...{ claire: 'requester', camille: 'committee', denis: 'director' },
    ...{ dominique: 'dpo', delphine: 'dpo', philippe: 'physician' },
  })
  const users = people.map(([username, role]) => ({ username, name: username, roles: [role], password }))
  const file = (name: string, content: object) => {
    writeFileSync(join(folder, name), JSON.stringify(content, null, 2), { mode: 0o600 })
    return join(folder, name)
  }
  const child = spawn(process.execPath, [fileURLToPath(new URL('../main.js', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environmentWith({
      PORT: String(port),
      COFFRE_DATA_DIR: folder,
      COFFRE_CLIENTS_FILE: file('clients.json', clients),
      COFFRE_USERS_FILE: file('users.json', users),
      LOG_LEVEL: 'warn',
    }),
  })
  const url = `http://localhost:${port}`
  await ready(url, child)
  const keys = { 'demo-ehr': ehr.privateKey, 'demo-pipeline': pipeline.privateKey }
  return { url, folder, password, keys, stop: () => child.kill('SIGTERM') }
}

async function client(id: DemoClient, scope: string, key: CryptoKey): Promise<object> {
  const jwk = { ...(await exportJWK(key)), kid: `${id}-key`, alg: 'ES384' }
  return { client_id: id, client_name: id, scope, jwks: { keys: [jwk] } }
}

const longestStartSeconds = 60

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < longestStartSeconds * 10; tries++) {
    if (child.exitCode !== null) throw new Error('the server did not start')
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(100)
  }
  child.kill('SIGTERM')
  throw new Error('the server was not ready in a minute')
}

/** The port asked for, or another when something listens there already. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () => (wanted === 0 ? reject(new Error('no free port')) : resolve(freePort(0))))
    probe.listen(wanted, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : wanted))
    })
  })
}
