import { isObject, stringifyJson, type Resource } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { parseReference } from '../../fhir/reference.ts'
import { markUndone, movedBy, standingInto, standingMerge, type Merge } from '../../governance/merges.ts'
import { noteLinkage } from '../../store/linkage-notes.ts'
import { lock } from '../../store/lock.ts'
import type { Place } from '../../store/referring.ts'
import { versionOf } from '../../store/resources.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { rewriteAll, writePatients } from '../merge/move.ts'
import { demandMerger, findPair, mergerOf, pairParameters, rereadPair, type Pair } from '../merge/pair.ts'
import { withoutMerge } from '../merge/patients.ts'
import { writeProvenance } from '../merge/provenance.ts'
import { moveOver, putBack } from '../merge/redirect.ts'
import { resourceOf } from '../released.ts'
import { accessOf } from './merge.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, textOf, type OperationParameter } from './parameters.ts'

/**
 * Takes a merge back: the two Patients are two again, each with its own identifiers, and every resource
 * that was moved refers to the source again, with what was edited since. What was written for the target
 * since stays with it, but for the resources that the caller names. No FHIR operation; another server has
 * it under `$hapi.fhir.undo-merge`, with the same parameters for the two.
 */
export const undoMerge: Operation = {
  name: 'undo-merge',
  definition: 'https://coffre.dev/fhir/OperationDefinition/Patient-undo-merge',
  levels: ['type'],
  types: ['Patient'],
  affectsState: true,
  perform: undo,
}

async function undo(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demandMerger(context, '$undo-merge')
  const { parameters } = call
  demandKnown(parameters, [...pairParameters, 'resource', 'reason'])
  const reason = textOf(parameters, 'reason')
  const named = namedPlaces(parameters, context.base)
  const found = await findPair(tx, context, parameters)
  await lock(
    tx,
    [found.source, found.target].map(({ key }) => ({ type: 'Patient', id: key })),
  )
  const merge = await demandLast(tx, found)
  const moved = await movedBy(tx, merge.id)
  await lock(tx, [...moved, ...named])
  const pair = await rereadPair(tx, context, found)
  const back = await putBackAll(tx, context, pair, moved, named)
  const after = await patientsWithoutMerge(tx, context, merge, pair)
  const versions = await writePatients(tx, context, pair, after)
  await markUndone(tx, merge.id, mergerOf(context), context.now())
  await noteLinkage(tx, 'look', [pair.source.key, pair.target.key])
  await writeProvenance(tx, context, 'unmerge', pair, versions, reason)
  const names = parameters.map(({ name }) => name)
  const access = { ...accessOf(pair, back, names), interaction: '$undo-merge' as const }
  return {
    status: 200,
    body: answerText(back.length, await rereadPair(tx, context, pair)),
    accesses: [access],
  }
}

/**
 * The merge of the two that stands, when nothing was built upon it.
 *
 * @throws FhirError 409 when there is none, when the target was replaced since, or replaces yet another:
 *   merges are undone last first
 */
async function demandLast(tx: Tx, { source, target }: Pair): Promise<Merge> {
  const merge = await standingMerge(tx, source.key)
  if (merge?.target !== target.key) throw FhirError.conflict('the target does not replace the source')
  const [last] = await standingInto(tx, target.key)
  if (last?.id !== merge.id || (await standingMerge(tx, target.key))) {
    throw FhirError.conflict('the target was part of another merge since: undo that first')
  }
  return merge
}

/** @throws FhirError 422 when something that is named does not refer to the target */
async function putBackAll(
  tx: Tx,
  context: Context,
  { source, target }: Pair,
  moved: readonly (Place & { readonly paths: readonly string[] })[],
  named: readonly Place[],
): Promise<Place[]> {
  const { base } = context
  const ids = { source: source.id, target: target.id, base }
  const noted = new Map(moved.map(({ type, id, paths }) => [`${type}/${id}`, paths]))
  const back: Place[] = []
  const keep = (batch: readonly Place[]) => Promise.resolve(void back.push(...batch))
  const isNamed = new Set(named.map(({ type, id }) => `${type}/${id}`))
  const others = moved.filter(({ type, id }) => !isNamed.has(`${type}/${id}`))
  const undoing = (resource: Resource, { type, id }: Place) => {
    const paths = noted.get(`${type}/${id}`) ?? []
    return { resource: putBack(resource, ids, paths), paths }
  }
  await rewriteAll(tx, context, others, undoing, keep)
  // named: all that refers to the target is the source's
  const all = { source: target.id, target: source.id, base }
  const already = back.length
  await rewriteAll(tx, context, named, (resource) => moveOver(resource, all), keep)
  if (back.length - already < isNamed.size) throw FhirError.rule('does not refer to the target', 'resource')
  return back
}

/** @throws FhirError 409 when a version that is needed was expunged */
async function patientsWithoutMerge(
  tx: Tx,
  context: Context,
  merge: Merge,
  { source, target }: Pair,
): Promise<{ readonly source: Resource; readonly target: Resource }> {
  const at = async (key: string, version: number): Promise<Resource> => {
    const row = await versionOf(tx, 'Patient', key, version)
    if (!row || row.body === null) throw FhirError.conflict('a version of before the merge was expunged')
    const [released] = await context.gate.release(tx, context.access, [row])
    if (!released) throw FhirError.conflict('a version of before the merge was expunged')
    return resourceOf(released)
  }
  const one = [await at(source.key, merge.sourceBefore), await at(source.key, merge.sourceAfter)] as const
  const other = [await at(target.key, merge.targetBefore), await at(target.key, merge.targetAfter)] as const
  return {
    source: withoutMerge(...one, source.resource),
    target: withoutMerge(...other, target.resource),
  }
}

/** The resources that the caller names. @throws FhirError 400 */
function namedPlaces(parameters: readonly OperationParameter[], base: string): Place[] {
  return parameters
    .filter(({ name }) => name === 'resource')
    .map(({ value }) => {
      const text = isObject(value) ? value['reference'] : undefined
      const reference = typeof text === 'string' ? parseReference(text, base) : { kind: 'other' as const }
      if (reference.kind === 'relative' && reference.type !== 'Patient' && reference.version === undefined)
        return { type: reference.type, id: reference.id }
      throw FhirError.invalid('resource: references to resources other than Patients expected', 'resource')
    })
}

function answerText(moved: number, { source, target }: Pair): string {
  const diagnostics = `${moved} resources were moved back to the source`
  const outcome = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', code: 'informational', diagnostics }],
  }
  const parameter = [
    { name: 'outcome', resource: outcome },
    { name: 'source', resource: source.resource },
    { name: 'target', resource: target.resource },
  ]
  return stringifyJson({ resourceType: 'Parameters', parameter })
}
