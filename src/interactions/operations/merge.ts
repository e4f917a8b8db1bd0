import { isObject, stringifyJson, type Json, type JsonObject, type Resource } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { movingOf, standingInto, standingMerge } from '../../governance/merges.ts'
import type { Place } from '../../store/referring.ts'
import type { Tx } from '../../store/tx.ts'
import type { Accessed, Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { carryOut, countMoves, demandMovable, lockReferring, mostMoved } from '../merge/move.ts'
import { demandMerger, findPair, pairParameters, rereadPair, type Pair } from '../merge/pair.ts'
import { hasIdentifiers, hasLink, isReplaced, replacedSource, replacingTarget } from '../merge/patients.ts'
import { writeProvenance } from '../merge/provenance.ts'
import { keepServerLinks } from '../server-links.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, single, textOf, type OperationParameter } from './parameters.ts'

/**
 * Two Patients are one person: the source is made inactive and replaced by the target, and everything that
 * referred to the source refers to the target, in one transaction. Called again for the same two, it moves
 * what has come to refer to the source since. R4 has no such operation; this is R5's. What is more than one
 * transaction moves is moved beside the requests, and the answer is 202.
 *
 * @see https://hl7.org/fhir/R5/patient-operation-merge.html
 */
export const merge: Operation = {
  name: 'merge',
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-merge',
  levels: ['type'],
  types: ['Patient'],
  affectsState: true,
  perform: mergePatients,
}

async function mergePatients(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demandMerger(context, '$merge')
  const { parameters } = call
  demandKnown(parameters, [...pairParameters, 'result-patient', 'preview', 'reason'])
  const isPreview = flagOf(single(parameters, 'preview'))
  const reason = textOf(parameters, 'reason')
  const found = await findPair(tx, context, parameters)
  const places = await lockReferring(tx, found)
  const pair = await rereadPair(tx, context, found)
  await demandMergeable(tx, pair)
  if (places === 'too many') demandMovable(context)
  const after = becoming(context, pair, parameters)
  const names = parameters.map(({ name }) => name)
  if (isPreview) {
    const said = `would be moved to the target: ${await movesOf(tx, context, pair, places)}`
    return answered(call, 200, said, after.target, [accessOf(pair, [], names)])
  }
  const { moved, versions } = await carryOut(tx, context, pair, after, places)
  await writeProvenance(tx, context, 'merge', pair, versions, reason)
  const { target } = await rereadPair(tx, context, pair)
  const [status, said] =
    places === 'too many'
      ? [202, `more than ${mostMoved} resources refer to the source: they are being moved to the target`]
      : [200, `${moved.length} resources were moved to the target`]
  return answered(call, status, said, target.resource, [accessOf(pair, moved, names)])
}

async function movesOf(
  tx: Tx,
  context: Context,
  pair: Pair,
  places: readonly Place[] | 'too many',
): Promise<string> {
  if (places === 'too many') return `more than ${mostMoved} resources`
  const counts = [...(await countMoves(tx, context, pair, places))].sort()
  return counts.map(([type, count]) => `${count} ${type}`).join(', ') || 'nothing'
}

/** @throws FhirError 422 when one of the two was replaced already, the source by another; 409 while a merge into it goes on */
async function demandMergeable(tx: Tx, { source, target }: Pair): Promise<void> {
  if (isReplaced(target.resource)) throw FhirError.rule('the target was replaced itself', 'target-patient')
  const standing = await standingMerge(tx, source.key)
  if (standing ? standing.target !== target.key : isReplaced(source.resource)) {
    throw FhirError.rule('the source was replaced already', 'source-patient')
  }
  for (const { id } of await standingInto(tx, source.key)) {
    if (await movingOf(tx, id)) throw FhirError.conflict('a merge into the source is still moving resources')
  }
}

/** What the two become. @throws FhirError 400 for a `result-patient` that is not this merge's, 422 */
function becoming(
  context: Context,
  { source, target }: Pair,
  parameters: readonly OperationParameter[],
): { readonly source: Resource; readonly target: Resource } {
  const { base } = context
  const result = single(parameters, 'result-patient')?.resource
  const after = replacedSource(source.resource, target.id, base)
  if (!result) return { source: after, target: replacingTarget(target.resource, source.resource, base) }
  const given = context.demandValid(result, 'Patient')
  const wrong = (what: string) => FhirError.invalid(`result-patient: ${what}`, 'result-patient')
  if (given['id'] !== target.id) throw wrong('not the target')
  if (!hasLink(given, source.id, 'replaces', base)) throw wrong('has no link that replaces the source')
  const identifiers = parameters.filter(({ name }) => name === 'target-patient-identifier')
  if (
    !hasIdentifiers(
      given,
      identifiers.map(({ value }) => value ?? null),
    )
  )
    throw wrong('lacks an identifier that was given for the target')
  const ours = replacingTarget(target.resource, source.resource, base)
  return { source: after, target: keepServerLinks(given, ours) }
}

function flagOf(given: OperationParameter | undefined): boolean {
  const value = given?.value ?? false
  if (typeof value === 'boolean') return value
  throw FhirError.invalid('preview: a boolean expected', 'preview')
}

/** The trail has both Patients, and each resource that was moved. */
export function accessOf(pair: Pair, moved: readonly Place[], names: readonly string[]): Accessed {
  const patients = [pair.source.key, pair.target.key]
  const entities = [...patients.map((id) => ({ type: 'Patient', id })), ...moved]
  return {
    ...{ interaction: '$merge', outcome: 'success', type: 'Patient' },
    entities: entities.map(({ type, id }) => ({ type, id })),
    ...{ patients, parameters: [...new Set(names)] },
  }
}

function answered(
  { request }: OperationCall,
  status: number,
  diagnostics: string,
  result: Resource,
  accesses: readonly Accessed[],
): Answer {
  const input: Json = isObject(request.body ?? null)
    ? (request.body as JsonObject)
    : { resourceType: 'Parameters' }
  const outcome = {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information', code: 'informational', diagnostics }],
  }
  const parameter = [
    { name: 'input', resource: input },
    { name: 'outcome', resource: outcome },
    { name: 'result', resource: result },
  ]
  return { status, body: stringifyJson({ resourceType: 'Parameters', parameter }), accesses }
}
