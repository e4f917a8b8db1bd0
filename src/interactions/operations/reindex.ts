import { randomUUID } from 'node:crypto'
import { isResourceType, searchParameters } from '../../fhir/definitions.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { createReindex, findReindex, type Reindex } from '../../store/reindex.ts'
import { addedParameters } from '../../store/search-parameters.ts'
import type { Tx } from '../../store/tx.ts'
import { isUuid } from '../../store/uuid.ts'
import type { Accessed, Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { findCurrent } from '../read.ts'
import { demand } from '../../access/access.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, textOf } from './parameters.ts'

const definitions = 'https://coffre.dev/fhir/OperationDefinition/'

/** Indexes all rows of some types anew, beside the requests. It needs the grant `reindex`. */
export const reindex: Operation = {
  name: 'reindex',
  definition: `${definitions}reindex`,
  levels: ['system'],
  types: [],
  affectsState: true,
  async perform(tx, context, call) {
    demandGrant(context)
    demandKnown(call.parameters, ['type'])
    const types = call.parameters.map(({ value }) => value)
    if (types.length === 0) throw new FhirError(400, [issue('required', 'type: which are to be indexed')])
    if (!types.every((type) => typeof type === 'string' && isResourceType(type))) {
      throw FhirError.invalid('type: names of resource types expected', 'type')
    }
    const job = { id: randomUUID(), types: types as string[], createdAt: context.now() }
    await createReindex(tx, job)
    return answered({ ...job, state: 'waiting', done: 0, total: undefined, last: undefined })
  },
}

/** How far it is. */
export const reindexStatus: Operation = {
  name: 'reindex-status',
  definition: `${definitions}reindex-status`,
  levels: ['system'],
  types: [],
  affectsState: false,
  async perform(tx, context, call) {
    demandGrant(context)
    demandKnown(call.parameters, ['job'])
    const id = textOf(call.parameters, 'job') ?? ''
    const job = isUuid(id) ? await findReindex(tx, id) : undefined
    if (!job) throw FhirError.notFound('reindex')
    return answered(job)
  },
}

function demandGrant({ access }: Context): void {
  if (access.kind !== 'care' || !access.grants.has('reindex')) {
    throw FhirError.forbidden('$reindex: needs the grant reindex')
  }
}

function answered({ id, state, done, total }: Reindex): Answer {
  const parameter = [
    { name: 'job', valueString: id },
    { name: 'state', valueCode: state },
    { name: 'done', valueInteger: done },
    ...(total === undefined ? [] : [{ name: 'total', valueInteger: total }]),
  ]
  const body = JSON.stringify({ resourceType: 'Parameters', parameter })
  return { status: 200, body, accesses: [recorded('$reindex', undefined)] }
}

/** Whether a search by an added parameter is answered already, and how far its index is. */
export const parameterStatus: Operation = {
  name: 'status',
  definition: `${definitions}search-parameter-status`,
  levels: ['type', 'instance'],
  types: ['SearchParameter'],
  affectsState: false,
  perform: statusOf,
}

async function statusOf(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  demandKnown(call.parameters, [])
  demand(context.access, 'SearchParameter', call.id === undefined ? 's' : 'r')
  if (call.id !== undefined) await findCurrent(tx, context, 'SearchParameter', call.id)
  const asked = (await addedParameters(tx)).filter(
    ({ resource }) => call.id === undefined || resource === call.id,
  )
  if (call.id !== undefined && asked.length === 0) throw FhirError.notFound('SearchParameter in service')
  const parameter = asked.map(({ parameter: { url, code, base }, done, total }) => ({
    name: 'searchParameter',
    part: [
      { name: 'url', valueUri: url },
      { name: 'state', valueCode: stateHere(base[0], code) },
      { name: 'done', valueInteger: done },
      ...(total === undefined ? [] : [{ name: 'total', valueInteger: total }]),
    ],
  }))
  const body = JSON.stringify({ resourceType: 'Parameters', ...(parameter.length > 0 ? { parameter } : {}) })
  return { status: 200, body, accesses: [recorded('$status', 'SearchParameter')] }
}

/** As this process answers: it learns of the end of a build a moment later. */
function stateHere(type: string | undefined, code: string): 'building' | 'ready' {
  return searchParameters(type ?? '').get(code)?.state ?? 'building'
}

function recorded(interaction: Accessed['interaction'], type: string | undefined): Accessed {
  return { interaction, outcome: 'success', type, entities: [], patients: [], parameters: [] }
}
