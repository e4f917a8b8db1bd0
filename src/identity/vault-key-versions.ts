import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import type { WrappedKey } from './key-service.ts'

/** A version of the key-encryption key as the database knows it. */
export interface KeyVersion {
  readonly version: number
  /** the current one wraps new data keys, a retiring one still wraps some, a retired one none */
  readonly state: 'current' | 'retiring' | 'retired'
  /** a key of no use, wrapped by it; null until the first start that knows the version */
  readonly witness: Buffer | null
  readonly createdAt: Date
  readonly retiredAt: Date | null
}

/** What a witness is bound to. */
export function witnessContext(version: number): string {
  return `key-version/${version}`
}

/** All versions that were ever in use, ascending. */
export function recordedVersions(tx: Tx): Promise<KeyVersion[]> {
  return tx.vault.query<KeyVersion>(
    sql`SELECT version, state, witness, created_at "createdAt", retired_at "retiredAt"
        FROM identity.key_version ORDER BY version`,
  )
}

/**
 * The version that wraps data keys, held until the transaction ends: it is not retired before.
 *
 * @returns undefined when none is recorded, or it is just changing
 */
export async function holdCurrentVersion(tx: Tx): Promise<number | undefined> {
  const [row] = await tx.vault.query<{ version: number }>(
    sql`SELECT version FROM identity.key_version WHERE state = 'current' FOR KEY SHARE`,
  )
  return row?.version
}

/** Makes a version the current one, and the one before a retiring one. Does nothing when it is known. */
export async function recordCurrent(tx: Tx, version: number, witness: Buffer): Promise<void> {
  await tx.vault.query(
    sql`UPDATE identity.key_version SET state = 'retiring' WHERE state = 'current' AND version < ${version}`,
  )
  await tx.vault.query(
    sql`INSERT INTO identity.key_version (version, state, witness) VALUES (${version}, 'current', ${witness})
        ON CONFLICT DO NOTHING`,
  )
}

/** Notes the witness of a version that was in use before versions were recorded. */
export async function noteWitness(tx: Tx, version: number, witness: Buffer): Promise<void> {
  await tx.vault.query(
    sql`UPDATE identity.key_version SET witness = ${witness} WHERE version = ${version} AND witness IS NULL`,
  )
}

/**
 * Waits for those who hold a version, then retires it if it wraps nothing in the vault.
 *
 * @returns false when it still wraps a key, or is the current one
 */
export async function retireVersion(tx: Tx, version: number): Promise<boolean> {
  // a lock of its own statement: the one that follows sees what those it waited for have committed
  await tx.vault.query(sql`SELECT FROM identity.key_version WHERE version = ${version} FOR UPDATE`)
  const retired = await tx.vault.query(
    sql`UPDATE identity.key_version SET state = 'retired', retired_at = now()
        WHERE version = ${version} AND state = 'retiring'
          AND NOT EXISTS (SELECT FROM identity.data_key WHERE key_version = ${version})
          AND NOT EXISTS (SELECT FROM identity.root_secret WHERE key_version = ${version})
        RETURNING version`,
  )
  return retired.length > 0
}

/** Whether this transaction is the one that may rotate, until it ends. */
export async function holdRotation(tx: Tx): Promise<boolean> {
  const [row] = await tx.vault.query<{ held: boolean }>(
    sql`SELECT pg_try_advisory_xact_lock(${rotationLock}) held`,
  )
  return row?.held === true
}

/** Any number, as long as it stays the same. */
const rotationLock = 4_207_849_485

/** Whether a keyring was ever held against this database. */
export async function isUnderKeyring(tx: Tx): Promise<boolean> {
  return (await tx.vault.query(sql`SELECT FROM identity.keyring`)).length > 0
}

/** The root secret where a key service wraps it. */
export async function rootSecret(tx: Tx): Promise<WrappedKey | undefined> {
  const [row] = await tx.vault.query<WrappedKey>(
    sql`SELECT wrapped, key_version "keyVersion" FROM identity.root_secret`,
  )
  return row
}

/** Lays down the first root secret; of several processes that start at once, the first one's counts. */
export async function noteRootSecret(tx: Tx, { wrapped, keyVersion }: WrappedKey): Promise<void> {
  await tx.vault.query(
    sql`INSERT INTO identity.root_secret (wrapped, key_version) VALUES (${wrapped}, ${keyVersion})
        ON CONFLICT DO NOTHING`,
  )
}
