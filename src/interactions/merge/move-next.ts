import { markMoving, movingOf, type Merge } from '../../governance/merges.ts'
import { lock } from '../../store/lock.ts'
import { placesReferring, type Place } from '../../store/referring.ts'
import { currents } from '../../store/resources.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { moveAll } from './move.ts'

/**
 * Moves the next resources of a merge that has more than one transaction moves, and says how far it came:
 * who comes after a crash goes on there. A merge that was undone meanwhile is left alone.
 *
 * @param limit how many are looked at
 * @returns what was moved; undefined: there was nothing left to look at
 */
export async function moveNext(
  tx: Tx,
  context: Context,
  merge: Merge,
  limit: number,
): Promise<readonly Place[] | undefined> {
  const patients = [merge.source, merge.target].map((id) => ({ type: 'Patient', id }))
  await lock(tx, patients)
  const after = await movingOf(tx, merge.id)
  if (!after) return undefined
  const found = await placesReferring(tx, merge.source, { after, limit })
  await markMoving(tx, merge.id, found.length === limit ? found.at(-1) : undefined)
  const places = found.filter(({ type, id }) => !patients.some((one) => one.type === type && one.id === id))
  await lock(tx, places)
  const released = await context.gate.release(tx, context.access, await currents(tx, patients))
  const [source, target] = patients.map(({ id }) => released.find(({ row }) => row.id === id))
  // one of the two was deleted since: what refers to it stays as it is
  if (!source || !target) return []
  return moveAll(tx, context, merge.id, { source, target }, places)
}
