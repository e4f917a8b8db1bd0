import { randomUUID } from 'node:crypto'
import { addParameter } from '../../fhir/definitions.ts'
import type { Resource } from '../../fhir/json.ts'
import { FhirError } from '../../fhir/outcome.ts'
import { createReindex } from '../../store/reindex.ts'
import { dropParameter, putParameter } from '../../store/search-parameters.ts'
import type { Tx } from '../../store/tx.ts'
import type { Context } from '../context.ts'
import { readSearchParameter } from './rules.ts'

/**
 * Puts a SearchParameter that is `active` into service, and its index to be built; takes any other out.
 * In the transaction that writes it.
 *
 * @throws FhirError 403 without the grant `reindex`: every row of its types is indexed anew; 422 for one that
 *   this server could not answer by
 */
export async function serveParameter(
  tx: Tx,
  context: Context,
  id: string,
  resource: Resource,
): Promise<void> {
  if (resource['status'] !== 'active') return dropParameter(tx, id)
  const { access } = context
  if (access.kind !== 'care' || !access.grants.has('reindex')) {
    throw FhirError.forbidden('SearchParameter: to put one into service needs the grant reindex')
  }
  const parameter = readSearchParameter(resource)
  const reindex = randomUUID()
  await createReindex(tx, { id: reindex, types: parameter.base, createdAt: context.now() })
  await putParameter(tx, id, parameter, reindex)
  // other processes learn of it within a moment, and the build waits for them
  tx.afterCommit(() => addParameter({ ...parameter, state: 'building' }))
}

/** One that was deleted is out of service. */
export async function withdrawParameter(tx: Tx, id: string): Promise<void> {
  await dropParameter(tx, id)
}
