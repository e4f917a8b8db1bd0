import { FhirError, issue } from '../fhir/outcome.ts'
import type { Released } from '../governance/gate.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { within } from './bundle-entry.ts'
import { findOne } from './conditional.ts'
import type { Context } from './context.ts'
import { existingAnswer } from './create.ts'
import { newLogicalId } from './logical-id.ts'
import { patched, patchedAnswer, patchTarget } from './patch.ts'
import type { Deletion } from './transaction-deletes.ts'
import { resolveLinks } from './transaction-links.ts'
import type { Step } from './transaction.ts'
import { conditionalTarget } from './update.ts'
import { writeAll, writtenAnswer, type Write, type Written } from './write.ts'

/** A write that knows under which id it writes; or, of a conditional create, what was there already. */
export type Plan =
  | { readonly step: Step; readonly write: Write; readonly existing: undefined }
  | { readonly step: Step; readonly write: undefined; readonly existing: Released }

/** Finds out under which ids the creates, updates and patches of a transaction write. */
export async function planAll(tx: Tx, context: Context, steps: readonly Step[]): Promise<Plan[]> {
  const plans: Plan[] = []
  for (const step of steps) {
    const plan = await within(step.entry.index, () => planOne(tx, context, step))
    if (plan) plans.push(plan)
  }
  return plans
}

/** @returns undefined for what writes nothing */
async function planOne(tx: Tx, context: Context, step: Step): Promise<Plan | undefined> {
  const { entry, route, resource, patch, criteria } = step
  const { type } = route
  const { ifMatch, ifNoneMatch } = entry.request
  const write = (one: Write): Plan => ({ step, write: one, existing: undefined })
  if (patch) {
    const id = criteria ? await patchTarget(tx, context, criteria) : (route.id ?? '')
    return write(await patched(tx, context, patch, { type, id, ifMatch }))
  }
  if (!resource) return undefined
  const fresh = () => newLogicalId(context.now())
  if (route.interaction === 'create') {
    const existing = criteria && (await findOne(tx, context, criteria))
    if (existing) return { step, write: undefined, existing }
    return write({ type, id: fresh(), resource, method: 'POST', fresh: true, ifMatch: undefined })
  }
  const id = criteria ? await conditionalTarget(tx, context, criteria, resource) : route.id
  const under = { id: id ?? fresh(), fresh: id === undefined }
  return write({ type, ...under, resource, method: 'PUT', ifMatch, ifNoneMatch })
}

/**
 * "If any resource identities (including resolved identities from conditional update/delete) overlap in
 * steps 1-3, then the transaction SHALL fail."
 *
 * @throws FhirError 400
 */
export function demandDistinct(deletions: readonly Deletion[], plans: readonly Plan[]): void {
  const deleted = deletions.flatMap(({ step: { route }, ids }) => ids.map((id) => `${route.type}/${id}`))
  const written = plans.flatMap(({ write }) => (write ? [`${write.type}/${write.id}`] : []))
  const all = [...deleted, ...written]
  if (new Set(all).size < all.length) {
    throw new FhirError(400, [
      issue('duplicate', 'two entries write or delete the same resource', 'Bundle.entry'),
    ])
  }
}

/** Writes all at once. @returns answers by the index of their entry */
export async function writePlans(
  tx: Tx,
  context: Context,
  plans: readonly Plan[],
): Promise<[index: number, answer: Answer][]> {
  const resources = await resolveLinks(tx, context, plans)
  const writes = plans.flatMap(({ write }, index) =>
    write ? [{ ...write, resource: resources[index] ?? write.resource }] : [],
  )
  const written = (await writeAll(tx, context, writes)).values()
  const answers: [index: number, answer: Answer][] = []
  for (const { step, existing } of plans) {
    const { index, request } = step.entry
    const { value } = existing ? { value: undefined } : written.next()
    if (existing) answers.push([index, existingAnswer(context, existing, request.prefer)])
    else if (value) answers.push([index, await answerOf(tx, context, step, value)])
    else throw new TypeError('every write is answered')
  }
  return answers
}

async function answerOf(
  tx: Tx,
  context: Context,
  { entry, route, patch }: Step,
  written: Written,
): Promise<Answer> {
  const { prefer } = entry.request
  if (patch) return patchedAnswer(tx, context, written, prefer)
  return writtenAnswer(written, route.interaction === 'create' ? 'create' : 'update', prefer)
}
