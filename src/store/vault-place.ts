import pg from 'pg'
import { SettingsError } from '../config.ts'

/**
 * Looks, before anything is changed, whether these settings would cut clinical rows off from their vault.
 *
 * @param vaultUrl undefined: the vault is in the database `url`
 * @throws SettingsError
 */
export async function demandVaultHere(url: string, vaultUrl: string | undefined): Promise<void> {
  if (vaultUrl !== undefined) {
    if (!(await holds(url, 'identity.keyring'))) return
    throw new SettingsError(
      'COFFRE_IDENTITY_DATABASE_URL: DATABASE_URL still holds the vault; see docs/vault-server.md',
    )
  }
  if ((await holds(url, 'clinical.resource', 'seal IS NOT NULL')) && !(await exists(url, 'identity.keyring')))
    throw new SettingsError(
      'COFFRE_IDENTITY_DATABASE_URL: needed, the vault of this database is on another server',
    )
}

/**
 * Looks whether a vault on another server can be that of the clinical rows: an empty one is not.
 *
 * @throws SettingsError
 */
export async function demandVaultFilled(url: string, vaultUrl: string | undefined): Promise<void> {
  if (vaultUrl === undefined || (await holds(vaultUrl, 'identity.data_key'))) return
  if (await holds(url, 'clinical.resource', 'seal IS NOT NULL'))
    throw new SettingsError(
      'COFFRE_IDENTITY_DATABASE_URL: that vault is empty, and these clinical rows have one; see docs/vault-server.md',
    )
}

async function holds(url: string, table: string, condition = 'TRUE'): Promise<boolean> {
  if (!(await exists(url, table))) return false
  return asked(url, `SELECT EXISTS (SELECT FROM ${table} WHERE ${condition}) AS yes`)
}

function exists(url: string, table: string): Promise<boolean> {
  return asked(url, `SELECT to_regclass('${table}') IS NOT NULL AS yes`)
}

async function asked(url: string, question: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ yes: boolean }>(question)
    return rows[0]?.yes === true
  } finally {
    await client.end()
  }
}
