import type { INestApplicationContext } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { CareAccess } from '../access/access.ts'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { EngineModule } from '../engine.module.ts'
import { parseJson, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import { demandValid } from '../fhir/validate.ts'
import { Gate } from '../governance/gate.ts'
import { Keyring } from '../identity/keyring.ts'
import { batch } from '../interactions/batch.ts'
import { demandBundle } from '../interactions/bundle-entry.ts'
import type { Answer } from '../interactions/answer.ts'
import type { Context } from '../interactions/context.ts'
import { newLogicalId } from '../interactions/logical-id.ts'
import { pageSeal } from '../interactions/page.ts'
import type { FhirRequest } from '../interactions/request.ts'
import { transaction } from '../interactions/transaction.ts'
import { writeAll, type Write, type Written } from '../interactions/write.ts'
import { nilPatient } from '../store/row.ts'
import { Store } from '../store/store.ts'
import type { OpenSink } from './import.ts'
import type { ImportSink } from './import-sink.ts'

/** The engine behind the command line: the server's own parts without HTTP, on the same database and keys. */
export async function openEngine(): Promise<OpenSink> {
  const app = await NestFactory.createApplicationContext(EngineModule, { logger: false, abortOnError: false })
  const fingerprintKey = app.get(Keyring, { strict: false }).derive('import')
  return { sink: engineSink(app), fingerprintKey, close: () => app.close() }
}

/** The sink of an application that holds the engine. */
export function engineSink(app: INestApplicationContext): ImportSink {
  const settings = app.get(Settings, { strict: false })
  const context: Context = {
    store: app.get(Store, { strict: false }),
    gate: app.get(Gate, { strict: false }),
    access: operator,
    base: `${settings.publicUrl}/fhir`,
    zone: settings.zone,
    pages: pageSeal(app.get(Keyring, { strict: false })),
    now: () => new Date(),
  }
  return new EngineSink(context, app.get(Trail, { strict: false }))
}

/** Who has the keyring and the database may write all of it; what he does is on record like anybody's. */
const operator: CareAccess = {
  kind: 'care',
  caller: { clientId: 'coffre-cli', userId: undefined, tokenId: 'cli', ip: undefined },
  scopes: [{ context: 'system', type: '*', permissions: new Set(['c', 'r', 'u', 'd', 's']), filters: [] }],
  patient: undefined,
  grants: new Set(),
}

type Results = Awaited<ReturnType<ImportSink['importBatch']>>
type Inputs = Parameters<ImportSink['importBatch']>[0]

/** Takes resources as the care base would: validated, sealed, indexed, versioned, on record. */
class EngineSink implements ImportSink {
  private readonly context: Context
  private readonly trail: Trail

  constructor(context: Context, trail: Trail) {
    this.context = context
    this.trail = trail
  }

  async importBatch(inputs: Inputs): Promise<Results> {
    const refused = new Map<number, readonly Issue[]>()
    const writes = inputs.flatMap(({ resource }, index) => {
      try {
        return [{ index, write: this.write(demandValid(resource)) }]
      } catch (error) {
        refused.set(index, issuesOf(error))
        return []
      }
    })
    for (const round of rounds(writes)) await this.record(await this.writeRound(round))
    return inputs.map(({ line }, index) => {
      const issues = refused.get(index)
      return { line, ...(issues ? { refused: issues } : {}) }
    })
  }

  async importBundle(bundle: Resource): Promise<readonly { entry: number; refused?: readonly Issue[] }[]> {
    const { type } = demandBundle(bundle)
    const request = postOf(bundle)
    const answer = await (type === 'batch'
      ? batch(this.context, request, bundle)
      : transaction(this.context, request, bundle))
    await Promise.all(answer.accesses.map((accessed) => this.trail.record(this.event(accessed))))
    return responsesOf(answer).map((response, entry) => {
      const issues = response.outcome
      return Number(response.status.slice(0, 3)) < 400 ? { entry } : { entry, refused: issues }
    })
  }

  private write(resource: Resource): Write {
    const id = resource['id']
    const fresh = typeof id !== 'string'
    return {
      type: resource.resourceType,
      id: fresh ? newLogicalId(this.context.now()) : id,
      resource,
      method: fresh ? 'POST' : 'PUT',
      fresh,
      ifMatch: undefined,
    }
  }

  private writeRound(writes: readonly Write[]): Promise<Written[]> {
    return this.context.store.transaction('care', (tx) => writeAll(tx, this.context, writes))
  }

  private async record(written: readonly Written[]): Promise<void> {
    const patients = new Set(
      written.map(({ patient }) => patient).filter((patient) => patient !== nilPatient),
    )
    await this.trail.record({
      ...{
        action: 'E',
        interaction: 'import',
        outcome: 'success',
        access: this.context.access,
        base: '/fhir',
      },
      entities: written.map(({ type, internal, version }) => ({ type, id: internal, version })),
      patients: [...patients],
      at: this.context.now(),
      detail: { count: String(written.length) },
    })
  }

  private event({ type, ...accessed }: Answer['accesses'][number]): AuditedAccess {
    return {
      ...accessed,
      ...(type === undefined ? {} : { type }),
      ...{ action: 'E', access: this.context.access, base: '/fhir', at: this.context.now() },
    }
  }
}

/** A resource that is in a batch twice is written in two transactions, in order. */
function rounds(writes: readonly { readonly write: Write }[]): Write[][] {
  const found: Write[][] = []
  const seen = new Map<string, number>()
  for (const { write } of writes) {
    const key = `${write.type}/${write.id}`
    const round = (seen.get(key) ?? -1) + 1
    seen.set(key, round)
    const list = found[round]
    if (list) list.push(write)
    else found.push([write])
  }
  return found
}

function issuesOf(error: unknown): readonly Issue[] {
  if (error instanceof FhirError && error.status < 500) return error.issues
  throw error
}

function postOf(bundle: Resource): FhirRequest {
  return {
    ...{ method: 'POST', path: [], parameters: [], body: bundle, ifMatch: undefined, ifNoneMatch: undefined },
    ...{
      ifModifiedSince: undefined,
      ifNoneExist: undefined,
      prefer: { return: 'minimal', handling: 'strict' },
    },
  }
}

/** Status and issues of each entry of a batch-response or transaction-response. */
function responsesOf(answer: Answer): { status: string; outcome: readonly Issue[] }[] {
  const bundle = parseJson(answer.body ?? '{}') as JsonObject
  return ((bundle['entry'] ?? []) as JsonObject[]).map((entry) => {
    const { status, outcome } = entry['response'] as unknown as {
      status: string
      outcome?: { issue?: Issue[] }
    }
    return { status, outcome: outcome?.issue ?? [] }
  })
}
