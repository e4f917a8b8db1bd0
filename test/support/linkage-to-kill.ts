import { fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Trail } from '../../src/audit/trail.ts'
import { Settings } from '../../src/config.ts'
import { Gate } from '../../src/governance/gate.ts'
import type { Permits } from '../../src/governance/permits.ts'
import { readKeyring } from '../../src/identity/keyring.ts'
import { Evidence } from '../../src/identity/linkage/evidence.ts'
import { Vault } from '../../src/identity/vault.ts'
import type { Context } from '../../src/interactions/context.ts'
import { LinkageContexts } from '../../src/linkage/linkage-context.ts'
import { LinkageWorker } from '../../src/linkage/linkage-worker.ts'
import { Store } from '../../src/store/store.ts'
import type { TestServer } from './server.ts'

/**
 * Does the work of record linkage in a process of its own, which kills itself in the middle of a transaction:
 * where it asks for the time or puts something on record for the nth time.
 *
 * @returns whether it was killed; else all work was done
 */
export function linkageKilledAt({ databaseUrl, settings }: TestServer, step: number): Promise<boolean> {
  const program = fileURLToPath(import.meta.url)
  const loader = fileURLToPath(import.meta.resolve('./typescript.mjs'))
  const vault = settings.COFFRE_IDENTITY_DATABASE_URL ?? ''
  const given = [databaseUrl, vault, settings.dataDir, String(step)]
  const child = fork(program, given, { execArgv: ['--no-warnings', '--import', loader] })
  return new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal === 'SIGKILL')))
}

async function work(url: string, vaultUrl: string, dataDir: string, step: number): Promise<void> {
  let left = step
  const onStep = () => {
    if (--left === 0) process.kill(process.pid, 'SIGKILL')
  }
  const store = new Store(url, 4, vaultUrl === '' ? undefined : vaultUrl)
  const keyring = readKeyring(join(dataDir, 'keyring.json'))
  const settings = Object.assign(new Settings(), { COFFRE_DATA_DIR: dataDir })
  const { zone, publicUrl } = settings
  // linkage asks for nothing of permits
  const gate = new Gate(new Vault(keyring), {} as Permits, keyring, zone, `${publicUrl}/fhir`)
  const key = keyring.derive('audit')
  const trail = await Trail.open({ store, key, anchors: join(dataDir, 'audit'), publicUrl })
  const { own, moving } = new LinkageContexts(store, gate, keyring, trail, settings)
  const stepping = (context: Context): Context => ({
    ...context,
    now: () => {
      onStep()
      return context.now()
    },
    record: async (accesses) => {
      await context.record(accesses)
      onStep()
    },
  })
  const report = (error: unknown) => {
    throw error
  }
  const worker = new LinkageWorker(
    { own: stepping(own), moving: stepping(moving) },
    new Evidence(keyring),
    report,
  )
  while ((await worker.step()) > 0);
  await trail.close()
  await store.close()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url = '', vaultUrl = '', dataDir = '', step = ''] = process.argv.slice(2)
  await work(url, vaultUrl, dataDir, Number(step))
}
