import { unmovedMerge } from '../governance/merges.ts'
import type { Context } from '../interactions/context.ts'
import { moveNext } from '../interactions/merge/move-next.ts'
import type { Tx } from '../store/tx.ts'

/**
 * Moves the next resources of the oldest merge that had too many for one transaction.
 *
 * @param limit how many are looked at
 * @returns 1; 0: there is no such merge
 */
export async function moveOn(tx: Tx, context: Context, limit: number): Promise<number> {
  const merge = await unmovedMerge(tx)
  if (!merge) return 0
  const moved = await moveNext(tx, context, merge, limit)
  const patients = [merge.source, merge.target]
  if (moved && moved.length > 0) {
    await context.record([
      {
        ...{ interaction: '$merge', outcome: 'success', type: 'Patient', parameters: [], patients },
        entities: [...patients.map((id) => ({ type: 'Patient', id })), ...moved].map(({ type, id }) => ({
          type,
          id,
        })),
      },
    ])
  }
  return 1
}
