import { FhirError } from '../../fhir/outcome.ts'
import type { Tx } from '../../store/tx.ts'
import type { Answer } from '../answer.ts'
import type { Context } from '../context.ts'
import type { FhirRequest } from '../request.ts'
import { methodNotAllowed, type Route } from '../route.ts'
import { encounterEverything, patientEverything } from './everything.ts'
import { expand } from './expand.ts'
import { expunge } from './expunge.ts'
import { lastn } from './lastn.ts'
import { lookup } from './lookup.ts'
import { match } from './match.ts'
import { merge } from './merge.ts'
import { meta, metaAdd, metaDelete } from './meta.ts'
import type { Operation, OperationLevel } from './operation.ts'
import { readParameters } from './parameters.ts'
import { parameterStatus, reindex, reindexStatus } from './reindex.ts'
import { subsumes } from './subsumes.ts'
import { events, status } from './subscription.ts'
import { undoMerge } from './undo-merge.ts'
import { validate } from './validate.ts'
import { validateCodeInCodeSystem, validateCodeInValueSet } from './validate-code.ts'

/** All operations of the care base; `$export` has its own way (export/kickoff.ts). One line each, by name. */
export const operations: readonly Operation[] = [
  encounterEverything,
  events,
  expand,
  expunge,
  lastn,
  lookup,
  match,
  merge,
  meta,
  metaAdd,
  metaDelete,
  parameterStatus,
  patientEverything,
  reindex,
  reindexStatus,
  status,
  subsumes,
  undoMerge,
  validate,
  validateCodeInCodeSystem,
  validateCodeInValueSet,
]

/**
 * Calls an operation.
 *
 * @throws FhirError 404 when there is none of the name here, 405 for a GET of one that affects state
 */
export function performOperation(
  tx: Tx,
  context: Context,
  request: FhirRequest,
  route: Route,
): Promise<Answer> {
  const operation = find(route)
  if (operation.affectsState && request.method !== 'POST') throw methodNotAllowed(['POST'])
  const { type, id, versionId } = route
  return operation.perform(tx, context, { type, id, versionId, request, ...readParameters(request) })
}

/** Whether a call writes. @throws FhirError 404 */
export function affectsState(route: Route): boolean {
  return find(route).affectsState
}

function find(route: Route): Operation {
  const level = levelOf(route)
  const found = operations.find(
    ({ name, levels, types }) =>
      name === route.operation &&
      levels.includes(level) &&
      (level === 'system' || types.length === 0 || types.includes(route.type)),
  )
  if (!found) throw FhirError.notFound('operation')
  return found
}

function levelOf({ type, id, versionId }: Route): OperationLevel {
  if (versionId !== undefined) return 'version'
  if (id !== undefined) return 'instance'
  return type === '' ? 'system' : 'type'
}
