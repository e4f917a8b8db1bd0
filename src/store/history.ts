import { meets } from './condition.ts'
import type { PreparedTarget } from './prepared-query.ts'
import type { HistoryRow } from './row.ts'
import { and, sql, type Sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** Resources that a history is of: those of some types, or one of them. */
export interface HistoryScope {
  readonly types: readonly string[]
  readonly id?: string | undefined
  /**
   * rights that are alike for these types: what is there must be within them. Of what was deleted no row can
   * be asked, so all of it is listed
   */
  readonly within?: PreparedTarget | undefined
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

/** Of a history: which versions, and how many at most. */
type HistoryPage = HistoryFilter & { readonly before?: HistoryCursor | undefined; readonly limit: number }

/**
 * Versions, deletions included, newest first. Of each type only as many are looked at as the page can
 * hold, by the indexes on time.
 *
 * @param scopes together, no type in two of them
 */
export async function history(
  tx: Tx,
  scopes: readonly HistoryScope[],
  page: HistoryPage,
): Promise<ListedVersion[]> {
  const parts = scopes.map((scope) => versionsIn(scope, page))
  const [first, ...others] = parts
  if (!first) return []
  const all = others.reduce((left, right) => sql`${left} UNION ALL ${right}`, first)
  return tx.query<ListedVersion>(
    sql`SELECT page.*, page.version = 1 OR deletion.is_there IS TRUE AS created
        FROM (SELECT v.* FROM (${all}) AS v
              ORDER BY "updatedAt" DESC, type DESC, id DESC, version DESC LIMIT ${page.limit}) AS page
        LEFT JOIN LATERAL (
          SELECT TRUE AS is_there FROM clinical.history h
          WHERE h.type = page.type AND h.id = page.id AND h.version = page.version - 1 AND h.method = 'DELETE'
          LIMIT 1) AS deletion ON TRUE
        ORDER BY "updatedAt" DESC, type DESC, id DESC, version DESC`,
  )
}

function versionsIn({ types, id, within }: HistoryScope, page: HistoryPage): Sql {
  const conditions = and([
    sql`r.type = scope.type`,
    ...(id === undefined ? [] : [sql`r.id = ${id}`]),
    ...(page.before === undefined ? [] : [before(page.before)]),
    ...filterConditions(page),
  ])
  const current = within === undefined ? sql`TRUE` : meets(within)
  const former = within === undefined ? sql`TRUE` : ofCurrent(current)
  return sql`(SELECT v.* FROM unnest(${types}::text[]) AS scope (type) CROSS JOIN LATERAL (
                (SELECT ${columns}, ${methodOfCurrent} AS method FROM clinical.resource r
                 WHERE ${conditions} AND ${current}
                 ORDER BY r.updated_at DESC, r.id DESC LIMIT ${page.limit})
                UNION ALL
                (SELECT ${columns}, r.method FROM clinical.history r
                 WHERE ${conditions} AND ${former}
                 ORDER BY r.updated_at DESC, r.id DESC, r.version DESC LIMIT ${page.limit})) AS v)`
}

/** A former version of what is there and meets this, or of what is no longer there. */
function ofCurrent(meeting: Sql): Sql {
  return sql`COALESCE((SELECT ${meeting} FROM (SELECT r.type, r.id) AS here, clinical.resource r
                       WHERE r.type = here.type AND r.id = here.id), TRUE)`
}

/** How many versions one resource has. */
export async function countVersions(
  tx: Tx,
  { type, id }: { readonly type: string; readonly id: string },
  filter: HistoryFilter,
): Promise<number> {
  const conditions = and([sql`r.type = ${type}`, sql`r.id = ${id}`, ...filterConditions(filter)])
  const [row] = await tx.query<{ n: number }>(
    sql`SELECT ((SELECT count(*) FROM clinical.resource r WHERE ${conditions})
              + (SELECT count(*) FROM clinical.history r WHERE ${conditions}))::int AS n`,
  )
  return row?.n ?? 0
}

/** Those that both tables have. */
const columns = sql`r.type, r.id, r.patient, r.version, r.updated_at AS "updatedAt", r.seal, r.body`

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

function filterConditions({ since, at }: HistoryFilter): Sql[] {
  return [
    ...(since === undefined ? [] : [sql`r.updated_at >= ${since}`]),
    ...(at === undefined ? [] : [current(at)]),
  ]
}

/** Begun before the end, and not over at the beginning: a version ends when a later one begins. */
function current([low, high]: NonNullable<HistoryFilter['at']>): Sql {
  const begun = Number.isFinite(high) ? sql`r.updated_at < ${new Date(high)}` : sql`TRUE`
  if (!Number.isFinite(low)) return begun
  const later = sql`n.type = r.type AND n.id = r.id AND n.version > r.version AND n.updated_at <= ${new Date(low)}`
  return and([
    begun,
    sql`NOT EXISTS (SELECT FROM clinical.history n WHERE ${later})`,
    sql`NOT EXISTS (SELECT FROM clinical.resource n WHERE ${later})`,
  ])
}

function before({ updatedAt, type, id, version }: HistoryCursor): Sql {
  return sql`r.updated_at <= ${updatedAt} AND (r.updated_at, r.type, r.id, r.version)
             < (${updatedAt}::timestamptz, ${type}::text, ${id}::text, ${version}::int)`
}
