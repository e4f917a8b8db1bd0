import { demand } from '../../access/access.ts'
import { isObject, stringifyJson, type Json, type JsonObject, type Resource } from '../../fhir/json.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { lock } from '../../store/lock.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { findCurrent, read, vread } from '../read.ts'
import { resourceOf } from '../released.ts'
import { writeAll, writtenAnswer } from '../write.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, single } from './parameters.ts'

/**
 * Profiles, tags and security labels of a resource, or of one of its versions.
 *
 * @see https://hl7.org/fhir/R4/resource-operation-meta.html
 */
export const meta: Operation = {
  name: 'meta',
  definition: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
  levels: ['instance', 'version'],
  types: [],
  affectsState: false,
  async perform(tx, context, call) {
    demandKnown(call.parameters, [])
    const { type, id = '', versionId } = call
    const request = { ...call.request, parameters: [], ifNoneMatch: undefined, ifModifiedSince: undefined }
    const answer =
      versionId === undefined
        ? await read(tx, context, request, type, id)
        : await vread(tx, context, request, type, id, versionId)
    const found = resourceOf({ text: answer.body ?? '{}' })
    const accesses = answer.accesses.map((access) => ({ ...access, interaction: '$meta' as const }))
    return { status: 200, body: returned(found['meta']), accesses }
  },
}

/** Adds what is not there yet. A change makes a version, as every other does (docs/spec-readings.md). */
export const metaAdd: Operation = {
  ...change('meta-add'),
  perform: (tx, context, call) =>
    changeMeta(tx, context, call, '$meta-add', (present, given, same) => [
      ...present,
      ...given.filter((one) => !present.some((other) => same(one, other))),
    ]),
}

/** Takes away what is there. "It is not an error if these … do not exist." */
export const metaDelete: Operation = {
  ...change('meta-delete'),
  perform: (tx, context, call) =>
    changeMeta(tx, context, call, '$meta-delete', (present, given, same) =>
      present.filter((one) => !given.some((other) => same(one, other))),
    ),
}

function change(name: string): Omit<Operation, 'perform'> {
  const definition = `http://hl7.org/fhir/OperationDefinition/Resource-${name}`
  return { name, definition, levels: ['instance'], types: [], affectsState: true }
}

type Combine = (present: readonly Json[], given: readonly Json[], same: Same) => Json[]
type Same = (one: Json, other: Json) => boolean

/** "The identity of a tag or security label is the system+code." */
const sets: readonly (readonly [name: string, same: Same])[] = [
  ['profile', (one, other) => one === other],
  ['security', sameCoding],
  ['tag', sameCoding],
]

function sameCoding(one: Json, other: Json): boolean {
  return (
    isObject(one) && isObject(other) && one['system'] === other['system'] && one['code'] === other['code']
  )
}

async function changeMeta(
  tx: Tx,
  context: Context,
  call: OperationCall,
  interaction: '$meta-add' | '$meta-delete',
  combine: Combine,
): Promise<Answer> {
  const { type, id = '', request } = call
  demand(context.access, type, 'u')
  const given = givenMeta(call)
  // two at once wait for each other; neither undoes the other
  await lockResource(tx, context, type, id)
  const found = await findCurrent(tx, context, type, id)
  const resource = resourceOf(found)
  const changed = combined(resource, given, combine)
  const ifMatch = request.ifMatch ?? found.version
  const [written] = await writeAll(tx, context, [
    { type, id, resource: changed, method: 'PUT', fresh: false, ifMatch },
  ])
  if (!written) throw new TypeError('nothing was written')
  const { accesses } = writtenAnswer(written, 'update', request.prefer)
  return {
    status: 200,
    version: written.version,
    lastModified: written.updatedAt,
    body: returned(written.resource['meta']),
    accesses: accesses.map((access) => ({ ...access, interaction })),
  }
}

async function lockResource(tx: Tx, context: Context, type: string, id: string): Promise<void> {
  const internal = await context.gate.locate(tx, context.access, type, id)
  if (internal !== undefined) await lock(tx, [{ type, id: internal }])
}

function givenMeta({ parameters }: OperationCall): JsonObject {
  demandKnown(parameters, ['meta'])
  const given = single(parameters, 'meta')?.value
  if (!isObject(given)) throw new FhirError(400, [issue('required', 'meta: a Meta expected', 'meta')])
  return given
}

function combined(resource: Resource, given: JsonObject, combine: Combine): Resource {
  const before = isObject(resource['meta']) ? resource['meta'] : {}
  const after = { ...before }
  for (const [name, same] of sets) {
    const values = combine(listOf(before[name]), listOf(given[name]), same)
    if (values.length > 0) after[name] = values
    else delete after[name]
  }
  return { ...resource, meta: after }
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function returned(value: Json | undefined): string {
  const parameter = [{ name: 'return', valueMeta: value ?? {} }]
  return stringifyJson({ resourceType: 'Parameters', parameter })
}
