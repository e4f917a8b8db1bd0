import { sql, or } from '../store/sql.ts'
import { isElsewhere, type Tx } from '../store/tx.ts'
import { notePending } from './vault-pending.ts'

/** What the blind index holds of one version of a resource; no tokens: nothing of it is sealed and searchable. */
export interface BlindRow {
  readonly type: string
  readonly id: string
  readonly patient: string
  /** of the version that the tokens were made from; `null`: it has no sealed part */
  readonly seal: string | null
  readonly tokens: readonly bigint[]
}

/** A version as the blind index names it. */
export interface BlindVersion {
  readonly id: string
  /** `0`: the version has no sealed part */
  readonly seal: string
}

/** The seal by which the blind index names a version. */
function sealOf({ seal }: { readonly seal: string | null }): string {
  return seal ?? '0'
}

/**
 * Replaces what the blind index holds of these resources. Where the vault is on another server the rows of
 * former versions stay, and are noted: they are found until the clinical server has the new ones.
 */
export async function indexBlind(tx: Tx, rows: readonly BlindRow[], replacing: boolean): Promise<void> {
  if (replacing) await (isElsewhere(tx) ? forgetVersions(tx, rows) : forgetBlind(tx, rows))
  await notePending(
    tx,
    rows.filter(({ seal }) => replacing || seal !== null),
  )
  const filled = rows.filter((row) => row.tokens.length > 0)
  if (filled.length === 0) return
  await tx.vault.query(
    sql`INSERT INTO identity.blind_index (type, id, patient, seal, tokens)
        SELECT type, id, patient, seal, tokens::bigint[]
        FROM unnest(${filled.map((row) => row.type)}::text[], ${filled.map((row) => row.id)}::text[],
                    ${filled.map((row) => row.patient)}::uuid[], ${filled.map(sealOf)}::bigint[],
                    ${filled.map((row) => `{${row.tokens.join(',')}}`)}::text[]) AS row (type, id, patient, seal, tokens)`,
  )
}

/**
 * Takes resources out of the blind index. Where the vault is on another server they are noted only: no
 * clinical row has them once this transaction is committed.
 */
export async function withdrawBlind(
  tx: Tx,
  rows: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  if (!isElsewhere(tx)) return forgetBlind(tx, rows)
  await notePending(
    tx,
    rows.map(({ type, id }) => ({ type, id, patient: undefined, seal: null })),
  )
}

async function forgetBlind(
  tx: Tx,
  rows: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  await tx.vault.query(
    sql`DELETE FROM identity.blind_index
        USING unnest(${rows.map((row) => row.type)}::text[], ${rows.map((row) => row.id)}::text[]) AS gone (type, id)
        WHERE blind_index.type = gone.type AND blind_index.id = gone.id`,
  )
}

/** A version that is indexed anew has one row all the same. */
async function forgetVersions(tx: Tx, rows: readonly BlindRow[]): Promise<void> {
  await tx.vault.query(
    sql`DELETE FROM identity.blind_index b
        USING unnest(${rows.map((row) => row.type)}::text[], ${rows.map((row) => row.id)}::text[],
                     ${rows.map(sealOf)}::bigint[]) AS gone (type, id, seal)
        WHERE b.type = gone.type AND b.id = gone.id AND b.seal = gone.seal`,
  )
}

/**
 * The versions, current or not, that have all tokens of one of the lists.
 *
 * @param ids only of these resources; undefined: of any
 * @returns at most `limit`
 */
export function blindVersions(
  tx: Tx,
  type: string,
  anyOf: readonly (readonly bigint[])[],
  { ids, limit }: { readonly ids?: readonly string[]; readonly limit: number },
): Promise<BlindVersion[]> {
  const matching = or(anyOf.map((tokens) => sql`b.tokens @> ${tokens.map(String)}::bigint[]`))
  const among = ids === undefined ? sql`TRUE` : sql`b.id = ANY(${ids}::text[])`
  return tx.vault.query<BlindVersion>(
    sql`SELECT b.id, b.seal FROM identity.blind_index b
        WHERE b.type = ${type} AND ${among} AND ${matching} LIMIT ${limit}`,
  )
}
