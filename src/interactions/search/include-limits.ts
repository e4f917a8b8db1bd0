import { scopesFor } from '../../access/scope.ts'
import { FhirError, issue } from '../../fhir/outcome.ts'
import type { Include } from '../../fhir/search/query.ts'
import type { Context } from '../context.ts'

/** A page that draws in more than this is refused rather than cut: what is missing would look absent. */
const maxIncluded = 10_000

/** @throws FhirError 400 */
export function demandBounded(length: number): void {
  if (length > maxIncluded) {
    throw new FhirError(400, [
      issue('too-costly', `more than ${maxIncluded} included resources: ask for less at a time`),
    ])
  }
}

/**
 * Whether an include looks at resources of this type. Care leaves out what no scope reaches; on a research
 * base to name what is beyond the permit is refused where it is looked for, and `*` names nothing.
 */
export function mayInclude({ access }: Context, { parameter }: Include, type: string): boolean {
  const isGranted = scopesFor(access, type, 's').length > 0
  if (access.kind === 'care') return isGranted
  return parameter !== '*' || (isGranted && access.permit.data.some((data) => data.type === type))
}
