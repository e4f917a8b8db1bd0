import type { INestApplicationContext } from '@nestjs/common'
import type { CareAccess } from '../access/access.ts'
import { Trail, type AuditedAccess } from '../audit/trail.ts'
import { Settings } from '../config.ts'
import { parseJson, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import { Gate } from '../governance/gate.ts'
import { Keyring } from '../identity/keyring.ts'
import { batch } from '../interactions/batch.ts'
import { demandBundle } from '../interactions/bundle-entry.ts'
import type { Accessed, Answer } from '../interactions/answer.ts'
import { onRecord, type Context } from '../interactions/context.ts'
import { newLogicalId } from '../interactions/logical-id.ts'
import { pageSeal } from '../interactions/page.ts'
import type { FhirRequest } from '../interactions/request.ts'
import { prepareTransaction } from '../interactions/transaction.ts'
import { validationOf } from '../interactions/validation.ts'
import { writeAll, type Write, type Written } from '../interactions/write.ts'
import { forgetImported, noteImported } from '../store/imported.ts'
import { nilPatient } from '../store/row.ts'
import { Store } from '../store/store.ts'
import type { ImportSink } from './sink.ts'
import { bundleEntries, type Place } from './unit.ts'

/** The sink of an application that holds the engine. */
export function engineSink(app: INestApplicationContext): ImportSink {
  const settings = app.get(Settings, { strict: false })
  const trail = app.get(Trail, { strict: false })
  const context: Context = {
    store: app.get(Store, { strict: false }),
    gate: app.get(Gate, { strict: false }),
    access: operator,
    base: `${settings.publicUrl}/fhir`,
    zone: settings.zone,
    notifiable: [],
    pages: pageSeal(app.get(Keyring, { strict: false })),
    demandValid: validationOf(settings),
    record: async (accesses) => {
      await Promise.all(accesses.map((accessed) => trail.record(eventOf(accessed))))
    },
    now: () => new Date(),
  }
  return new EngineSink(context, trail)
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
type Line = Parameters<ImportSink['importBundle']>[1]

/** A write with its place in the source. */
interface Placed {
  readonly place: string
  readonly write: Write
}

/** Takes resources as the care base would: validated, sealed, indexed, versioned, on record. */
class EngineSink implements ImportSink {
  private readonly context: Context
  private readonly trail: Trail

  constructor(context: Context, trail: Trail) {
    this.context = context
    this.trail = trail
  }

  forget(source: string): Promise<void> {
    return this.context.store.transaction('care', (tx) => forgetImported(tx, source))
  }

  async importBatch(inputs: Inputs, source: string): Promise<Results> {
    const refused = new Map<number, readonly Issue[]>()
    const writes = inputs.flatMap(({ resource, ...place }, index) => {
      try {
        return [{ place: textOf(place), write: this.write(this.context.demandValid(resource)) }]
      } catch (error) {
        refused.set(index, issuesOf(error))
        return []
      }
    })
    for (const round of rounds(writes)) await this.writeRound(round, source)
    return inputs.map(({ line }, index) => {
      const issues = refused.get(index)
      return { line, ...(issues ? { refused: issues } : {}) }
    })
  }

  async importBundle(bundle: Resource, at: Line): ReturnType<ImportSink['importBundle']> {
    const answer =
      demandBundle(bundle).type === 'batch'
        ? await batch(this.context, postOf(bundle), bundle)
        : await this.transactionOnce(bundle, at)
    if (!answer) return bundleEntries(bundle).map((_, entry) => ({ entry }))
    await this.context.record(answer.accesses)
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

  /** @returns undefined when an import that was broken off had it committed */
  private async transactionOnce(bundle: Resource, { source, line }: Line): Promise<Answer | undefined> {
    const perform = await prepareTransaction(this.context, postOf(bundle), bundle)
    return this.context.store.transaction('care', async (tx) => {
      const noted = await noteImported(tx, source, [textOf({ line })])
      return noted.size > 0 ? onRecord(this.context, await perform(tx)) : undefined
    })
  }

  /** Leaves out what would be made a second time; an update under an id is none the worse for it. */
  private writeRound(round: readonly Placed[], source: string): Promise<void> {
    return this.context.store.transaction('care', async (tx) => {
      const made = round.filter(({ write }) => write.fresh)
      const noted = await noteImported(
        tx,
        source,
        made.map(({ place }) => place),
      )
      const due = round.filter(({ write, place }) => !write.fresh || noted.has(place))
      const written = await writeAll(
        tx,
        this.context,
        due.map(({ write }) => write),
      )
      await this.record(written)
    })
  }

  private async record(written: readonly Written[]): Promise<void> {
    if (written.length === 0) return
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
}

function eventOf({ type, ...accessed }: Accessed): AuditedAccess {
  return {
    ...accessed,
    ...(type === undefined ? {} : { type }),
    ...{ action: 'E', access: operator, base: '/fhir', at: new Date() },
  }
}

/** A resource that is in a batch twice is written in two transactions, in order. */
function rounds(writes: readonly Placed[]): Placed[][] {
  const found: Placed[][] = []
  const seen = new Map<string, number>()
  for (const placed of writes) {
    const key = `${placed.write.type}/${placed.write.id}`
    const round = (seen.get(key) ?? -1) + 1
    seen.set(key, round)
    const list = found[round]
    if (list) list.push(placed)
    else found.push([placed])
  }
  return found
}

function textOf({ line, entry }: Place): string {
  return entry === undefined ? String(line) : `${line}.${entry}`
}

function issuesOf(error: unknown): readonly Issue[] {
  if (error instanceof FhirError && error.status < 500) return error.issues
  throw error
}

function postOf(bundle: Resource): FhirRequest {
  return {
    ...{ method: 'POST', path: [], parameters: [], body: bundle, contentType: undefined, rawBody: undefined },
    ...{ ifMatch: undefined, ifNoneMatch: undefined, ifModifiedSince: undefined, ifNoneExist: undefined },
    prefer: { return: 'minimal', handling: 'strict', async: false },
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
