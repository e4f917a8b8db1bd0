import { insertIndex, storedColumns } from './resources.ts'
import type { StoredRow, WritableRow } from './row.ts'
import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** Work that indexes all rows of some types anew. */
export interface Reindex {
  readonly id: string
  readonly types: readonly string[]
  readonly state: 'waiting' | 'running' | 'done'
  readonly createdAt: Date
  readonly done: number
  readonly total: number | undefined
  /** the row that was done last */
  readonly last: { readonly type: string; readonly id: string } | undefined
}

export async function createReindex(
  tx: Tx,
  { id, types, createdAt }: Pick<Reindex, 'id' | 'types' | 'createdAt'>,
): Promise<void> {
  await tx.query(sql`
    INSERT INTO clinical.reindex (id, types, state, created_at) VALUES (${id}, ${[...types].sort()}, 'waiting', ${createdAt})`)
}

const columns = sql`id, types, state, created_at "createdAt", done::float8, total::float8, last_type, last_id`

export async function findReindex(tx: Tx, id: string): Promise<Reindex | undefined> {
  const [row] = await tx.query<Raw>(sql`SELECT ${columns} FROM clinical.reindex WHERE id = ${id}`)
  return row && read(row)
}

/** Takes the oldest work that nobody does. @param before it must have been created before */
export async function claimReindex(
  tx: Tx,
  lease: string,
  leaseSeconds: number,
  before: Date,
): Promise<Reindex | undefined> {
  const [row] = await tx.query<Raw>(sql`
    UPDATE clinical.reindex SET state = 'running', lease = ${lease}, leased_until = now() + make_interval(secs => ${leaseSeconds})
     WHERE id = (SELECT id FROM clinical.reindex
                  WHERE state <> 'done' AND created_at <= ${before} AND (leased_until IS NULL OR leased_until < now())
                  ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING ${columns}`)
  return row && read(row)
}

/** Notes how many rows there are. */
export async function countRows(tx: Tx, { id, types }: Reindex): Promise<void> {
  await tx.query(sql`
    UPDATE clinical.reindex SET total = (SELECT count(*) FROM clinical.resource WHERE type = ANY(${types}::text[]))
     WHERE id = ${id} AND total IS NULL`)
}

/** The rows that come next in a reindex. */
export async function rowsAfter(
  tx: Tx,
  { types, last }: Pick<Reindex, 'types' | 'last'>,
  limit: number,
): Promise<StoredRow[]> {
  const beyond = last === undefined ? sql`TRUE` : sql`(r.type, r.id) > (${last.type}, ${last.id})`
  return tx.query<StoredRow>(sql`
    SELECT ${storedColumns} FROM clinical.resource r WHERE r.type = ANY(${types}::text[]) AND ${beyond}
     ORDER BY r.type, r.id LIMIT ${limit}`)
}

/** Notes what was done, keeps the lease. @returns false when another has taken the work */
export async function noteDone(
  tx: Tx,
  id: string,
  lease: string,
  { last, done, leaseSeconds }: { last: { type: string; id: string }; done: number; leaseSeconds: number },
): Promise<boolean> {
  const kept = await tx.query(sql`
    UPDATE clinical.reindex SET done = done + ${done}, last_type = ${last.type}, last_id = ${last.id},
           leased_until = now() + make_interval(secs => ${leaseSeconds})
     WHERE id = ${id} AND lease = ${lease} RETURNING id`)
  return kept.length > 0
}

export async function endReindex(tx: Tx, id: string, lease: string): Promise<void> {
  await tx.query(sql`
    UPDATE clinical.reindex SET state = 'done', lease = NULL, leased_until = NULL WHERE id = ${id} AND lease = ${lease}`)
}

/** Replaces all that rows are found by; what they say stays. The caller holds their locks. */
export async function replaceIndex(tx: Tx, rows: readonly WritableRow[]): Promise<void> {
  if (rows.length === 0) return
  const [types, ids] = [rows.map(({ type }) => type), rows.map(({ id }) => id)]
  await tx.query(sql`
    UPDATE clinical.resource r
       SET date_low = one.date_low, date_high = one.date_high, value_low = one.value_low, value_high = one.value_high,
           tokens = one.tokens::bigint[]
      FROM unnest(${types}::text[], ${ids}::text[],
                  ${rows.map(({ date }) => date?.low)}::float8[], ${rows.map(({ date }) => date?.high)}::float8[],
                  ${rows.map(({ quantity }) => quantity?.low)}::float8[], ${rows.map(({ quantity }) => quantity?.high)}::float8[],
                  ${rows.map(({ tokens }) => `{${tokens.join(',')}}`)}::text[])
           AS one (type, id, date_low, date_high, value_low, value_high, tokens)
     WHERE r.type = one.type AND r.id = one.id`)
  await tx.query(sql`
    WITH old AS (SELECT * FROM unnest(${types}::text[], ${ids}::text[]) AS old (type, id)),
         ranges AS (DELETE FROM clinical.range_index r USING old WHERE r.type = old.type AND r.id = old.id)
    DELETE FROM clinical.composite_index r USING old WHERE r.type = old.type AND r.id = old.id`)
  await insertIndex(tx, rows)
}

type Raw = Omit<Reindex, 'total' | 'last'> & {
  readonly total: number | null
  readonly last_type: string | null
  readonly last_id: string | null
}

function read({ total, last_type: type, last_id: id, ...row }: Raw): Reindex {
  const last = type === null || id === null ? undefined : { type, id }
  return { ...row, total: total ?? undefined, last }
}
