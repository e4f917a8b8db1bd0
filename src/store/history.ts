import type { HistoryRow } from './row.ts'
import { and, sql, type Sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** Which resources a history is of: one, those of a type, or of several. */
export interface HistoryScope {
  readonly type?: string
  readonly id?: string
  readonly types?: readonly string[]
}

/** Which of their versions. */
export interface HistoryFilter {
  /** written at this time or later */
  readonly since?: Date | undefined
  /** current at some time in [low, high), ms since the epoch; open ends are ±Infinity */
  readonly at?: readonly [low: number, high: number] | undefined
}

/** Where a page of a history ends. */
export interface HistoryCursor {
  readonly updatedAt: Date
  readonly type: string
  readonly id: string
  readonly version: number
}

/** A version as a history lists it. */
export interface ListedVersion extends HistoryRow {
  /** the resource was not there before: never, or deleted */
  readonly created: boolean
}

/** Versions, deletions included, newest first. */
export async function history(
  tx: Tx,
  scope: HistoryScope,
  page: HistoryFilter & { readonly before?: HistoryCursor | undefined; readonly limit: number },
): Promise<ListedVersion[]> {
  const conditions = [...scopeConditions(scope), ...(page.before === undefined ? [] : [before(page.before)])]
  return tx.query<ListedVersion>(
    sql`SELECT v.*, v.version = 1 OR EXISTS (
          SELECT FROM clinical.history h
          WHERE h.type = v.type AND h.id = v.id AND h.version = v.version - 1 AND h.method = 'DELETE') AS created
        FROM (${allVersions(and([...conditions, ...sinceCondition(page)]))}) AS v
        WHERE ${atCondition(page)}
        ORDER BY "updatedAt" DESC, type DESC, id DESC, version DESC LIMIT ${page.limit}`,
  )
}

/** How many versions one resource has. */
export async function countVersions(
  tx: Tx,
  key: { readonly type: string; readonly id: string },
  filter: HistoryFilter,
): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    sql`SELECT count(*)::int AS n
        FROM (${allVersions(and([...scopeConditions(key), ...sinceCondition(filter)]))}) AS v
        WHERE ${atCondition(filter)}`,
  )
  return row?.n ?? 0
}

/** What was there before deletions, in no order; a version that was expunged is left out. */
export async function versionsBefore(
  tx: Tx,
  deletions: readonly Pick<HistoryRow, 'type' | 'id' | 'version'>[],
): Promise<HistoryRow[]> {
  if (deletions.length === 0) return []
  // what a deletion follows lies in the history, never among what is current
  return tx.query<HistoryRow>(
    sql`SELECT h.type, h.id, h.patient, h.version, h.updated_at AS "updatedAt", h.seal, h.body, h.method
        FROM clinical.history h
        JOIN unnest(${deletions.map(({ type }) => type)}::text[], ${deletions.map(({ id }) => id)}::text[],
                    ${deletions.map(({ version }) => version - 1)}::int[]) AS before (type, id, version)
          USING (type, id, version)
        WHERE h.method <> 'DELETE'`,
  )
}

/** Current and former versions under one condition on the columns that both tables have. */
export function allVersions(condition: Sql): Sql {
  return sql`SELECT * FROM (
      SELECT type, id, patient, version, updated_at AS "updatedAt", seal, body, ${methodOfCurrent} AS method
      FROM clinical.resource WHERE ${condition}
      UNION ALL
      SELECT type, id, patient, version, updated_at, seal, body, method FROM clinical.history WHERE ${condition}
    ) AS version`
}

/** By which method a row of `clinical.resource` was written. */
export const methodOfCurrent = sql`CASE WHEN version = 1 AND put IS NOT TRUE THEN 'POST' ELSE 'PUT' END`

function scopeConditions({ type, id, types }: HistoryScope): Sql[] {
  return [
    ...(type === undefined ? [] : [sql`type = ${type}`]),
    ...(id === undefined ? [] : [sql`id = ${id}`]),
    ...(types === undefined ? [] : [sql`type = ANY(${types}::text[])`]),
  ]
}

function sinceCondition({ since }: HistoryFilter): Sql[] {
  return since === undefined ? [] : [sql`updated_at >= ${since}`]
}

/** Begun before the end, and not over at the beginning: a version ends when a later one begins. */
function atCondition({ at }: HistoryFilter): Sql {
  if (at === undefined) return sql`TRUE`
  const [low, high] = at
  const begun = Number.isFinite(high) ? sql`v."updatedAt" < ${new Date(high)}` : sql`TRUE`
  if (!Number.isFinite(low)) return begun
  const later = sql`n.type = v.type AND n.id = v.id AND n.version > v.version AND n.updated_at <= ${new Date(low)}`
  return and([
    begun,
    sql`NOT EXISTS (SELECT FROM clinical.history n WHERE ${later})`,
    sql`NOT EXISTS (SELECT FROM clinical.resource n WHERE ${later})`,
  ])
}

function before({ updatedAt, type, id, version }: HistoryCursor): Sql {
  return sql`(updated_at, type, id, version) < (${updatedAt}::timestamptz, ${type}::text, ${id}::text, ${version}::int)`
}
