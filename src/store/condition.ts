import type { SearchParameter } from '../fhir/definitions.ts'
import { columnsFor } from '../resources/columns.ts'
import { fociCondition } from './foci-condition.ts'
import { inCompartment, isSubject, hasToken } from './row-condition.ts'
import type {
  BlindCriterion,
  PreparedChain,
  PreparedCriterion,
  PreparedHas,
  PreparedTarget,
} from './prepared-query.ts'
import { and, or, sql, type Sql } from './sql.ts'
import { valueCondition } from './value-condition.ts'

/**
 * A row of a type that meets all of this, as a condition on `clinical.resource r`. Nested searches use
 * the same name inside their own sub-select.
 */
export function rowCondition(target: PreparedTarget): Sql {
  const { type, criteria, patients, permit, anyOf } = target
  const all = (list: readonly PreparedCriterion[]) => and(list.map((one) => condition(type, one)))
  return and([
    sql`r.type = ${type}`,
    ...(patients === undefined ? [] : [inCompartment(patients)]),
    ...(permit === undefined
      ? []
      : [sql`r.patient IN (SELECT m.patient FROM governance.permit_member m WHERE m.permit = ${permit})`]),
    ...criteria.map((criterion) => condition(type, criterion)),
    ...(anyOf.length === 0 ? [] : [or(anyOf.map(all))]),
  ])
}

function condition(type: string, criterion: PreparedCriterion): Sql {
  switch (criterion.kind) {
    case 'value':
      return valueCondition(type, criterion)
    case 'foci':
      return fociCondition(type, criterion)
    case 'blind':
      return blindCondition(type, criterion)
    case 'tokens':
      return criterion.tokens.length === 0 ? sql`FALSE` : hasToken(criterion.tokens)
    case 'ids':
      return sql`r.id = ANY(${criterion.ids}::text[])`
    case 'chain':
      return chainCondition(type, criterion)
    case 'has':
      return hasCondition(type, criterion)
    case 'any':
      return or(criterion.of.map((one) => condition(type, one)))
    case 'all':
      return and(criterion.of.map((one) => condition(type, one)))
    case 'not':
      // a column without a value makes a comparison neither true nor false
      return sql`(${condition(type, criterion.of)}) IS NOT TRUE`
  }
}

function blindCondition(type: string, { anyOf, negate }: BlindCriterion): Sql {
  const alone = anyOf.flatMap((tokens) => (tokens.length === 1 ? tokens : [])).map(String)
  const together = anyOf.filter((tokens) => tokens.length !== 1)
  const lists = [
    ...(alone.length === 0 ? [] : [sql`b.tokens && ${alone}::bigint[]`]),
    ...together.map((tokens) => sql`b.tokens @> ${tokens.map(String)}::bigint[]`),
  ]
  const found = sql`r.id IN (SELECT b.id FROM identity.blind_index b WHERE b.type = ${type} AND ${or(lists)})`
  return negate ? sql`NOT ${found}` : found
}

/** Whether a reference parameter of a type is its rows' own column when it leads to a Patient. */
function isPatientColumn(type: string, { code }: SearchParameter, target: string): boolean {
  return target === 'Patient' && columnsFor(type).owner.has(code)
}

/** The reference leads to a row that matches. */
function chainCondition(type: string, { parameter, target }: PreparedChain): Sql {
  const matching = rowCondition(target)
  if (isPatientColumn(type, parameter, target.type)) {
    return sql`(r.patient IN (SELECT r.patient FROM clinical.resource r WHERE ${matching}) AND ${isSubject})`
  }
  const prefix = `${parameter.code}|${target.type}/`
  return sql`r.tokens && ARRAY(SELECT clinical.token(${prefix}::text || r.id) FROM clinical.resource r WHERE ${matching})`
}

/** A row that matches refers here. */
function hasCondition(type: string, { parameter, source }: PreparedHas): Sql {
  const matching = rowCondition(source)
  if (isPatientColumn(source.type, parameter, type)) {
    return sql`r.patient IN (SELECT r.patient FROM clinical.resource r WHERE ${matching} AND ${isSubject})`
  }
  const prefix = `${parameter.code}|${type}/`
  return sql`EXISTS (SELECT FROM (SELECT r.id, r.type) AS here, clinical.resource r
                     WHERE ${matching} AND r.tokens @> ARRAY[clinical.token(${prefix}::text || here.id)])`
}
