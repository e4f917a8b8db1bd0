import { isObject } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import type { Refusal } from './report.ts'
import type { ImportSink } from './sink.ts'
import { bundleEntries, type Unit } from './unit.ts'

/** What came of one unit. */
export interface Result {
  readonly accepted: number
  /** resources, which may be more than there are refusals: a Bundle that is refused whole is told once */
  readonly refused: number
  readonly refusals: readonly Omit<Refusal, 'file'>[]
}

/** Gives a unit to the sink. @throws what stops the import */
export function carryOut(sink: ImportSink, unit: Unit, source: string): Promise<Result> {
  return unit.kind === 'batch' ? importBatch(sink, unit, source) : importBundle(sink, unit, source)
}

async function importBatch(sink: ImportSink, { items, faults }: Batch, source: string): Promise<Result> {
  const results = items.length === 0 ? [] : await sink.importBatch(items, source)
  if (results.length !== items.length) throw new TypeError('the sink owes one result for each resource')
  const unread = faults.map((fault) => ({ ...fault, resourceType: undefined }))
  const refused = items.flatMap(({ resource, ...place }, index) => {
    const issues = results[index]?.refused
    return issues === undefined ? [] : [{ ...place, resourceType: resource.resourceType, issues }]
  })
  const refusals = [...unread, ...refused]
  return { accepted: items.length - refused.length, refused: refusals.length, refusals }
}

async function importBundle(
  sink: ImportSink,
  { bundle, line }: SingleBundle,
  source: string,
): Promise<Result> {
  const entries = bundleEntries(bundle)
  const results = await sink.importBundle(bundle, { source, line }).catch(issuesOf)
  if ('whole' in results) {
    const refusals = [{ line, resourceType: 'Bundle', issues: results.whole }]
    return { accepted: 0, refused: Math.max(entries.length, 1), refusals }
  }
  const refusals = results.flatMap(({ entry, refused }) => {
    const resource = entries[entry]?.resource
    const type =
      isObject(resource) && typeof resource.resourceType === 'string' ? resource.resourceType : undefined
    return refused === undefined ? [] : [{ line, entry, resourceType: type, issues: refused }]
  })
  return { accepted: results.length - refusals.length, refused: refusals.length, refusals }
}

type Batch = Extract<Unit, { kind: 'batch' }>
type SingleBundle = Extract<Unit, { kind: 'bundle' }>

/** Why a Bundle is refused as a whole. @throws what is not the Bundle's fault */
function issuesOf(error: unknown): { readonly whole: readonly Issue[] } {
  if (!(error instanceof FhirError) || error.status >= 500) throw error
  return { whole: error.issues }
}
