import { resourceTypes } from '../../src/fhir/definitions.ts'
import { isObject, type Resource } from '../../src/fhir/json.ts'
import { chanceOf } from './oracle/chance.ts'
import { randomResource } from './oracle/random-resource.ts'
import { nameOf } from './scopes-model.ts'
import { startServer, type TestServer } from './server.ts'
import { accessOf, askUndone, patientKey, type Answered, type Asked } from './undone.ts'

/** Of every type two resources; more of what hospitals ask for most, and of rare types of parameters. */
const ids = ['one', 'two']
const moreIds = ['three', 'four', 'five']
const often = [
  ...['Patient', 'Observation', 'Encounter', 'Condition', 'MedicationRequest', 'DiagnosticReport'],
  ...['Location', 'RiskAssessment', 'Substance'],
]
/** Written, and deleted again. */
const goneId = 'gone'

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
    return new ScopesWorld(server, made, await patientKey(server, 'one'))
  }

  close(): Promise<void> {
    return this.server.close()
  }

  /** Asks under scopes, with Patient/one in launch context. Nothing of it stays. */
  ask(scopes: string, asked: Asked): Promise<Answered> {
    return askUndone(this.server, accessOf(scopes, this.patient), asked)
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
