import { demand } from '../access/access.ts'
import type { Json, Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { entryRoute } from './batch.ts'
import { entriesOf, parseEntry, responseEntry, within, type BundleEntry } from './bundle-entry.ts'
import { bundleText } from './bundle-text.ts'
import { lockCriteria, parseCriteria, type Criteria } from './conditional.ts'
import { onRecord, type Context } from './context.ts'
import { affectsState } from './operations/index.ts'
import { readPatch, type Patch } from './patch.ts'
import { perform } from './perform.ts'
import type { FhirRequest } from './request.ts'
import type { Route } from './route.ts'
import { deleteFirst, lockKnown } from './transaction-deletes.ts'
import { demandDistinct, planAll, writePlans } from './transaction-plan.ts'
import { demandSameId } from './update.ts'

/**
 * Performs all entries or none, in the order DELETE, POST, PUT and PATCH, GET, whatever their order in
 * the Bundle. References between entries are rewritten to the ids that their targets get.
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

/** An entry with its interaction, and what was read of it. */
export interface Step {
  readonly entry: BundleEntry
  readonly route: Route
  /** of a create or update, valid */
  readonly resource: Resource | undefined
  readonly patch: Patch | undefined
  /** of a conditional interaction */
  readonly criteria: Criteria | undefined
}

function readStep(context: Context, { prefer }: FhirRequest, json: Json, index: number): Step {
  const entry = parseEntry(json, index, context.base, prefer)
  const { request } = entry
  const route = entryRoute(request)
  const { interaction, type, id } = route
  const step = { entry, route, resource: undefined, patch: undefined, criteria: undefined }
  const criteria = () => (id === undefined ? parseCriteria(context, type, request.parameters) : undefined)
  switch (interaction) {
    case 'create': {
      demand(context.access, type, 'c')
      const resource = context.demandValid(request.body ?? null, type)
      const { ifNoneExist } = request
      const isConditional = ifNoneExist !== undefined
      return {
        ...step,
        resource,
        criteria: isConditional ? parseCriteria(context, type, ifNoneExist) : undefined,
      }
    }
    case 'update': {
      demand(context.access, type, 'u')
      const resource = context.demandValid(request.body ?? null, type)
      if (id !== undefined) demandSameId(resource, id)
      return { ...step, resource, criteria: criteria() }
    }
    case 'patch':
      demand(context.access, type, 'u')
      return { ...step, patch: readPatch(request), criteria: criteria() }
    case 'delete':
      demand(context.access, type, 'd')
      return { ...step, criteria: criteria() }
    default:
      demandHarmless(route)
      return step
  }
}

/** What an operation does is not undone with the others' work; it is not part of a transaction. */
function demandHarmless(route: Route): void {
  if (route.interaction === 'operation' && affectsState(route)) {
    throw FhirError.notSupported('an operation that changes something is not possible inside a transaction')
  }
}

async function performAll(tx: Tx, context: Context, steps: readonly Step[]): Promise<Answer> {
  await lockCriteria(
    tx,
    steps.flatMap(({ criteria }) => criteria ?? []),
  )
  await lockKnown(tx, context, steps)
  const answers: Answer[] = []
  const deletions = await deleteFirst(tx, context, steps)
  for (const { step, answer } of deletions) answers[step.entry.index] = answer
  const plans = await planAll(tx, context, steps)
  demandDistinct(deletions, plans)
  for (const [index, answer] of await writePlans(tx, context, plans)) answers[index] = answer
  for (const step of steps) answers[step.entry.index] ??= await read(tx, context, step)
  const body = bundleText({
    type: 'transaction-response',
    now: context.now(),
    entries: answers.map(responseEntry),
  })
  return { status: 200, body, accesses: answers.flatMap(({ accesses }) => accesses) }
}

/** What neither deletes nor writes sees what the others have done. */
function read(tx: Tx, context: Context, { entry, route }: Step): Promise<Answer> {
  return within(entry.index, () => perform(tx, context, entry.request, route))
}
