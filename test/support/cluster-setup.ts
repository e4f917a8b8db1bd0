import pg from 'pg'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../src/store/database.ts'
import { startCluster, type Cluster } from '../../src/store/embedded.ts'

declare global {
  var coffreTestCluster: { cluster: Cluster; folder: string } | undefined
}

/** One cluster for the whole run, one migrated template; each test file clones it. */
export default async function setup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'coffre-test-'))
  chmodSync(folder, 0o711)
  // durability is tested by the tests that kill the server, on clusters of their own
  const fast = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300']
  const cluster = await startCluster(join(folder, 'pg'), fast)
  const admin = new pg.Client({ connectionString: cluster.url })
  await admin.connect()
  await admin.query('CREATE DATABASE coffre_template')
  await admin.end()
  await migrate(cluster.url.replace(/\/postgres$/, '/coffre_template'))
  process.env['COFFRE_TEST_CLUSTER_URL'] = cluster.url
  globalThis.coffreTestCluster = { cluster, folder }
}
