import type { Gate } from '../governance/gate.ts'
import { blindLayout } from '../identity/blind-key.ts'
import { heldBlindLayout, recordBlindLayout } from '../identity/vault-blind-layout.ts'
import { resourceTypes } from '../fhir/definitions.ts'
import { rowsAfter } from '../store/reindex.ts'
import type { Store } from '../store/store.ts'
import { indexAnew } from './reindexer.ts'

const rowsAtOnce = 200

/**
 * Lays the blind index anew where its rows have the layout of an earlier version: a search over them would
 * silently find less. Done before the server answers anything; what was done is done again after a crash.
 * A process of the earlier version must not write beside it.
 *
 * @param report is told the number of rows done so far
 */
export async function layBlindAnew(store: Store, gate: Gate, report: (rows: number) => void): Promise<void> {
  await store.transaction('care', async (held) => {
    if ((await heldBlindLayout(held)) === blindLayout) return
    let last: { type: string; id: string } | undefined
    let done = 0
    for (;;) {
      const next = await store.transaction('care', async (tx) => {
        const rows = await rowsAfter(tx, { types: resourceTypes, last }, rowsAtOnce)
        if (rows.length > 0) await indexAnew(tx, gate, rows)
        return rows
      })
      last = next.at(-1)
      if (last === undefined) break
      report((done += next.length))
    }
    await recordBlindLayout(held, blindLayout)
  })
}
