import type { Access } from '../access/access.ts'
import type { Trail } from '../audit/trail.ts'
import { parseJson, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import { batch } from '../interactions/batch.ts'
import { demandBundle } from '../interactions/bundle-entry.ts'
import type { Answer } from '../interactions/answer.ts'
import { onRecord, type Context } from '../interactions/context.ts'
import { newLogicalId } from '../interactions/logical-id.ts'
import { permitsAll } from '../interactions/judge.ts'
import type { FhirRequest } from '../interactions/request.ts'
import { prepareTransaction } from '../interactions/transaction.ts'
import { writeAll, type Write, type Written } from '../interactions/write.ts'
import { forgetImported, noteImported } from '../store/imported.ts'
import { nilPatient } from '../store/row.ts'
import type { ImportSink } from './sink.ts'
import { bundleEntries, type Place } from './unit.ts'

/** The sink of who may write what `context.access` says. @param context its `record` is for Bundles' entries */
export function engineSink(context: Context, trail: Pick<Trail, 'record'>): ImportSink {
  return new EngineSink(context, trail)
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
  private readonly trail: Pick<Trail, 'record'>

  constructor(context: Context, trail: Pick<Trail, 'record'>) {
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
    demandWhole(this.context.access, resource.resourceType)
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

/** @throws FhirError 403 but for scopes that reach all resources of the type: a batch is written as one */
function demandWhole(access: Access, type: string): void {
  if (permitsAll(access, type, 'c') && permitsAll(access, type, 'u')) return
  throw FhirError.forbidden(`${type}: no scope to create and update all of it`)
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
