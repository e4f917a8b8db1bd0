import { plainQuery } from '../fhir/search/parse-criterion.ts'
import { restrict, type Access, type AllowedQuery } from '../access/access.ts'
import { patientOf } from '../deid/pseudonym.ts'
import type { SearchParameter } from '../fhir/definitions.ts'
import type { Permission } from '../access/scope.ts'
import { parseJson, type Resource } from '../fhir/json.ts'
import { matches } from '../fhir/search/matches.ts'
import type { Criterion, SearchValue } from '../fhir/search/query.ts'
import type { Released } from '../governance/gate.ts'
import { nilPatient, type StoredRow } from '../store/row.ts'
import { exportRows } from '../store/search.ts'
import type { Tx } from '../store/tx.ts'
import type { Accessed } from './answer.ts'
import type { Context } from './context.ts'

/** The resource of a released text. */
export function resourceOf(released: Pick<Released, 'text'>): Resource {
  return parseJson(released.text) as Resource
}

/**
 * Finds resources by their internal ids, under the caller's rights, in no particular order. What is not
 * there, or not for this caller, is left out: the same condition in SQL as a search has.
 *
 * @throws FhirError 403 when the caller has no such right on the type at all
 */
export async function releasedByKey(
  tx: Tx,
  context: Context,
  type: string,
  ids: readonly string[],
  permission: Permission,
): Promise<Released[]> {
  if (ids.length === 0) return []
  const query = restrict(context.access, plainQuery(type, []), permission)
  const prepared = await context.gate.prepare(tx, query)
  const rows: StoredRow[] = []
  for await (const batch of exportRows(tx, prepared, { ids })) rows.push(...batch)
  return withinScopes(context, query, await context.gate.release(tx, context.access, rows))
}

/**
 * On a research base a client's scopes are held against what is released, as his criteria are: no element
 * that he may not see decides whether he sees a resource. On the care base the rows were asked.
 */
export function withinScopes(
  context: Context,
  { access, anyOf }: AllowedQuery,
  released: readonly Released[],
): Released[] {
  if (access.kind === 'care' || anyOf.length === 0) return [...released]
  return released.filter((one) => {
    const resource = resourceOf(one)
    return anyOf.some(({ filter }) => matches(filter, resource, context))
  })
}

export function valueCriterion(parameter: SearchParameter, values: readonly SearchValue[]): Criterion {
  return { kind: 'value', parameter, modifier: undefined, values }
}

/** The record of one interaction over what was released by it. */
export function seen(
  access: Access,
  interaction: Accessed['interaction'],
  type: string | undefined,
  released: readonly Released[],
  parameters: readonly string[] = [],
): Accessed {
  const research = access.kind === 'research'
  const patients = released.map((one) => (research ? (patientOf(one.id) ?? one.id) : one.row.patient))
  return {
    interaction,
    outcome: 'success',
    type,
    entities: released.map((one) =>
      research ? { type: one.type, id: one.id } : { type: one.type, id: one.row.id, version: one.version },
    ),
    patients: [...new Set(patients.filter((patient) => patient !== nilPatient))],
    parameters,
  }
}
