import { lock } from '../store/lock.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { within } from './bundle-entry.ts'
import type { Context } from './context.ts'
import { deleteAll, findDeletable, locate, type Target } from './delete.ts'
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
  const deletes = steps.filter(({ route }) => route.interaction === 'delete')
  const found: { readonly ids: readonly string[]; readonly target: Target }[] = []
  for (const step of deletes) found.push(await within(step.entry.index, () => findTarget(tx, context, step)))
  const answers = await deleteAll(
    tx,
    context,
    found.map(({ target }) => target),
    (target, check) => within(deletes[target]?.entry.index ?? 0, check),
  )
  return deletes.map((step, index) => {
    const [answer, ids] = [answers[index], found[index]?.ids]
    if (!answer || !ids) throw new TypeError('every delete is answered')
    return { step, ids, answer }
  })
}

async function findTarget(
  tx: Tx,
  context: Context,
  { route: { type, id = '' }, entry: { request }, criteria }: Step,
): Promise<{ ids: string[]; target: Target }> {
  const { ifMatch } = request
  if (!criteria) return { ids: [id], target: { type, ids: await locate(tx, context, type, id), ifMatch } }
  const matches = await findDeletable(tx, context, criteria)
  const internal = matches.map(({ row }) => row.id)
  return { ids: matches.map((one) => one.id), target: { type, ids: internal, ifMatch } }
}
