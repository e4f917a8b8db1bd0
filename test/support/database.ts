import pg from 'pg'
import { randomBytes } from 'node:crypto'

/**
 * Clones the migrated template. Call it in `beforeAll`, and `drop` in `afterAll`.
 *
 * @returns the owner's URL of a database that nobody else uses
 */
export async function freshDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const admin = process.env['COFFRE_TEST_CLUSTER_URL']
  if (!admin) throw new TypeError('the test cluster is not running: start tests through jest')
  const name = `test_${randomBytes(8).toString('hex')}`
  await run(admin, `CREATE DATABASE ${name} TEMPLATE coffre_template`)
  return {
    url: admin.replace(/\/postgres$/, `/${name}`),
    drop: () => run(admin, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}

/**
 * An empty database for the clinical rows, and one for the vault: two servers, as far as they can know.
 *
 * @returns the owner's URLs; whoever opens them first migrates them
 */
export async function splitDatabases(): Promise<{ url: string; vaultUrl: string; drop(): Promise<void> }> {
  const admin = process.env['COFFRE_TEST_CLUSTER_URL']
  if (!admin) throw new TypeError('the test cluster is not running: start tests through jest')
  const suffix = randomBytes(8).toString('hex')
  const names = [`test_clinical_${suffix}`, `test_vault_${suffix}`] as const
  for (const name of names) await run(admin, `CREATE DATABASE ${name}`)
  const urlOf = (name: string) => admin.replace(/\/postgres$/, `/${name}`)
  const [url, vaultUrl] = [urlOf(names[0]), urlOf(names[1])]
  vaults.set(url, vaultUrl)
  return {
    ...{ url, vaultUrl },
    drop: async () => {
      for (const name of names) await run(admin, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

/**
 * With `COFFRE_TEST_SPLIT=1` an empty database for the vault, in the cluster that a test has to itself; the
 * server that is started on `url` is told of it.
 *
 * @returns the URLs of all that there is to search
 */
export async function withVaultBeside(url: string): Promise<string[]> {
  if (!process.env['COFFRE_TEST_SPLIT']) return [url]
  await run(url, 'CREATE DATABASE vault')
  const vaultUrl = url.replace(/\/[^/]+$/, '/vault')
  vaults.set(url, vaultUrl)
  return [url, vaultUrl]
}

/** Where the vault of a database is that is not in it, for whoever else opens it. */
export const vaults = new Map<string, string>()

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
