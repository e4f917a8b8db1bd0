import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/**
 * Notes documents of a source as imported, in the transaction that writes what they hold: what a crash
 * leaves of one it leaves of the other.
 *
 * @param source a name that does not tell what it names
 * @param places of documents in the source, each once
 * @returns those that were not noted before; of the others everything is written
 */
export async function noteImported(
  tx: Tx,
  source: string,
  places: readonly string[],
): Promise<ReadonlySet<string>> {
  if (places.length === 0) return new Set()
  const rows = await tx.query<{ place: string }>(
    sql`INSERT INTO clinical.imported (source, place) SELECT ${source}, unnest(${places}::text[])
        ON CONFLICT DO NOTHING RETURNING place`,
  )
  return new Set(rows.map(({ place }) => place))
}

/** So that a source is imported again, all of it. */
export async function forgetImported(tx: Tx, source: string): Promise<void> {
  await tx.query(sql`DELETE FROM clinical.imported WHERE source = ${source}`)
}
