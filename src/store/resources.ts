import { allVersions, methodOfCurrent } from './history.ts'
import type { HistoryRow, StoredRow, WritableRow } from './row.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** The columns of a `StoredRow`. */
export const storedColumns = sql`r.type, r.id, r.patient, r.version, r.updated_at AS "updatedAt", r.seal, r.body`

/** The current version, or undefined: never there, or deleted. */
export async function current(tx: Tx, type: string, id: string): Promise<StoredRow | undefined> {
  const rows = await tx.query<StoredRow>(
    sql`SELECT ${storedColumns} FROM clinical.resource r WHERE r.type = ${type} AND r.id = ${id}`,
  )
  return rows[0]
}

/** The current versions of many, in no order; what is not there is left out. */
export async function currents(
  tx: Tx,
  keys: readonly { readonly type: string; readonly id: string }[],
): Promise<StoredRow[]> {
  const [one, ...others] = keys
  if (one && others.length === 0) {
    const row = await current(tx, one.type, one.id)
    return row ? [row] : []
  }
  return tx.query<StoredRow>(
    sql`SELECT ${storedColumns} FROM clinical.resource r
        WHERE (r.type, r.id) IN (SELECT * FROM unnest(${keys.map((key) => key.type)}::text[],
                                                      ${keys.map((key) => key.id)}::text[]))`,
  )
}

/** One version, the current one included. */
export async function versionOf(
  tx: Tx,
  type: string,
  id: string,
  version: number,
): Promise<HistoryRow | undefined> {
  const rows = await tx.query<HistoryRow>(
    allVersions(sql`type = ${type} AND id = ${id} AND version = ${version}`),
  )
  return rows[0]
}

/** What became of a resource last, a deletion included. */
export async function lastVersion(tx: Tx, type: string, id: string): Promise<LastVersion | undefined> {
  const [last] = await lastVersions(tx, [{ type, id }])
  return last
}

export type LastVersion = Pick<HistoryRow, 'type' | 'id' | 'version' | 'method' | 'updatedAt'>

/** The same for many at once; what never was is left out. */
export async function lastVersions(
  tx: Tx,
  keys: readonly { readonly type: string; readonly id: string }[],
): Promise<LastVersion[]> {
  const asked = sql`(type, id) IN (SELECT * FROM unnest(${keys.map((key) => key.type)}::text[],
                                                       ${keys.map((key) => key.id)}::text[]))`
  return tx.query(
    sql`SELECT DISTINCT ON (type, id) type, id, version, method, "updatedAt" FROM (
          SELECT type, id, version, updated_at AS "updatedAt", 'PUT' AS method FROM clinical.resource WHERE ${asked}
          UNION ALL
          SELECT type, id, version, updated_at, method FROM clinical.history WHERE ${asked}
        ) AS version ORDER BY type, id, version DESC`,
  )
}

/**
 * Writes new versions; the former ones go to the history. The caller holds the locks of `lock.ts`.
 *
 * @param rows at most one for each resource
 */
export async function save(tx: Tx, rows: readonly WritableRow[]): Promise<void> {
  if (rows.length === 0) return
  const updates = rows.filter((row) => row.version > 1)
  if (updates.length > 0) await retire(tx, updates)
  await insert(tx, rows)
  await insertIndex(tx, rows)
}

/** Writes what rows are found by beside their own columns. */
export async function insertIndex(tx: Tx, rows: readonly WritableRow[]): Promise<void> {
  await insertRanges(tx, rows)
  await insertFoci(tx, rows)
}

/**
 * Deletes resources: their last versions go to the history, a tombstone after each, under the version
 * that follows. The caller holds the locks of `lock.ts`.
 *
 * @param rows the current ones, read under these locks
 */
export async function removeAll(tx: Tx, rows: readonly StoredRow[], now: Date): Promise<void> {
  if (rows.length === 0) return
  await retire(tx, rows)
  // two versions of one resource never share a time: histories are ordered by it
  const times = rows.map(({ updatedAt }) => new Date(Math.max(now.getTime(), updatedAt.getTime() + 1)))
  await tx.query(
    sql`INSERT INTO clinical.history (type, id, patient, version, updated_at, method)
        SELECT type, id, patient, version, updated_at, 'DELETE'
        FROM unnest(${rows.map((row) => row.type)}::text[], ${rows.map((row) => row.id)}::text[],
                    ${rows.map((row) => row.patient)}::uuid[], ${rows.map((row) => row.version + 1)}::int[],
                    ${times}::timestamptz[]) AS gone (type, id, patient, version, updated_at)`,
  )
}

async function retire(
  tx: Tx,
  rows: readonly { readonly type: string; readonly id: string }[],
): Promise<void> {
  const types = rows.map((row) => row.type)
  const ids = rows.map((row) => row.id)
  await tx.query(
    sql`WITH gone AS (
          DELETE FROM clinical.resource r USING unnest(${types}::text[], ${ids}::text[]) AS old (type, id)
          WHERE r.type = old.type AND r.id = old.id
          RETURNING r.type, r.id, r.patient, r.version, r.updated_at, r.seal, r.body, r.put)
        INSERT INTO clinical.history (type, id, patient, version, updated_at, method, seal, body)
        SELECT type, id, patient, version, updated_at, ${methodOfCurrent}, seal, body FROM gone`,
  )
  await tx.query(
    sql`WITH old AS (SELECT * FROM unnest(${types}::text[], ${ids}::text[]) AS old (type, id)),
             ranges AS (DELETE FROM clinical.range_index r USING old WHERE r.type = old.type AND r.id = old.id)
        DELETE FROM clinical.composite_index r USING old WHERE r.type = old.type AND r.id = old.id`,
  )
}

async function insert(tx: Tx, rows: readonly WritableRow[]): Promise<void> {
  await tx.query(
    sql`INSERT INTO clinical.resource
          (type, id, patient, version, updated_at, seal, date_low, date_high, value_low, value_high, tokens, body, put)
        SELECT type, id, patient, version, updated_at, seal, date_low, date_high, value_low, value_high,
               tokens::bigint[], body, put
        FROM unnest(
          ${rows.map((row) => row.type)}::text[], ${rows.map((row) => row.id)}::text[],
          ${rows.map((row) => row.patient)}::uuid[], ${rows.map((row) => row.version)}::int[],
          ${rows.map((row) => row.updatedAt)}::timestamptz[], ${rows.map((row) => row.seal)}::bigint[],
          ${rows.map((row) => row.date?.low)}::float8[], ${rows.map((row) => row.date?.high)}::float8[],
          ${rows.map((row) => row.quantity?.low)}::float8[], ${rows.map((row) => row.quantity?.high)}::float8[],
          ${rows.map((row) => `{${row.tokens.join(',')}}`)}::text[], ${rows.map((row) => row.body)}::text[],
          ${rows.map(isPut)}::boolean[]
        ) AS row (type, id, patient, version, updated_at, seal, date_low, date_high, value_low, value_high,
                  tokens, body, put)`,
  )
}

/** Later versions are all by PUT. */
function isPut({ version, method }: WritableRow): true | null {
  return version === 1 && method === 'PUT' ? true : null
}

async function insertRanges(tx: Tx, rows: readonly WritableRow[]): Promise<void> {
  const ranges = rows.flatMap((row) => row.ranges.map((range) => ({ ...range, row })))
  if (ranges.length === 0) return
  await tx.query(
    sql`INSERT INTO clinical.range_index (type, parameter, patient, id, low, high, units)
        SELECT type, parameter, patient, id, low, high, units::bigint[]
        FROM unnest(
          ${ranges.map(({ row }) => row.type)}::text[], ${ranges.map((range) => range.parameter)}::text[],
          ${ranges.map(({ row }) => row.patient)}::uuid[], ${ranges.map(({ row }) => row.id)}::text[],
          ${ranges.map((range) => range.low)}::float8[], ${ranges.map((range) => range.high)}::float8[],
          ${ranges.map((range) => (range.units ? `{${range.units.join(',')}}` : null))}::text[]
        ) AS range (type, parameter, patient, id, low, high, units)`,
  )
}

async function insertFoci(tx: Tx, rows: readonly WritableRow[]): Promise<void> {
  const foci = rows.flatMap((row) => row.foci.map((focus) => ({ ...focus, row })))
  if (foci.length === 0) return
  await tx.query(
    sql`INSERT INTO clinical.composite_index (type, id, patient, tokens, low, high, low2, high2)
        SELECT type, id, patient, tokens::bigint[], low, high, low2, high2
        FROM unnest(
          ${foci.map(({ row }) => row.type)}::text[], ${foci.map(({ row }) => row.id)}::text[],
          ${foci.map(({ row }) => row.patient)}::uuid[], ${foci.map(({ tokens }) => `{${tokens.join(',')}}`)}::text[],
          ${foci.map(({ ranges: [one] }) => one?.low)}::float8[], ${foci.map(({ ranges: [one] }) => one?.high)}::float8[],
          ${foci.map(({ ranges: [, two] }) => two?.low)}::float8[], ${foci.map(({ ranges: [, two] }) => two?.high)}::float8[]
        ) AS focus (type, id, patient, tokens, low, high, low2, high2)`,
  )
}
