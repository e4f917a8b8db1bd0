import type { CareAccess } from '../../src/access/access.ts'
import { parseScopes } from '../../src/access/scope.ts'
import { parseJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { Gate } from '../../src/governance/gate.ts'
import { outcomeText, type Answer } from '../../src/interactions/answer.ts'
import { batch } from '../../src/interactions/batch.ts'
import { demandBundle } from '../../src/interactions/bundle-entry.ts'
import type { Context } from '../../src/interactions/context.ts'
import { perform } from '../../src/interactions/perform.ts'
import { parseParameters, type FhirRequest } from '../../src/interactions/request.ts'
import { route } from '../../src/interactions/route.ts'
import { prepareTransaction } from '../../src/interactions/transaction.ts'
import { Exchange } from '../../src/rest/exchange.ts'
import type { TestServer } from './server.ts'

/** What is asked of the server: a request without a token. */
export interface Asked extends Partial<Pick<FhirRequest, 'ifMatch' | 'ifNoneMatch' | 'ifNoneExist'>> {
  readonly method: string
  /** below the base, with its query */
  readonly url: string
  /** a list is a JSON Patch */
  readonly body?: Json
}

/** What comes of it, an error's OperationOutcome too. */
export type Answered = Omit<Answer, 'accesses' | 'body'> & { readonly body: Resource | undefined }

/** Who has these scopes, with a patient in launch context. @param patient its key */
export function accessOf(scopes: string, patient: string | undefined): CareAccess {
  return {
    kind: 'care',
    caller: { clientId: 'app', userId: 'someone', tokenId: 't', ip: undefined },
    scopes: parseScopes(scopes, 'Europe/Paris'),
    patient,
    grants: new Set(),
  }
}

/** The key of a patient. @param id as clients know it */
export async function patientKey(server: TestServer, id: string): Promise<string> {
  const gate = server.app.get(Gate, { strict: false })
  const full = accessOf('system/*.rs', undefined)
  const key = await server.store.read('care', (tx) => gate.locate(tx, full, 'Patient', id))
  if (key === undefined) throw new TypeError('a patient that is not known')
  return key
}

/** Asks the server in a transaction that is taken back: nothing that is done stays, nor goes on record. */
export async function askUndone(server: TestServer, access: CareAccess, asked: Asked): Promise<Answered> {
  const made = server.app.get(Exchange, { strict: false }).contextOf(access, '/fhir')
  const context: Context = { ...made, record: () => Promise.resolve() }
  try {
    const { accesses: _, body, ...answer } = await undone(server, context, requestOf(asked))
    return { ...answer, body: body === undefined ? undefined : (parseJson(body) as Resource) }
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return { status: error.status, body: parseJson(outcomeText(error.issues)) as Resource }
  }
}

async function undone({ store }: TestServer, context: Context, request: FhirRequest): Promise<Answer> {
  const found = route(request)
  const isBundle = found.interaction === 'batch'
  if (isBundle && demandBundle(request.body).type === 'batch') {
    return batch(context, request, request.body as Resource)
  }
  const work = isBundle ? await prepareTransaction(context, request, request.body as Resource) : undefined
  let answer: Answer | undefined
  const doing = store.transaction('care', async (tx) => {
    answer = await (work ? work(tx) : perform(tx, context, request, found))
    throw new Undone()
  })
  await doing.catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error
  })
  if (!answer) throw new TypeError('no answer')
  return answer
}

class Undone extends Error {}

function requestOf({ method, url, body, ifMatch, ifNoneMatch, ifNoneExist }: Asked): FhirRequest {
  const [path = '', query = ''] = url.split('?')
  const isPatch = Array.isArray(body)
  return {
    method,
    path: path.split('/').filter((segment) => segment !== ''),
    parameters: parseParameters(query),
    body: isPatch ? undefined : body,
    contentType: isPatch ? 'application/json-patch+json' : undefined,
    rawBody: isPatch ? Buffer.from(JSON.stringify(body)) : undefined,
    ...{ ifMatch, ifNoneMatch, ifModifiedSince: undefined, ifNoneExist },
    prefer: { return: 'representation', handling: 'strict', async: false },
  }
}
