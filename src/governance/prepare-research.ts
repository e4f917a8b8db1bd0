import type { AllowedQuery, ResearchAccess } from '../access/access.ts'
import type { Criterion, Query } from '../fhir/search/query.ts'
import { FhirError } from '../fhir/outcome.ts'
import { indexedName } from '../fhir/search/matches.ts'
import { isBlind } from '../resources/blind-parameters.ts'
import { markPrepared, type PreparedCriterion, type PreparedQuery } from '../store/prepared-query.ts'
import { inOccurringUnits } from './prepare-units.ts'

/**
 * Turns a query of a research base into one over true rows: the permit's cohort and filters, and of the
 * caller's criteria only those that cannot tell more than what is released. All criteria are judged
 * again on the released resource, so leaving one out here costs time, never truth.
 *
 * @param units UCUM codes that occur
 */
export function prepareResearch(
  access: ResearchAccess,
  query: AllowedQuery,
  units: readonly string[],
): PreparedQuery {
  const data = access.permit.data.find(({ type }) => type === query.type)
  return markPrepared({
    ...query,
    criteria: query.criteria.filter((criterion) => isSafe(query.type, criterion)) as PreparedCriterion[],
    sort: [],
    patients: undefined,
    permit: access.permit.id,
    anyOf: (data?.typeFilters ?? []).map((filter) => approved(filter, access.permit.id, units)),
  })
}

/**
 * A code that is released is in the true row too: asking the row for it leaves nothing out. Dates are
 * shifted, ids are others, `:not` and `:missing` see what is dropped, and `meta` is the release's own.
 */
function isSafe(type: string, criterion: Criterion): boolean {
  return (
    criterion.kind === 'value' &&
    criterion.modifier === undefined &&
    criterion.parameter.type === 'token' &&
    !criterion.parameter.code.startsWith('_') &&
    !isBlind(type, criterion.parameter.code) &&
    criterion.values.every((value) => value.kind === 'token')
  )
}

/** The filters of a permit, on whatever type. */
export function approvedFilters({ permit }: ResearchAccess): readonly Query[] {
  return permit.data.flatMap(({ typeFilters }) => typeFilters)
}

/** An approved filter is judged on the true rows of the cohort; it was checked when it was filed. */
function approved({ type, criteria }: Query, permit: string, units: readonly string[]): PreparedCriterion[] {
  const nested = (query: Query) => ({
    ...{ type: query.type, criteria: approved(query, permit, units), patients: undefined, permit, anyOf: [] },
  })
  return criteria.map((criterion) => {
    if (criterion.kind === 'chain') return { ...criterion, target: nested(criterion.target) }
    if (criterion.kind === 'has') return { ...criterion, source: nested(criterion.source) }
    if (criterion.kind !== 'value') throw FhirError.forbidden('a permit cannot filter by this')
    if (isBlind(type, indexedName(criterion))) throw FhirError.forbidden('a permit cannot filter by identity')
    return { ...criterion, values: criterion.values.flatMap((value) => inOccurringUnits(value, units)) }
  })
}
