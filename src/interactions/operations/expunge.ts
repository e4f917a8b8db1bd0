import { demand } from '../../access/access.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import { expungeHistory } from '../../store/expunge.ts'
import { lock } from '../../store/lock.ts'
import { lastVersion } from '../../store/resources.ts'
import { nilPatient } from '../../store/row.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import { permitsAll, reached, unreached, type Key } from '../judge.ts'
import { wasDeleted } from '../versions.ts'
import type { Operation, OperationCall } from './operation.ts'
import { demandKnown, single } from './parameters.ts'

/**
 * Takes former versions of a resource, or all of a deleted one, out of the history and the vault. No
 * FHIR operation: its name and parameters are those that other servers made known. It needs the grant
 * `expunge` beside the scope.
 */
export const expunge: Operation = {
  name: 'expunge',
  definition: 'https://coffre.dev/fhir/OperationDefinition/expunge',
  levels: ['instance'],
  types: [],
  affectsState: true,
  perform: expungeVersions,
}

const mostVersions = 1_000

async function expungeVersions(tx: Tx, context: Context, call: OperationCall): Promise<Answer> {
  const { access, gate } = context
  const { type, id = '' } = call
  demand(access, type, 'd')
  if (access.kind !== 'care' || !access.grants.has('expunge')) {
    throw FhirError.forbidden('$expunge: needs the grant expunge')
  }
  const asked = readAsked(call)
  const internal = await gate.locate(tx, access, type, id)
  if (internal === undefined) throw FhirError.notFound(type)
  await lock(tx, [{ type, id: internal }])
  const last = await lastVersion(tx, type, internal)
  if (!last) throw FhirError.notFound(type)
  const isDeleted = last.method === 'DELETE'
  await demandReach(tx, context, { type, id: internal }, isDeleted)
  if (isDeleted ? !asked.deleted && !asked.previous : !asked.previous) return answered(type, internal, [])
  const keepLast = isDeleted && !asked.deleted
  const gone = await expungeHistory(tx, { type, id: internal }, { keepLast, limit: asked.limit })
  await gate.destroy(tx, gone)
  return answered(type, internal, gone)
}

/** @throws FhirError 404 for what the caller does not know of, 403 for what he knows and may not delete */
async function demandReach(tx: Tx, context: Context, key: Key, isDeleted: boolean): Promise<void> {
  if (permitsAll(context.access, key.type, 'd')) return
  const isReached = isDeleted
    ? await wasDeleted(tx, context, 'd', key)
    : (await reached(tx, context, 'd', [key])).length > 0
  if (!isReached) throw await unreached(tx, context, key)
}

interface Asked {
  readonly previous: boolean
  readonly deleted: boolean
  readonly limit: number
}

function readAsked({ parameters }: OperationCall): Asked {
  demandKnown(parameters, ['expungePreviousVersions', 'expungeDeletedResources', 'limit'])
  const flag = (name: string) => {
    const value = single(parameters, name)?.value ?? false
    if (typeof value !== 'boolean') throw FhirError.invalid(`${name}: a boolean expected`, name)
    return value
  }
  const asked = { previous: flag('expungePreviousVersions'), deleted: flag('expungeDeletedResources') }
  if (!asked.previous && !asked.deleted) {
    throw new FhirError(400, [
      issue('required', 'expungePreviousVersions or expungeDeletedResources: say which'),
    ])
  }
  const limit = single(parameters, 'limit')?.value ?? mostVersions
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) {
    throw FhirError.invalid('limit: a positive whole number expected', 'limit')
  }
  return { ...asked, limit: Math.min(limit, mostVersions) }
}

function answered(
  type: string,
  id: string,
  gone: readonly { readonly patient: string; readonly version: number }[],
): Answer {
  const patients = [...new Set(gone.map(({ patient }) => patient))].filter(
    (patient) => patient !== nilPatient,
  )
  const body = JSON.stringify({
    resourceType: 'Parameters',
    parameter: [{ name: 'count', valueInteger: gone.length }],
  })
  const entities = gone.length === 0 ? [{ type, id }] : gone.map(({ version }) => ({ type, id, version }))
  const access = {
    interaction: '$expunge' as const,
    outcome: 'success' as const,
    type,
    entities,
    patients,
    parameters: [],
  }
  return { status: 200, body, accesses: [access] }
}
