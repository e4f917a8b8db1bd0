import { isObject, parseJson, type Json, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError, issue, type Issue } from '../fhir/outcome.ts'
import { beginning, type Position, type SourceDocument } from './lines.ts'

/** Where a resource stands: a line, and the entry when the line is a Bundle (from 0). */
export interface Place {
  readonly line: number
  readonly entry?: number
}

/** A resource to import as it stands. */
export interface Item extends Place {
  readonly resource: Resource
}

/** What never reaches the sink. */
export interface Fault extends Place {
  readonly issues: readonly Issue[]
}

/** What is imported in one call. `end` is how far the source is done when it is, undefined inside a document. */
export type Unit =
  | {
      readonly kind: 'batch'
      readonly items: readonly Item[]
      readonly faults: readonly Fault[]
      readonly end: Position
    }
  | { readonly kind: 'bundle'; readonly bundle: Resource; readonly line: number; readonly end: Position }

/**
 * A batch ends before a Patient once it has `enough` resources, since exports list a patient's
 * resources together and two batches about one patient cannot overlap; it ends anywhere at `most`, and
 * at 4 MiB of text, about 25 MB of objects.
 */
const limits = { enough: 400, most: 1000, bytes: 4 * 1024 * 1024 }

/**
 * Gathers documents into units, in their order: a transaction or batch Bundle is one of its own, the
 * resources of a collection or searchset Bundle and single resources go together in batches.
 */
export async function* units(
  documents: AsyncIterable<SourceDocument>,
  from: Position = beginning,
): AsyncGenerator<Unit> {
  let batch = emptyBatch()
  let end = from
  const cut = (): Unit => {
    const unit: Unit = { kind: 'batch', items: batch.items, faults: batch.faults, end }
    batch = emptyBatch()
    return unit
  }
  for await (const document of documents) {
    const parsed = read(document)
    if ('bundle' in parsed) {
      if (!isEmpty(batch)) yield cut()
      end = document.end
      yield { kind: 'bundle', bundle: parsed.bundle, line: document.line, end }
      continue
    }
    batch.faults.push(...parsed.faults)
    for (const item of parsed.items) {
      if (isFull(batch, item)) yield cut()
      batch.items.push(item)
    }
    batch.bytes += document.end.offset - end.offset
    end = document.end
  }
  if (!isEmpty(batch)) yield cut()
}

interface Batch {
  readonly items: Item[]
  readonly faults: Fault[]
  bytes: number
}

function emptyBatch(): Batch {
  return { items: [], faults: [], bytes: 0 }
}

function isEmpty({ items, faults }: Batch): boolean {
  return items.length === 0 && faults.length === 0
}

function isFull({ items, bytes }: Batch, next: Item): boolean {
  if (items.length >= limits.most || bytes >= limits.bytes) return true
  return items.length >= limits.enough && next.resource.resourceType === 'Patient'
}

type Parsed =
  { readonly items: readonly Item[]; readonly faults: readonly Fault[] } | { readonly bundle: Resource }

function read({ line, content }: SourceDocument): Parsed {
  if ('fault' in content) return fault({ line }, content.fault)
  try {
    const resource = demandResource(parseJson(content.text))
    if (resource.resourceType !== 'Bundle') return { items: [{ resource, line }], faults: [] }
    return readBundle(resource, line)
  } catch (error) {
    if (!(error instanceof FhirError)) throw error
    return { items: [], faults: [{ line, issues: error.issues }] }
  }
}

function readBundle(bundle: Resource, line: number): Parsed {
  switch (bundle.type) {
    case 'transaction':
    case 'batch':
      return { bundle }
    case 'collection':
    case 'searchset':
      return entriesOf(bundle, line)
    case 'history':
    case 'batch-response':
    case 'transaction-response':
      return fault(
        { line },
        issue('not-supported', 'a Bundle of this type cannot be imported', 'Bundle.type'),
      )
    default:
      // documents and messages are resources in their own right; an unknown type is the validator's to refuse
      return { items: [{ resource: bundle, line }], faults: [] }
  }
}

function entriesOf(bundle: Resource, line: number): Parsed {
  const entries: readonly Json[] = Array.isArray(bundle.entry) ? bundle.entry : []
  const items: Item[] = []
  const faults: Fault[] = []
  entries.forEach((value, entry) => {
    const resource = isObject(value) ? value.resource : undefined
    if (isResource(resource)) items.push({ resource, line, entry })
    else
      faults.push({
        line,
        entry,
        issues: [issue('required', 'Bundle.entry.resource: missing', `Bundle.entry[${entry}]`)],
      })
  })
  return { items, faults }
}

function fault(place: Place, one: Issue): Parsed {
  return { items: [], faults: [{ ...place, issues: [one] }] }
}

function demandResource(value: Json): Resource {
  if (!isResource(value)) throw FhirError.structure('a resource expected: an object with a resourceType')
  return value
}

function isResource(value: Json | undefined): value is Resource {
  return isObject(value) && typeof value.resourceType === 'string'
}

/** The entries of a Bundle that are objects, by their number. */
export function bundleEntries(bundle: Resource): readonly JsonObject[] {
  return Array.isArray(bundle.entry) ? bundle.entry.map((entry) => (isObject(entry) ? entry : {})) : []
}
