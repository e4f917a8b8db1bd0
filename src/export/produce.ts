import { randomUUID } from 'node:crypto'
import { narrowTo, restrict, type Access, type AllowedQuery } from '../access/access.ts'
import { parseJson, stringifyJson, type Resource } from '../fhir/json.ts'
import { matches } from '../fhir/search/matches.ts'
import { plainQuery } from '../fhir/search/parse-criterion.ts'
import type { Query } from '../fhir/search/query.ts'
import type { Gate, Released } from '../governance/gate.ts'
import { shaped } from '../interactions/summary.ts'
import { readerOf } from '../store/reader.ts'
import { nilPatient, type StoredRow } from '../store/row.ts'
import { exportRows } from '../store/search.ts'
import type { Store } from '../store/store.ts'
import type { ExportFile, PartPlan } from './jobs.ts'
import { NdjsonWriter, removeNdjson, type FilePlace } from './ndjson-file.ts'
import type { ExportRequest } from './request.ts'
import { filtersFor } from './type-filter.ts'

/** What the content of a part is made from, and nothing else: made twice, it is the same. */
export interface Production {
  readonly store: Store
  readonly gate: Gate
  readonly access: Access
  readonly request: ExportRequest
  /** the job's transactionTime: what was written later is not in it */
  readonly until: Date
  readonly zone: string
  readonly place: Omit<FilePlace, 'file'>
  /** aborted when the part is no longer ours, or the process ends */
  readonly signal: AbortSignal
}

/** NDJSON bytes after which a file ends and another begins: what a client can fetch again when it broke. */
const fileBytes = 256 * 1024 * 1024
/** Patients whose rows of one type are in memory at once, to be put in the permit's order. */
const patientsAtOnce = 20

/**
 * Writes the files of one part: one type after the other, of each as many files as its bytes take, and
 * none for a type of which there is nothing. Leaves nothing behind when it throws.
 *
 * @throws the signal's reason when it is aborted
 */
export async function producePart(production: Production, plan: PartPlan): Promise<ExportFile[]> {
  const output = new Output(production.place)
  try {
    for (const type of plan.types) {
      const finished = finisher(production, type)
      const take = async (released: readonly Released[]) => {
        production.signal.throwIfAborted()
        await output.write(type, released.flatMap(finished))
      }
      const query = queryFor(production, type)
      if (plan.patients) await readPatients(production, query, plan.patients, take)
      else await readAll(production, query, take)
      await output.endFile()
    }
    return output.files
  } catch (error) {
    await output.abandon()
    throw error
  }
}

type Take = (released: readonly Released[]) => Promise<void>

/** On a research base the rows are only candidates: what is released is judged once more. */
function queryFor({ access, request, zone }: Production, type: string): AllowedQuery {
  const filters = filtersFor(type, request.typeFilters, zone)
  const only = filters.length === 1 ? filters[0] : undefined
  const all = plainQuery(type, [])
  // of a single filter the gate takes what is safe to ask of true rows; several are left to the judge
  return access.kind === 'research' ? restrict(access, only ?? all) : narrowTo(restrict(access, all), filters)
}

/**
 * The last step of a resource: the text that goes into the file, or nothing. The filters of a research
 * client, of his scopes too, are judged on what is released, so that an element he may not see cannot
 * decide whether he sees the resource.
 */
function finisher({ access, request, zone }: Production, type: string): (released: Released) => string[] {
  const filters = filtersFor(type, request.typeFilters, zone)
  const elements = elementsFor(type, request.elements)
  const judges = access.kind === 'research' ? [filters, scopeFilters(access, type)] : []
  const limits = judges.filter(({ length }) => length > 0)
  if (limits.length === 0 && elements === undefined) return ({ text }) => [text]
  return ({ text }) => {
    const resource = parseJson(text) as Resource
    const holds = limits.every((anyOf) => anyOf.some((query) => matches(query, resource, { zone })))
    if (!holds) return []
    return [elements === undefined ? text : stringifyJson(shaped(resource, { elements, summary: undefined }))]
  }
}

function scopeFilters(access: Access, type: string): Query[] {
  return restrict(access, plainQuery(type, [])).anyOf.map(({ filter }) => filter)
}

/** The root elements asked of a type; undefined: all. */
function elementsFor(type: string, elements: readonly string[]): string[] | undefined {
  const asked = elements.flatMap((element) => {
    const [named, name] = element.includes('.') ? element.split('.') : [type, element]
    return named === type && name !== undefined ? [name] : []
  })
  return asked.length === 0 ? undefined : asked
}

/** In the order of `patients`, then by id: nothing is left of the order of arrival. */
async function readPatients(
  production: Production,
  query: AllowedQuery,
  patients: readonly string[],
  take: Take,
): Promise<void> {
  const { store, gate, access } = production
  for (let at = 0; at < patients.length; at += patientsAtOnce) {
    const some = patients.slice(at, at + patientsAtOnce)
    const released = await store.snapshot(readerOf(access), async (tx) => {
      const prepared = await gate.prepare(tx, query)
      const rows: StoredRow[] = []
      for await (const batch of exportRows(tx, prepared, { ...rangeOf(production), patients: some })) {
        rows.push(...batch)
      }
      return gate.release(tx, access, rows)
    })
    const order = new Map(some.map((patient, index) => [patient, index]))
    const place = ({ row }: Released) => order.get(row.patient) ?? 0
    await take(released.sort((left, right) => place(left) - place(right) || (left.id < right.id ? -1 : 1)))
  }
}

/**
 * All rows of a type in one snapshot, however many. The gate reads the vault on another connection,
 * because the first is busy with the rows; a sealed part never changes, so it needs no snapshot.
 */
async function readAll(production: Production, query: AllowedQuery, take: Take): Promise<void> {
  const { store, gate, access, request } = production
  const ofPatientsOnly = request.level !== 'system'
  let isRepeated = false
  await store.snapshot(readerOf(access), async (reading) => {
    // `take` writes: when the store begins anew, so must the part
    if (isRepeated) throw new Error('the snapshot was lost')
    isRepeated = true
    const prepared = await gate.prepare(reading, query)
    for await (const batch of exportRows(reading, prepared, rangeOf(production))) {
      const rows = ofPatientsOnly ? batch.filter(({ patient }) => patient !== nilPatient) : batch
      await take(await store.transaction(readerOf(access), (tx) => gate.release(tx, access, rows)))
    }
  })
}

/**
 * What was written at or before the job's time. A resource that was written again after it, before its
 * part was read, is left to the next export with `_since`: the row that held then is no longer current.
 */
function rangeOf({ request, until }: Production): { since?: Date; until: Date } {
  return request.since === undefined ? { until } : { since: new Date(request.since), until }
}

/** The files of a part, one open at a time. */
class Output {
  readonly files: ExportFile[] = []
  private readonly place: Production['place']
  private open: { readonly type: string; readonly writer: NdjsonWriter } | undefined

  constructor(place: Production['place']) {
    this.place = place
  }

  async write(type: string, resources: readonly string[]): Promise<void> {
    if (resources.length === 0) return
    this.open ??= { type, writer: await NdjsonWriter.create({ ...this.place, file: randomUUID() }) }
    await this.open.writer.write(resources)
    if (this.open.writer.bytes >= fileBytes) await this.endFile()
  }

  async endFile(): Promise<void> {
    if (!this.open) return
    const { type, writer } = this.open
    this.files.push({ ...(await writer.finish()), type, isError: false })
    this.open = undefined
  }

  async abandon(): Promise<void> {
    await this.open?.writer.abandon()
    await Promise.all(this.files.map(({ file }) => removeNdjson({ ...this.place, file })))
  }
}
