import { scopesFor } from '../../access/scope.ts'
import { resourceTypes } from '../../fhir/definitions.ts'
import { FhirError } from '../../fhir/outcome.ts'
import type { ParsedQuery } from '../../fhir/search/parse-query.ts'
import type { Include, Query } from '../../fhir/search/query.ts'
import { hasOrder } from '../../fhir/search/sort-key.ts'
import type { Tx } from '../../store/tx.ts'
import { parseOptions, type Context } from '../context.ts'
import { resolveHierarchies } from '../hierarchy.ts'
import type { Page } from '../page.ts'
import type { Parameter } from '../request.ts'
import type { Route } from '../route.ts'
import { resolveTerminology } from '../terminology.ts'
import { compartmentTypes, inCompartment } from './compartment.ts'
import { demandJudgeableInside, isContained, readContained, type Contained } from './contained-asked.ts'
import type { Includes } from './include.ts'
import { parseTypes, typesNamed } from './parse-types.ts'

/** A search as it was asked: what all of its types share, and a query for each of them. */
export interface Asked
  extends
    Includes,
    Pick<Query, 'sort' | 'count' | 'total' | 'summary'>,
    Pick<ParsedQuery, 'applied' | 'ignored'> {
  /** one for each type, by type */
  readonly queries: readonly Query[]
  /** resources inside others are searched */
  readonly contained: Contained | undefined
}

/**
 * Reads a search of a type, of a compartment or of the whole base.
 *
 * @throws FhirError 400 for what cannot be read or is not there, 403 when no type may be searched, 404
 *   for a compartment that FHIR does not have
 * @see FHIR R4 § RESTful API, "search" and "Variant Searches"
 */
export async function readSearch(tx: Tx, context: Context, route: Route, page: Page): Promise<Asked> {
  const handling = page.lenient && context.access.kind === 'care' ? 'lenient' : 'strict'
  const isSystem = route.type === ''
  const isApart = (one: Parameter) => isContained(one) || (isSystem && one[0] === '_type')
  const contained = readContained(page.parameters)
  const parameters = page.parameters.filter((one) => !isApart(one))
  const types = isSystem ? typesOf(context, route, page) : [route.type]
  const parsed = parseTypes(types, parameters, parseOptions(context, handling))
  const queries = await readyQueries(tx, context, route, parsed.queries)
  const [first] = queries
  if (!first) throw new TypeError('a search of no type')
  const { sort, count, total, summary } = first
  const asked = {
    ...{ sort, count, total, summary, queries, contained, ignored: parsed.ignored },
    include: distinct(queries.flatMap((query) => query.include)),
    revinclude: distinct(queries.flatMap((query) => query.revinclude)),
    applied: [...page.parameters.filter(isApart), ...parsed.applied],
  }
  demandAnswerable(asked)
  if (contained) demandInside(context, route, queries)
  return asked
}

/** Within the compartment, and with nothing left that a row cannot be asked. */
async function readyQueries(
  tx: Tx,
  context: Context,
  { compartment }: Route,
  queries: readonly Query[],
): Promise<Query[]> {
  const ready: Query[] = []
  for (const query of queries) {
    const within = compartment ? [inCompartment(compartment, query.type)] : []
    const narrowed = { ...query, criteria: [...within, ...query.criteria] }
    const plain = await resolveTerminology(tx, context, narrowed)
    ready.push(await resolveHierarchies(tx, context, plain))
  }
  return ready
}

/** @throws FhirError 400 */
function demandInside({ access }: Context, { compartment }: Route, queries: readonly Query[]): void {
  if (access.kind === 'research' || compartment) {
    throw FhirError.notSupported('_contained: not on a research base, and not in a compartment')
  }
  for (const query of queries) demandJudgeableInside(query)
}

/** Without `_type`: all that the caller may search. */
function typesOf({ access }: Context, { compartment }: Route, page: Page): readonly string[] {
  const named = typesNamed(page.parameters)
  if (named) return named
  const there = compartment ? compartmentTypes(compartment.type) : resourceTypes
  const types = there.filter((type) => scopesFor(access, type, 's').length > 0)
  if (types.length === 0) throw FhirError.forbidden('no scope to search any type')
  return types
}

/** `*` fits every type, and is one include all the same. */
function distinct(includes: readonly Include[]): Include[] {
  return [...new Map(includes.map((include) => [JSON.stringify(include), include])).values()]
}

function demandAnswerable({ sort, summary, include, revinclude }: Asked): void {
  if (!sort.every(({ parameter }) => hasOrder(parameter))) {
    throw FhirError.notSupported('_sort: no order by a composite or a position')
  }
  // "_include and _revinclude parameters cannot be mixed with _summary=text"
  if (summary === 'text' && include.length + revinclude.length > 0) {
    throw FhirError.invalid('_summary: text cannot be mixed with _include and _revinclude', '_summary')
  }
}
