import { demand } from '../access/access.ts'
import type { Json, Resource } from '../fhir/json.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { demandValid } from '../fhir/validate.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { entryRoute } from './batch.ts'
import { entriesOf, parseEntry, responseEntry, within, type BundleEntry } from './bundle-entry.ts'
import { bundleText } from './bundle-text.ts'
import { findOne, lockCriteria, parseCriteria, type Criteria } from './conditional.ts'
import { onRecord, type Context } from './context.ts'
import { existingAnswer } from './create.ts'
import { newLogicalId } from './logical-id.ts'
import { perform } from './perform.ts'
import type { FhirRequest } from './request.ts'
import type { Route } from './route.ts'
import { resolveLinks } from './transaction-links.ts'
import { conditionalTarget, demandSameId } from './update.ts'
import { writeAll, writtenAnswer, type Write } from './write.ts'

/**
 * Performs all entries or none, in the order DELETE, POST, PUT, GET, whatever their order in the Bundle.
 * References between entries are rewritten to the ids that their targets get.
 *
 * @returns 200 with a transaction-response whose entries are in the order of the request's
 * @throws FhirError of the first entry that fails, naming it; nothing was done then
 * @see FHIR R4 § RESTful API, 3.1.0.11.2 "Transaction Processing Rules"
 */
export async function transaction(context: Context, request: FhirRequest, bundle: Resource): Promise<Answer> {
  const perform = await prepareTransaction(context, request, bundle)
  return context.store.transaction('care', async (tx) => onRecord(context, await perform(tx)))
}

/**
 * Reads and validates all entries.
 *
 * @returns what performs them, in a database transaction that may hold more than they do
 * @throws FhirError of the first entry that is wrong in itself
 */
export async function prepareTransaction(
  context: Context,
  request: FhirRequest,
  bundle: Resource,
): Promise<(tx: Tx) => Promise<Answer>> {
  const steps: Step[] = []
  for (const [index, entry] of entriesOf(bundle).entries()) {
    steps.push(await within(index, () => readStep(context, request, entry, index)))
  }
  return (tx) => performAll(tx, context, steps)
}

/** An entry with its interaction; a write with its resource, valid. */
export interface Step {
  readonly entry: BundleEntry
  readonly route: Route
  readonly resource: Resource | undefined
}

/** A write that knows under which id it writes; or, of a conditional create, what was there already. */
export type Plan =
  | { readonly step: Step; readonly write: Write; readonly existing: undefined }
  | { readonly step: Step; readonly write: undefined; readonly existing: NonNullable<Existing> }

type Existing = Awaited<ReturnType<typeof findOne>>

function readStep(context: Context, { prefer }: FhirRequest, json: Json, index: number): Step {
  const entry = parseEntry(json, index, context.base, prefer)
  const route = entryRoute(entry.request)
  const { interaction, type, id } = route
  if (interaction !== 'create' && interaction !== 'update') return { entry, route, resource: undefined }
  demand(context.access, type, interaction === 'create' ? 'c' : 'u')
  const resource = demandValid(entry.request.body ?? null, type)
  if (id !== undefined) demandSameId(resource, id)
  return { entry, route, resource }
}

async function performAll(tx: Tx, context: Context, steps: readonly Step[]): Promise<Answer> {
  await lockCriteria(tx, steps.flatMap(criteriaOf))
  const answers: Answer[] = []
  for (const step of steps.filter(isDelete)) answers[step.entry.index] = await alone(tx, context, step)
  const plans: Plan[] = []
  for (const step of steps) if (step.resource) plans.push(await plan(tx, context, step, step.resource))
  demandDistinct(steps, plans)
  for (const [index, answer] of await writePlans(tx, context, plans)) answers[index] = answer
  for (const step of steps.filter(isRead)) answers[step.entry.index] = await alone(tx, context, step)
  const entries = answers.map(responseEntry)
  const body = bundleText({ type: 'transaction-response', now: context.now(), entries })
  return { status: 200, body, accesses: answers.flatMap(({ accesses }) => accesses) }
}

function isDelete({ route }: Step): boolean {
  return route.interaction === 'delete'
}

function isRead({ route, resource }: Step): boolean {
  return resource === undefined && route.interaction !== 'delete'
}

/** The criteria of a conditional entry; all are locked at once, before any is looked up. */
function criteriaOf({ entry: { request }, route: { interaction, type, id } }: Step): Criteria[] {
  if (interaction === 'create') {
    return request.ifNoneExist === undefined ? [] : [parseCriteria(type, request.ifNoneExist)]
  }
  const isConditional = (interaction === 'update' || interaction === 'delete') && id === undefined
  return isConditional ? [{ type, parameters: request.parameters }] : []
}

function alone(tx: Tx, context: Context, step: Step): Promise<Answer> {
  return within(step.entry.index, () => perform(tx, context, step.entry.request, step.route))
}

/** Finds out under which id a step writes. */
function plan(tx: Tx, context: Context, step: Step, resource: Resource): Promise<Plan> {
  const { entry, route } = step
  const { type } = route
  const ours = () => newLogicalId(context.now())
  return within(entry.index, async () => {
    const [criteria] = criteriaOf(step)
    if (route.interaction === 'create') {
      const existing = criteria && (await findOne(tx, context, criteria))
      if (existing) return { step, write: undefined, existing }
      return {
        step,
        write: { type, id: ours(), resource, method: 'POST', fresh: true, ifMatch: undefined },
        existing,
      }
    }
    const id = route.id ?? (criteria && (await conditionalTarget(tx, context, criteria, resource)))
    const { ifMatch } = entry.request
    const write = {
      type,
      id: id ?? ours(),
      resource,
      method: 'PUT' as const,
      fresh: id === undefined,
      ifMatch,
    }
    return { step, write, existing: undefined }
  })
}

/** "If any resource identities overlap in steps 1-3, then the transaction SHALL fail." */
function demandDistinct(steps: readonly Step[], plans: readonly Plan[]): void {
  const deleted = steps.filter(isDelete).flatMap(({ route: { type, id } }) => (id ? [`${type}/${id}`] : []))
  const written = plans.flatMap(({ write }) => (write ? [`${write.type}/${write.id}`] : []))
  const all = [...deleted, ...written]
  if (new Set(all).size < all.length) {
    throw new FhirError(400, [
      issue('duplicate', 'two entries write or delete the same resource', 'Bundle.entry'),
    ])
  }
}

/** Writes all at once. @returns answers by the index of their entry */
async function writePlans(
  tx: Tx,
  context: Context,
  plans: readonly Plan[],
): Promise<[index: number, answer: Answer][]> {
  const resources = await resolveLinks(tx, context, plans)
  const writes = plans.flatMap(({ write }, index) =>
    write ? [{ ...write, resource: resources[index] ?? write.resource }] : [],
  )
  const written = (await writeAll(tx, context, writes)).values()
  return plans.map(({ step: { entry, route }, existing }) => {
    const { prefer } = entry.request
    if (existing) return [entry.index, existingAnswer(context, existing, prefer)]
    const { value } = written.next()
    if (!value) throw new TypeError('every write is answered')
    return [entry.index, writtenAnswer(value, route.interaction === 'create' ? 'create' : 'update', prefer)]
  })
}
