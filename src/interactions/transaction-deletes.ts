import { lock } from '../store/lock.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { within } from './bundle-entry.ts'
import type { Criteria } from './conditional.ts'
import type { Context } from './context.ts'
import { deleteAll, findDeletable, locate } from './delete.ts'
import type { InteractionCode } from './route.ts'
import type { Step } from './transaction.ts'

/** A delete that was done. */
export interface Deletion {
  readonly step: Step
  /** outward */
  readonly ids: readonly string[]
  readonly answer: Answer
}

/**
 * Locks what the entries name by id, all at once: two transactions over the same resources, whatever the
 * order of their entries, wait for one another and never in a circle.
 */
export async function lockKnown(tx: Tx, context: Context, steps: readonly Step[]): Promise<void> {
  const named = (wanted: readonly InteractionCode[]) =>
    steps.flatMap(({ route: { interaction, type, id } }) =>
      wanted.includes(interaction) && id !== undefined ? [{ type, id }] : [],
    )
  const keys = await context.gate.claim(tx, named(['update']))
  for (const { type, id } of named(['patch', 'delete'])) {
    for (const internal of await locate(tx, context, type, id)) keys.push({ type, id: internal })
  }
  await lock(tx, keys)
}

/** Does the deletes of a transaction, which come before everything else. */
export async function deleteFirst(tx: Tx, context: Context, steps: readonly Step[]): Promise<Deletion[]> {
  const deletions: Deletion[] = []
  for (const step of steps) {
    const { entry, route, criteria } = step
    if (route.interaction !== 'delete') continue
    deletions.push(await within(entry.index, () => deleteOf(tx, context, step, criteria)))
  }
  return deletions
}

async function deleteOf(
  tx: Tx,
  context: Context,
  step: Step,
  criteria: Criteria | undefined,
): Promise<Deletion> {
  const { type, id = '' } = step.route
  const found = criteria && (await findDeletable(tx, context, criteria))
  const internal = found?.map(({ row }) => row.id) ?? (await locate(tx, context, type, id))
  const answer = await deleteAll(tx, context, step.entry.request, type, internal)
  return { step, ids: found?.map((one) => one.id) ?? [id], answer }
}
