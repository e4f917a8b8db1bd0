import { sql } from './sql.ts'
import type { Tx } from './tx.ts'

/** Tokens of a URI's folder, and of one that it lies in or is. */
export interface Folder {
  readonly folder: bigint
  readonly within: bigint
}

/**
 * What searches are widened by: the units that occur, and the folders of URIs. Both are few and come back
 * all the time, so what is known to be written is not written again. Nothing is taken away when the last
 * resource goes: a unit or a folder without rows finds none.
 */
export class SearchTerms {
  private readonly written = new Set<string>()

  /**
   * Notes what the resources bring that are being written, in their transaction.
   *
   * @param units UCUM codes of quantities
   */
  async note(tx: Tx, units: Iterable<string>, folders: Iterable<Folder>): Promise<void> {
    await this.noteUnits(tx, this.fresh(units))
    await this.noteFolders(tx, this.fresh([...folders].map(({ within, folder }) => `${within} ${folder}`)))
  }

  private async noteUnits(tx: Tx, codes: readonly string[]): Promise<void> {
    if (codes.length === 0) return
    await tx.query(
      sql`INSERT INTO clinical.ucum_unit (code) SELECT unnest(${codes}::text[]) ON CONFLICT DO NOTHING`,
    )
    this.remember(tx, codes)
  }

  private async noteFolders(tx: Tx, pairs: readonly string[]): Promise<void> {
    if (pairs.length === 0) return
    const parts = pairs.map((pair) => pair.split(' '))
    await tx.query(
      sql`INSERT INTO clinical.uri_folder (within, folder)
          SELECT * FROM unnest(${parts.map(([within]) => within)}::bigint[], ${parts.map(([, folder]) => folder)}::bigint[])
          ON CONFLICT DO NOTHING`,
    )
    this.remember(tx, pairs)
  }

  /** In one order for all writers, so that no two wait for each other. */
  private fresh(keys: Iterable<string>): string[] {
    return [...new Set(keys)].filter((key) => !this.written.has(key)).sort()
  }

  private remember(tx: Tx, keys: readonly string[]): void {
    tx.afterCommit(() => {
      if (this.written.size > maxRemembered) this.written.clear()
      for (const key of keys) this.written.add(key)
    })
  }
}

const maxRemembered = 100_000

/** The UCUM codes that occur in quantities. */
export async function ucumUnits(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(sql`SELECT code FROM clinical.ucum_unit ORDER BY code`)
  return rows.map(({ code }) => code)
}
