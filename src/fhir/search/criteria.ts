import type { CompositeCriterion, Criterion, Query, ValueCriterion } from './query.ts'

/** A criterion that asks for values, with the type of the resources it is asked of. */
export interface Leaf {
  readonly type: string
  readonly criterion: ValueCriterion | CompositeCriterion
}

/** All criteria of a query that ask for values, those of nested searches included. */
export function leavesOf({ type, criteria }: Query): Leaf[] {
  return criteria.flatMap((criterion) => leavesIn(type, criterion))
}

function leavesIn(type: string, criterion: Criterion): Leaf[] {
  switch (criterion.kind) {
    case 'value':
    case 'composite':
      return [{ type, criterion }]
    case 'chain':
      return leavesOf(criterion.target)
    case 'has':
      return leavesOf(criterion.source)
    case 'any':
    case 'all':
      return criterion.of.flatMap((one) => leavesIn(type, one))
    case 'not':
      return leavesIn(type, criterion.of)
  }
}

/** Whether a criterion looks at the resource itself: a chain or `_has` depends on others. */
export function isLocal(criterion: Criterion): boolean {
  switch (criterion.kind) {
    case 'value':
    case 'composite':
      return true
    case 'any':
    case 'all':
      return criterion.of.every(isLocal)
    case 'not':
      return isLocal(criterion.of)
    case 'chain':
    case 'has':
      return false
  }
}
