import { restrict } from '../../access/access.ts'
import type { Released } from '../../governance/gate.ts'
import type { PreparedQuery } from '../../store/prepared-query.ts'
import { count, estimate, searchTypes, type Cursor } from '../../store/search.ts'
import { isSortable } from '../../store/sort.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { defaultCount } from '../page-links.ts'
import type { Page } from '../page.ts'
import type { Asked } from './asked.ts'
import type { Found } from './found.ts'
import { demandOrderable, orderedPage } from './ordered.ts'

/** On the care base the store's answer is the answer. */
export async function searchRows(tx: Tx, context: Context, asked: Asked, page: Page): Promise<Found> {
  const { summary, total } = asked
  const prepared: PreparedQuery[] = []
  for (const query of asked.queries) {
    prepared.push(await context.gate.prepare(tx, restrict(context.access, query)))
  }
  if (summary === 'count') {
    return {
      matched: [],
      next: undefined,
      total: await sum(tx, prepared, total === 'estimate' ? estimate : count),
    }
  }
  const isInRows = asked.queries.every(({ type, sort }) =>
    sort.every(({ parameter }) => isSortable(type, parameter)),
  )
  const found = isInRows
    ? await inOrderOfRows(tx, context, asked, prepared, page)
    : await inOrderOfContent(tx, context, asked, prepared, page)
  if (total === 'none') return { ...found, total: undefined }
  if (found.total !== undefined || total === undefined) return found
  return { ...found, total: await sum(tx, prepared, total === 'estimate' ? estimate : count) }
}

async function inOrderOfRows(
  tx: Tx,
  context: Context,
  asked: Asked,
  prepared: readonly PreparedQuery[],
  page: Page,
): Promise<Found> {
  const after = page.cursor.length === 0 ? undefined : page.cursor
  const limit = asked.count ?? defaultCount
  const { rows, next } = await searchTypes(tx, prepared, { after, limit })
  const matched = await context.gate.release(tx, context.access, rows)
  // the only page: its length is the total, for nothing
  const isWhole = after === undefined && next === undefined
  return { matched, next, total: isWhole ? rows.length : undefined }
}

async function inOrderOfContent(
  tx: Tx,
  context: Context,
  asked: Asked,
  prepared: readonly PreparedQuery[],
  page: Page,
): Promise<Found> {
  demandOrderable(await sum(tx, prepared, count))
  const matches = everyMatch(tx, context, prepared)
  const limit = asked.count ?? defaultCount
  return orderedPage(tx, context, asked.queries, matches, { after: page.cursor, limit })
}

const rowsAtOnce = 500

async function* everyMatch(
  tx: Tx,
  context: Context,
  prepared: readonly PreparedQuery[],
): AsyncGenerator<readonly Released[]> {
  const unordered = prepared.map((query) => ({ ...query, sort: [] }))
  let after: Cursor | undefined
  do {
    const { rows, next } = await searchTypes(tx, unordered, {
      after,
      limit: rowsAtOnce,
    })
    yield await context.gate.release(tx, context.access, rows)
    after = next
  } while (after !== undefined)
}

async function sum(tx: Tx, prepared: readonly PreparedQuery[], by: typeof count): Promise<number> {
  let total = 0
  for (const query of prepared) total += await by(tx, query)
  return total
}
