import { createHmac } from 'node:crypto'
import { sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import type { Keyring } from './keyring.ts'

/** What a patient is known by: logical id and business identifiers. */
export interface KnownBy {
  readonly id: string
  readonly identifiers: readonly { readonly system: string; readonly value: string }[]
}

/**
 * The suppression list: HMACs of what patients who oppose are known by, under a key that serves nothing
 * else. It outlives the erasure of the patient, so that who comes back under another logical id is known
 * again by any identifier. It tells neither who it is about nor, without the keyring, what it holds.
 */
export class Suppression {
  private readonly key: Buffer

  constructor(keyring: Keyring) {
    this.key = keyring.derive('suppression')
  }

  /** One hash for each thing a patient is known by. */
  hashes({ id, identifiers }: KnownBy): Buffer[] {
    const forms = identifiers.map(({ system, value }) => JSON.stringify(['identifier', system, value.trim()]))
    return [JSON.stringify(['id', id]), ...forms].map((form) =>
      createHmac('sha256', this.key).update(form).digest(),
    )
  }

  /** Which of these hashes are of somebody who opposes, in hexadecimal. */
  async known(tx: Tx, hashes: readonly Buffer[]): Promise<ReadonlySet<string>> {
    if (hashes.length === 0) return new Set()
    const rows = await tx.vault.query<{ hash: Buffer }>(
      sql`SELECT DISTINCT hash FROM identity.suppression WHERE hash = ANY(${[...hashes]}::bytea[])`,
    )
    return new Set(rows.map(({ hash }) => hash.toString('hex')))
  }

  /** Adds to what the patient of an opposition is known by. */
  async note(tx: Tx, opposition: string, hashes: readonly Buffer[]): Promise<void> {
    if (hashes.length === 0) return
    await tx.vault.query(
      sql`INSERT INTO identity.suppression (hash, opposition)
          SELECT hash, ${opposition} FROM unnest(${[...hashes]}::bytea[]) AS hash ON CONFLICT DO NOTHING`,
    )
  }

  /** The opposition was lifted: what its patient is known by is nobody's who opposes, here or under another id. */
  async forget(tx: Tx, opposition: string): Promise<void> {
    await tx.vault.query(
      sql`DELETE FROM identity.suppression WHERE hash IN (
            SELECT own.hash FROM identity.suppression own WHERE own.opposition = ${opposition})`,
    )
  }
}
