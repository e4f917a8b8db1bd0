import type { SearchParameter } from '../fhir/definitions.ts'
import { columnsFor } from '../resources/columns.ts'
import { fociCondition } from './foci-condition.ts'
import { has, hasToken, inCompartment, isSubject } from './row-condition.ts'
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
  return and([sql`r.type = ${target.type}`, meets(target)])
}

/** The same of a row that is of the type already. */
export function meets({ type, criteria, patients, permit, anyOf, unopposed }: PreparedTarget): Sql {
  const all = (list: readonly PreparedCriterion[]) => and(list.map((one) => condition(type, one, 'nested')))
  return and([
    ...(patients === undefined ? [] : [inCompartment(patients)]),
    ...(permit === undefined
      ? []
      : [sql`r.patient IN (SELECT m.patient FROM governance.permit_member m WHERE m.permit = ${permit})`]),
    ...(unopposed === true ? [isUnopposed] : []),
    ...criteria.map((criterion) => condition(type, criterion, 'joined')),
    ...(anyOf.length === 0 ? [] : [or(anyOf.map(all))]),
  ])
}

/** The row's patient does not oppose the use of their data in research. */
const isUnopposed = sql`NOT EXISTS (SELECT FROM governance.opposition o
                                    WHERE o.patient = r.patient AND o.lifted_at IS NULL)`

/**
 * Whether a condition on other rows is one among ANDed ones, which PostgreSQL turns into a join; beneath OR
 * and NOT it looks the others up row by row, and must find them by an index.
 */
type Place = 'joined' | 'nested'

function condition(type: string, criterion: PreparedCriterion, place: Place): Sql {
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
    case 'compartment':
      return inCompartment(criterion.patients)
    case 'chain':
      return chainCondition(type, criterion, place)
    case 'has':
      return hasCondition(type, criterion, place)
    case 'any':
      return or(criterion.of.map((one) => condition(type, one, 'nested')))
    case 'all':
      return and(criterion.of.map((one) => condition(type, one, place)))
    case 'not':
      // a column without a value makes a comparison neither true nor false
      return sql`(${condition(type, criterion.of, 'nested')}) IS NOT TRUE`
  }
}

function blindCondition(type: string, criterion: BlindCriterion): Sql {
  const { negate, look } = criterion
  if (negate || look === 'each') {
    const found = sql`EXISTS (SELECT FROM identity.blind_index b WHERE b.id = r.id AND ${blindMatch(type, criterion)})`
    return negate ? sql`NOT ${found}` : found
  }
  // an array is taken for short, and its ids are looked up: a set is compared with rows that LIMIT walks along
  return look === 'few'
    ? sql`r.id = ANY(ARRAY(${blindIds(type, criterion)}))`
    : sql`r.id IN (${blindIds(type, criterion)})`
}

/**
 * The ids of a type's resources that a criterion over sealed values finds, as a statement; one may come
 * several times. Each list of tokens is looked up by itself: a name is asked by many, of which planners
 * think in one `&&` that most rows have one, and compare all of each row with all that is asked.
 */
export function blindIds(type: string, { anyOf }: BlindCriterion): Sql {
  const lists = anyOf.map((tokens) => `{${tokens.join(',')}}`)
  return sql`SELECT found.id FROM unnest(${lists}::text[]) AS asked (list), LATERAL (
               SELECT b.id FROM identity.blind_index b
               WHERE b.type = ${type} AND b.tokens @> asked.list::bigint[]) AS found`
}

function blindMatch(type: string, { anyOf }: BlindCriterion): Sql {
  const alone = anyOf.flatMap((tokens) => (tokens.length === 1 ? tokens : []))
  const together = anyOf.filter((tokens) => tokens.length !== 1)
  const lists = [
    ...(alone.length === 0 ? [] : [has(sql`b.tokens`, alone)]),
    ...together.map((tokens) => sql`b.tokens @> ${tokens.map(String)}::bigint[]`),
  ]
  return sql`b.type = ${type} AND ${or(lists)}`
}

/** Whether a reference parameter of a type is its rows' own column when it leads to a Patient. */
function isPatientColumn(type: string, { code }: SearchParameter, target: string): boolean {
  return target === 'Patient' && columnsFor(type).owner.has(code)
}

/** The reference leads to a row that matches. */
function chainCondition(type: string, { parameter, target }: PreparedChain, place: Place): Sql {
  const matching = rowCondition(target)
  if (isPatientColumn(type, parameter, target.type)) return and([ofPatientWith(matching, place), isSubject])
  const prefix = `${parameter.code}|${target.type}/`
  return sql`r.tokens && ARRAY(SELECT clinical.token(${prefix}::text || r.id) FROM clinical.resource r WHERE ${matching})`
}

/** A row that matches refers here. */
function hasCondition(type: string, { parameter, source }: PreparedHas, place: Place): Sql {
  const matching = rowCondition(source)
  if (isPatientColumn(source.type, parameter, type)) return ofPatientWith(and([matching, isSubject]), place)
  const prefix = `${parameter.code}|${type}/`
  return sql`EXISTS (SELECT FROM (SELECT r.id, r.type) AS here, clinical.resource r
                     WHERE ${matching} AND r.tokens @> ARRAY[clinical.token(${prefix}::text || here.id)])`
}

/** The row's patient has a row that matches. */
function ofPatientWith(matching: Sql, place: Place): Sql {
  return place === 'joined'
    ? sql`r.patient IN (SELECT r.patient FROM clinical.resource r WHERE ${matching})`
    : sql`EXISTS (SELECT FROM (SELECT r.patient) AS here, clinical.resource r
                  WHERE r.patient = here.patient AND ${matching})`
}
