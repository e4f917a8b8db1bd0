import { FhirError, issue } from '../fhir/outcome.ts'
import { blindVersions, type BlindVersion } from '../identity/vault-blind-rows.ts'
import type { BlindCriterion, PreparedCriterion } from '../store/prepared-query.ts'
import { currentSeals } from '../store/seals.ts'
import type { Tx } from '../store/tx.ts'

/** More resources are not named to the clinical server in one criterion. */
const mostElsewhere = 100_000

/**
 * Asks a vault on another server which resources a criterion over sealed values finds: those whose current
 * version, as the clinical server has it, is one of those that match in the vault.
 *
 * A version that takes the place of another between the two questions is asked for again. The vault keeps the
 * tokens of the former one for some minutes, so that a resource that matches before and after is found.
 *
 * @throws FhirError 400 `too-costly` when too many match
 */
export async function blindElsewhere(
  tx: Tx,
  type: string,
  { parameter, anyOf, negate }: BlindCriterion,
): Promise<PreparedCriterion> {
  const found = await blindVersions(tx, type, anyOf, { limit: mostElsewhere + 1 })
  if (found.length > mostElsewhere) throw tooCostly(parameter)
  const matching = new Set(found.map(placeOf))
  const current = await currentSeals(tx, type, [...new Set(found.map(({ id }) => id))])
  const unsure = current.filter((version) => !matching.has(placeOf(version))).map(({ id }) => id)
  if (unsure.length > 0) {
    const again = await blindVersions(tx, type, anyOf, { ids: unsure, limit: mostElsewhere })
    for (const version of again) matching.add(placeOf(version))
  }
  const ids = current.filter((version) => matching.has(placeOf(version))).map(({ id }) => id)
  const named = { kind: 'ids', ids } as const
  return negate ? { kind: 'not', of: named } : named
}

function placeOf({ id, seal }: BlindVersion): string {
  return `${id}/${seal}`
}

function tooCostly(parameter: string): FhirError {
  return new FhirError(400, [
    issue('too-costly', `${parameter}: too many resources match: narrow the search`, parameter),
  ])
}
