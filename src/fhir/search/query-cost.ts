import type { Criterion, Query } from './query.ts'
import { tooCostly } from './search-refusal.ts'

/** A statement takes 65,535 bound values, and one asked value may bind a dozen. */
const mostValues = 2_000
/** Each is a search within the search. */
const mostLinks = 128

/**
 * What a search may ask for in all. Each criterion has limits of its own; a hundred criteria at these limits
 * would keep the database busy for hours.
 *
 * @throws FhirError 400 `too-costly` beyond 2,000 values, or 128 chains and `_has`
 */
export function demandAffordable({ criteria }: Query): void {
  const cost = { values: 0, links: 0 }
  for (const criterion of criteria) add(cost, criterion)
  if (cost.values > mostValues) throw tooCostly(`more than ${mostValues} values in one search`)
  if (cost.links > mostLinks) throw tooCostly(`more than ${mostLinks} chains in one search`)
}

function add(cost: { values: number; links: number }, criterion: Criterion): void {
  switch (criterion.kind) {
    case 'value':
    case 'composite':
      cost.values += criterion.values.length
      return
    case 'any':
    case 'all':
      return criterion.of.forEach((one) => add(cost, one))
    case 'not':
      return add(cost, criterion.of)
    case 'chain':
      cost.links++
      return criterion.target.criteria.forEach((one) => add(cost, one))
    case 'has':
      cost.links++
      return criterion.source.criteria.forEach((one) => add(cost, one))
  }
}
