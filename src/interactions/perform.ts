import { readerOf } from '../store/reader.ts'
import type { Tx } from '../store/tx.ts'
import type { Answer } from './answer.ts'
import { onRecord, type Context } from './context.ts'
import { create } from './create.ts'
import { deleteResource } from './delete.ts'
import { historyOf } from './history.ts'
import { affectsState, performOperation } from './operations/index.ts'
import { patch } from './patch.ts'
import { read, vread } from './read.ts'
import type { FhirRequest } from './request.ts'
import type { InteractionCode, Route } from './route.ts'
import { search } from './search/search.ts'
import { update } from './update.ts'

/** Performs one interaction on resources inside a transaction that the caller opened. */
export function perform(tx: Tx, context: Context, request: FhirRequest, route: Route): Promise<Answer> {
  const { interaction, type, id, versionId } = route
  switch (interaction) {
    case 'read':
      return read(tx, context, request, type, demand(id))
    case 'vread':
      return vread(tx, context, request, type, demand(id), demand(versionId))
    case 'create':
      return create(tx, context, request, type)
    case 'update':
      return update(tx, context, request, type, id)
    case 'delete':
      return deleteResource(tx, context, request, type, id)
    case 'patch':
      return patch(tx, context, request, type, id)
    case 'search-type':
    case 'search-system':
      return search(tx, context, request, route)
    case 'operation':
      return performOperation(tx, context, request, route)
    case 'history-instance':
    case 'history-type':
    case 'history-system':
      return historyOf(tx, context, request, route)
    case 'capabilities':
    case 'batch':
    case 'transaction':
      throw new TypeError(`${interaction} is no interaction on a resource`)
  }
}

const writing: ReadonlySet<InteractionCode> = new Set(['create', 'update', 'patch', 'delete'])

function writes(route: Route): boolean {
  return writing.has(route.interaction) || (route.interaction === 'operation' && affectsState(route))
}

/** Nobody waits longer; what a search may ask for is bounded, but not what it meets. */
const longestStatementMs = 30_000

/**
 * Performs one interaction in a transaction of its own, under the role that fits: a research base reads
 * as the role that has no right on the vault, a read sees one snapshot.
 */
export function performAlone(context: Context, request: FhirRequest, route: Route): Promise<Answer> {
  const { store } = context
  const reader = readerOf(context.access)
  const work = async (tx: Tx) => onRecord(context, await perform(tx, context, request, route))
  return writes(route) ? store.transaction(reader, work) : store.snapshot(reader, work, longestStatementMs)
}

/** The route table gives what a line's path holds. */
function demand<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the route has no such segment')
  return value
}
