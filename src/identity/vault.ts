import { createHmac, randomUUID, type KeyObject } from 'node:crypto'
import { nilPatient } from '../store/row.ts'
import { sql, type Sql } from '../store/sql.ts'
import type { Tx } from '../store/tx.ts'
import { open, seal, type Keyring } from './keyring.ts'
import { DataKeys } from './vault-data-keys.ts'
import { RecentMap } from './recent-map.ts'

/** A sealed row to write: fragments of one version of one resource. */
export interface SealedRow {
  readonly patient: string
  readonly seal: bigint
  /** encoded fragments, see `split.ts` */
  readonly content: string
}

/** A text beside codes as the vault keeps it: hashes, and the parameters that find it (`code:text`). */
export interface TextRow {
  readonly token: bigint
  readonly type: string
  readonly parameters: readonly string[]
  readonly prefixes: () => readonly bigint[]
}

/**
 * The identity vault: schema `identity`, whose every statement stands in the files `vault*.ts`. Content is under
 * the data key of its patient; destroying that key makes it unreadable wherever it was copied.
 */
export class Vault {
  private readonly keyring: Keyring
  private readonly idKey: Buffer
  private readonly dataKeys: DataKeys
  private readonly ids = new RecentMap<string, string | null>(50_000)
  private readonly patients = new RecentMap<string, string>(50_000)
  /** tokens of texts that are noted: most come back */
  private readonly texts = new RecentMap<bigint, true>(100_000)

  constructor(keyring: Keyring) {
    this.keyring = keyring
    this.dataKeys = new DataKeys(keyring)
    this.idKey = keyring.derive('patient-id')
  }

  /**
   * Holds this keyring against the database's; the first one is noted.
   *
   * @throws Error when the database was written under another keyring: start-up must stop
   */
  async demandKeyring(tx: Tx): Promise<void> {
    const fingerprint = this.keyring.fingerprint
    await tx.vault.query(
      sql`INSERT INTO identity.keyring (fingerprint) VALUES (${fingerprint}) ON CONFLICT DO NOTHING`,
    )
    const [known] = await tx.vault.query<{ fingerprint: Buffer }>(
      sql`SELECT fingerprint FROM identity.keyring`,
    )
    if (!known?.fingerprint.equals(fingerprint)) {
      throw new Error('COFFRE_KEYRING: this is not the keyring that the database was written under')
    }
  }

  /**
   * Keys of patients by the logical ids that clients know them by.
   *
   * @param claim makes a key for an id that is not known yet; otherwise it is left out of the answer
   */
  async patientKeys(tx: Tx, ids: Iterable<string>, claim: boolean): Promise<Map<string, string>> {
    const keys = new Map<string, string>()
    const asked: string[] = []
    for (const id of new Set(ids)) {
      const key = isKey(id) ? id : this.patients.get(id)
      if (key !== undefined) keys.set(id, key)
      else asked.push(id)
    }
    if (asked.length === 0) return keys
    for (const [id, key] of await this.knownPatients(tx, asked)) {
      keys.set(id, key)
      tx.afterCommit(() => this.patients.set(id, key))
    }
    const unknown = asked.filter((id) => !keys.has(id))
    if (claim && unknown.length > 0)
      for (const [id, key] of await this.claimPatients(tx, unknown)) keys.set(id, key)
    return keys
  }

  /** The logical ids of patients; a key that is its own id is left out. */
  async patientIds(tx: Tx, keys: Iterable<string>): Promise<Map<string, string>> {
    const ids = new Map<string, string>()
    const asked: string[] = []
    for (const key of new Set(keys)) {
      if (key === nilPatient) continue
      const id = this.ids.get(key)
      if (id === undefined) asked.push(key)
      else if (id !== null) ids.set(key, id)
    }
    if (asked.length === 0) return ids
    const rows = await tx.vault.query<{ patient: string; sealed: Buffer }>(
      sql`SELECT patient, sealed FROM identity.patient_id WHERE patient = ANY(${asked}::uuid[])`,
    )
    const renamed = new Set(rows.map((row) => row.patient))
    const own = asked.filter((key) => !renamed.has(key))
    tx.afterCommit(() => own.forEach((key) => this.ids.set(key, null)))
    const dataKeys = await this.dataKeys.keys(
      tx,
      rows.map((row) => row.patient),
      false,
    )
    for (const { patient, sealed } of rows) {
      const id = open(demand(dataKeys, patient), sealed, `patient-id/${patient}`).toString()
      ids.set(patient, id)
      tx.afterCommit(() => this.ids.set(patient, id))
    }
    return ids
  }

  /** Seals and writes; `seal` numbers come from `nextSeal` of `seal-number.ts`. */
  async write(tx: Tx, rows: readonly SealedRow[]): Promise<void> {
    if (rows.length === 0) return
    const dataKeys = await this.dataKeys.keys(
      tx,
      rows.map((row) => row.patient),
      true,
    )
    const bodies = rows.map((row) =>
      seal(demand(dataKeys, row.patient), row.content, sealedPlace(row.patient, row.seal)),
    )
    await tx.vault.query(
      sql`INSERT INTO identity.sealed (patient, seal, body)
          SELECT * FROM unnest(${rows.map((row) => row.patient)}::uuid[], ${rows.map((row) => String(row.seal))}::bigint[],
                               ${bodies}::bytea[])`,
    )
  }

  /**
   * Opens sealed rows.
   *
   * @returns encoded fragments by `sealedPlace`: two patients' rows may have the same number
   * @throws Error when one is gone or was changed
   */
  async read(tx: Tx, rows: readonly { patient: string; seal: string }[]): Promise<Map<string, string>> {
    if (rows.length === 0) return new Map()
    const found = await tx.vault.query<{ patient: string; seal: string; body: Buffer }>(sealedRows(rows))
    const dataKeys = await this.dataKeys.keys(
      tx,
      found.map((row) => row.patient),
      false,
    )
    return new Map(
      found.map(({ patient, seal: number, body }) => {
        const at = sealedPlace(patient, number)
        return [at, open(demand(dataKeys, patient), body, at).toString()]
      }),
    )
  }

  /**
   * Each patient's own secret in the warehouse, of their data key: with that key it is gone. A key is made
   * for who has none yet.
   *
   * @returns 32 bytes by patient
   */
  async warehouseSecrets(tx: Tx, patients: readonly string[]): Promise<Map<string, Buffer>> {
    const keys = await this.dataKeys.keys(tx, patients, true)
    return new Map(
      [...keys].map(([patient, key]) => [patient, createHmac('sha256', key).update('warehouse').digest()]),
    )
  }

  /** Destroys sealed rows: their versions are gone for good. */
  async destroy(tx: Tx, rows: readonly { patient: string; seal: string }[]): Promise<void> {
    await tx.vault.query(
      sql`DELETE FROM identity.sealed
          USING unnest(${rows.map((row) => row.patient)}::uuid[], ${rows.map((row) => row.seal)}::bigint[])
            AS gone (patient, seal)
          WHERE sealed.patient = gone.patient AND sealed.seal = gone.seal`,
    )
  }

  /** Forgets a patient's data key that was destroyed: at once here, within two minutes in other processes. */
  forgetKey(patient: string): void {
    this.dataKeys.forget(patient)
  }

  /** Notes texts beside codes that are not known yet. */
  async noteTexts(tx: Tx, texts: readonly TextRow[]): Promise<void> {
    const fresh = new Map(
      texts.filter(({ token }) => !this.texts.get(token)).map((text) => [text.token, text]),
    )
    // in one order for all writers, so that no two wait for each other
    const rows = [...fresh.values()].sort((one, other) => (one.token < other.token ? -1 : 1))
    if (rows.length === 0) return
    await tx.vault.query(
      sql`INSERT INTO identity.text_index (token, type, parameters, prefixes)
          SELECT token, type, parameters::text[], prefixes::bigint[]
          FROM unnest(${rows.map(({ token }) => String(token))}::bigint[], ${rows.map(({ type }) => type)}::text[],
                      ${rows.map(({ parameters }) => `{${parameters.join(',')}}`)}::text[],
                      ${rows.map(({ prefixes }) => `{${prefixes().join(',')}}`)}::text[]) AS row (token, type, parameters, prefixes)
          ON CONFLICT DO NOTHING`,
    )
    tx.afterCommit(() => rows.forEach(({ token }) => this.texts.set(token, true)))
  }

  /** The texts that a parameter finds and that have this beginning, at most `limit`. */
  async textsBeginning(
    tx: Tx,
    type: string,
    parameter: string,
    prefix: bigint,
    limit: number,
  ): Promise<Pick<TextRow, 'token' | 'parameters'>[]> {
    const rows = await tx.vault.query<{ token: string; parameters: string[] }>(
      sql`SELECT token, parameters FROM identity.text_index
          WHERE prefixes @> ${[String(prefix)]}::bigint[] AND type = ${type} AND ${parameter} = ANY(parameters)
          LIMIT ${limit}`,
    )
    return rows.map(({ token, parameters }) => ({ token: BigInt(token), parameters }))
  }

  private idHash(id: string): Buffer {
    return createHmac('sha256', this.idKey).update(id).digest().subarray(0, 16)
  }

  private async knownPatients(tx: Tx, ids: readonly string[]): Promise<Map<string, string>> {
    const byHash = new Map(ids.map((id) => [this.idHash(id).toString('hex'), id]))
    const rows = await tx.vault.query<{ patient: string; id_hash: Buffer }>(
      sql`SELECT patient, id_hash FROM identity.patient_id
          WHERE id_hash = ANY(${ids.map((id) => this.idHash(id))}::bytea[])`,
    )
    return new Map(rows.map((row) => [byHash.get(row.id_hash.toString('hex')) ?? '', row.patient]))
  }

  private async claimPatients(tx: Tx, ids: readonly string[]): Promise<Map<string, string>> {
    const sorted = [...ids].sort()
    const fresh = sorted.map(() => randomUUID())
    const dataKeys = await this.dataKeys.keys(tx, fresh, true)
    const sealed = sorted.map((id, index) => {
      const patient = fresh[index] ?? ''
      return seal(demand(dataKeys, patient), id, `patient-id/${patient}`)
    })
    await tx.vault.query(
      sql`INSERT INTO identity.patient_id (patient, id_hash, sealed)
          SELECT * FROM unnest(${fresh}::uuid[], ${sorted.map((id) => this.idHash(id))}::bytea[], ${sealed}::bytea[])
          ON CONFLICT (id_hash) DO NOTHING`,
    )
    return this.knownPatients(tx, ids)
  }
}

/** Of a read by id, one row by its key alone: joined to a list of one it takes half as long again. */
function sealedRows(rows: readonly { patient: string; seal: string }[]): Sql {
  const [one, ...others] = rows
  return one && others.length === 0
    ? sql`SELECT patient, seal, body FROM identity.sealed WHERE patient = ${one.patient} AND seal = ${one.seal}`
    : sql`SELECT patient, seal, body FROM identity.sealed
          JOIN unnest(${rows.map((row) => row.patient)}::uuid[], ${rows.map((row) => row.seal)}::bigint[])
            AS asked (patient, seal) USING (patient, seal)`
}

/** A UUID in lower case is its own key: such ids say nothing about a person. */
function isKey(id: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id) && id !== nilPatient
}

/** Where a sealed row lies: what its content is bound to. */
export function sealedPlace(patient: string, seal: bigint | string): string {
  return `sealed/${patient}/${seal}`
}

function demand(keys: ReadonlyMap<string, KeyObject>, owner: string): KeyObject {
  const key = keys.get(owner)
  if (!key) throw new Error('vault: the data key of a sealed row is gone')
  return key
}
