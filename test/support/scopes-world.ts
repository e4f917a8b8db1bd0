import type { CareAccess } from '../../src/access/access.ts'
import { parseScopes } from '../../src/access/scope.ts'
import { resourceTypes } from '../../src/fhir/definitions.ts'
import { isObject, parseJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import { Gate } from '../../src/governance/gate.ts'
import type { Answer } from '../../src/interactions/answer.ts'
import { batch } from '../../src/interactions/batch.ts'
import { demandBundle } from '../../src/interactions/bundle-entry.ts'
import type { Context } from '../../src/interactions/context.ts'
import { perform } from '../../src/interactions/perform.ts'
import { parseParameters, type FhirRequest } from '../../src/interactions/request.ts'
import { route } from '../../src/interactions/route.ts'
import { prepareTransaction } from '../../src/interactions/transaction.ts'
import { Exchange } from '../../src/rest/exchange.ts'
import { chanceOf } from './oracle/chance.ts'
import { randomResource } from './oracle/random-resource.ts'
import { nameOf } from './scopes-model.ts'
import { startServer, type TestServer } from './server.ts'

/** Of every type two resources; more of what hospitals ask for most. */
const ids = ['one', 'two']
const moreIds = ['three', 'four', 'five']
const often = ['Patient', 'Observation', 'Encounter', 'Condition', 'MedicationRequest', 'DiagnosticReport']
/** Written, and deleted again. */
const goneId = 'gone'

/** What is asked of the server: a request without a token. */
export interface Asked {
  readonly method: string
  /** below the base, with its query */
  readonly url: string
  readonly body?: Json
  readonly ifNoneExist?: string
}

/** Resources of every type at random, and the server that holds them. What is done to them is undone. */
export class ScopesWorld {
  /** the current version of each */
  readonly resources: readonly Resource[]
  /** versions before these, and of what was deleted, by name */
  readonly former: ReadonlyMap<string, Resource>
  readonly deleted: readonly Resource[]
  readonly base: string
  private readonly server: TestServer
  private readonly patient: string

  private constructor(server: TestServer, made: Made, patient: string) {
    this.server = server
    this.base = `${server.url}/fhir`
    this.resources = made.resources
    this.former = made.former
    this.deleted = made.deleted
    this.patient = patient
  }

  static async start(seed: number): Promise<ScopesWorld> {
    const server = await startServer()
    const made = await load(server, seed)
    const full = accessOf('system/*.cruds', undefined)
    const gate = server.app.get(Gate, { strict: false })
    const patient = await server.store.read('care', (tx) => gate.locate(tx, full, 'Patient', 'one'))
    if (patient === undefined) throw new TypeError('no Patient/one')
    return new ScopesWorld(server, made, patient)
  }

  close(): Promise<void> {
    return this.server.close()
  }

  /** Asks under scopes, with Patient/one in launch context. Nothing of it stays. */
  async ask(scopes: string, asked: Asked): Promise<Answered> {
    const access = accessOf(scopes, this.patient)
    const made = this.server.app.get(Exchange, { strict: false }).contextOf(access, '/fhir')
    const context: Context = { ...made, record: () => Promise.resolve() }
    try {
      return answered(await this.undone(context, requestOf(asked)))
    } catch (error) {
      if (!(error instanceof FhirError)) throw error
      return { status: error.status, version: undefined, body: undefined }
    }
  }

  private async undone(context: Context, request: FhirRequest): Promise<Answer> {
    const found = route(request)
    const isBundle = found.interaction === 'batch'
    if (isBundle && demandBundle(request.body).type === 'batch') {
      return batch(context, request, request.body as Resource)
    }
    const work = isBundle ? await prepareTransaction(context, request, request.body as Resource) : undefined
    let answer: Answer | undefined
    await this.server.store
      .transaction('care', async (tx) => {
        answer = await (work ? work(tx) : perform(tx, context, request, found))
        throw new Undone()
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undone)) throw error
      })
    if (!answer) throw new TypeError('no answer')
    return answer
  }
}

class Undone extends Error {}

/** What came of it. */
export interface Answered {
  readonly status: number
  readonly version: number | undefined
  readonly body: Resource | undefined
}

function answered({ status, version, body }: Answer): Answered {
  return { status, version, body: body === undefined ? undefined : (parseJson(body) as Resource) }
}

export function accessOf(scopes: string, patient: string | undefined): CareAccess {
  return {
    kind: 'care',
    caller: { clientId: 'app', userId: 'someone', tokenId: 't', ip: undefined },
    scopes: parseScopes(scopes, 'Europe/Paris'),
    patient,
    grants: new Set(),
  }
}

function requestOf({ method, url, body, ifNoneExist }: Asked): FhirRequest {
  const [path = '', query = ''] = url.split('?')
  const isPatch = Array.isArray(body)
  return {
    method,
    path: path.split('/').filter((segment) => segment !== ''),
    parameters: parseParameters(query),
    body: isPatch ? undefined : body,
    contentType: isPatch ? 'application/json-patch+json' : undefined,
    rawBody: isPatch ? Buffer.from(JSON.stringify(body)) : undefined,
    ...{ ifMatch: undefined, ifNoneMatch: undefined, ifModifiedSince: undefined, ifNoneExist },
    prefer: { return: 'representation', handling: 'strict', async: false },
  }
}

interface Made {
  readonly resources: readonly Resource[]
  readonly former: ReadonlyMap<string, Resource>
  readonly deleted: readonly Resource[]
}

/** Everything once; the first of each type again, with other content; and what is deleted again. */
async function load(server: TestServer, seed: number): Promise<Made> {
  const world = { ids: [...ids, 'absent'], base: `${server.url}/fhir` }
  const make = (type: string, id: string, n: number) =>
    quiet(randomResource(type, id, chanceOf(seed * 1_000_003 + n), world))
  const first = resourceTypes.flatMap((type, at) =>
    [...ids, ...(often.includes(type) ? [...moreIds, goneId] : [])].map((id, n) =>
      make(type, id, at * 101 + n),
    ),
  )
  const again = resourceTypes.map((type, at) => make(type, 'one', at * 101 + 50))
  const written = await put(server, first)
  const rewritten = await put(server, again)
  const deleted = written.filter(({ id }) => id === goneId)
  await send(
    server,
    deleted.map((one) => ({ request: { method: 'DELETE', url: nameOf(one) } })),
  )
  // two that say the same are one version
  const isNewer = ({ meta }: Resource) => isObject(meta) && meta['versionId'] === '2'
  const newer = new Map(rewritten.filter(isNewer).map((one) => [nameOf(one), one]))
  const resources = written.filter(({ id }) => id !== goneId).map((one) => newer.get(nameOf(one)) ?? one)
  const former = written.filter((one) => newer.has(nameOf(one)) || one['id'] === goneId)
  return { resources, former: new Map(former.map((one) => [nameOf(one), one])), deleted }
}

/** @returns the resources as the server holds them */
async function put(server: TestServer, resources: readonly Resource[]): Promise<Resource[]> {
  const entries = await send(
    server,
    resources.map((resource) => ({ resource, request: { method: 'PUT', url: nameOf(resource) } })),
  )
  return resources.map((resource, at) => {
    const response = entries[at]?.response
    const meta = {
      lastUpdated: response?.lastModified ?? '',
      versionId: /\d+/.exec(response?.etag ?? '')?.[0],
    }
    return {
      ...resource,
      meta: { ...(isObject(resource['meta']) ? resource['meta'] : {}), ...meta },
    } as Resource
  })
}

interface Entry {
  readonly response?: { readonly lastModified?: string; readonly etag?: string }
}

async function send(server: TestServer, entry: readonly object[]): Promise<readonly Entry[]> {
  const client = await server.client()
  const answer = await client.post('/fhir', { resourceType: 'Bundle', type: 'transaction', entry })
  if (answer.status !== 200) throw new TypeError(answer.text)
  return (answer.body as { entry: Entry[] }).entry
}

/** A Subscription that is on would call somebody, a SearchParameter that is active would be in service. */
function quiet(resource: Resource): Resource {
  const status = { Subscription: 'off', SearchParameter: 'draft' }[resource.resourceType]
  return status === undefined ? resource : { ...resource, status }
}
