import type { Json, Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import { outcomeText, type Accessed, type Answer } from './answer.ts'
import { entriesOf, inEntry, parseEntry, responseEntry } from './bundle-entry.ts'
import { bundleText, type EntryText } from './bundle-text.ts'
import type { Context } from './context.ts'
import { performAlone } from './perform.ts'
import type { FhirRequest } from './request.ts'
import { route } from './route.ts'

/**
 * Performs each entry as if it had come alone, in the order DELETE, POST, PUT, GET; one's failure is its
 * own. What is not a `FhirError` stops the batch: it is our fault, and goes to the log.
 *
 * @returns 200 with a batch-response whose entries are in the order of the request's
 * @see FHIR R4 § RESTful API, "batch/transaction"
 */
export async function batch(context: Context, request: FhirRequest, bundle: Resource): Promise<Answer> {
  const entries = entriesOf(bundle)
  const responses: EntryText[] = []
  const accesses: Accessed[] = []
  for (const [index, entry] of inProcessingOrder(entries)) {
    const result = await one(context, request, entry, index)
    responses[index] = result.response
    accesses.push(...result.accesses)
  }
  const body = bundleText({ type: 'batch-response', now: context.now(), entries: responses })
  return { status: 200, body, accesses }
}

/** The order of methods that the specification gives. PATCH stands with PUT. */
const order = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET', 'HEAD']

function inProcessingOrder(entries: readonly Json[]): [index: number, entry: Json][] {
  const rank = (entry: Json) => {
    const { request } = entry as { request?: { method?: unknown } }
    return order.indexOf(String(request?.method))
  }
  return [...entries.entries()].sort(([, left], [, right]) => rank(left) - rank(right))
}

async function one(
  context: Context,
  { prefer }: FhirRequest,
  entry: Json,
  index: number,
): Promise<{ response: EntryText; accesses: readonly Accessed[] }> {
  let interaction: Accessed['interaction'] = 'batch'
  let type: string | undefined
  try {
    const { request } = parseEntry(entry, index, context.base, prefer)
    const found = entryRoute(request)
    interaction = found.interaction
    type = found.type
    const answer = await performAlone(context, request, found)
    return { response: responseEntry(answer), accesses: answer.accesses }
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    const { status, issues } = inEntry(error, index)
    const response = { response: { status: String(status), outcome: outcomeText(issues) } }
    return { response, accesses: [failure(interaction, type, error)] }
  }
}

/** The interaction of an entry: on resources only, a Bundle is not nested. @throws FhirError 400, 404, 405 */
export function entryRoute(request: FhirRequest): ReturnType<typeof route> {
  const found = route(request)
  if (found.interaction === 'batch' || found.interaction === 'capabilities') {
    throw FhirError.notSupported('this interaction is not possible inside a Bundle')
  }
  return found
}

/** What goes on record of an interaction that was refused or failed. */
export function failure(
  interaction: Accessed['interaction'],
  type: string | undefined,
  error: unknown,
): Accessed {
  const isRefusal = error instanceof FhirError && error.status < 500
  const outcome = isRefusal ? 'refused' : 'failed'
  return { interaction, outcome, type: type || undefined, entities: [], patients: [], parameters: [] }
}
