import { resourceTypes, type SearchParameter } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { SearchValue, ValueCriterion } from '../fhir/query.ts'
import { columnsFor } from '../resources/columns.ts'
import { compareDate, compareInstant, compareNumber, type IntervalColumns } from './comparison.ts'
import type { PreparedChain, PreparedCriterion, PreparedHas, PreparedTarget } from './prepared-query.ts'
import { and, or, sql, type Sql } from './sql.ts'
import { token, tokenText } from './token.ts'

/**
 * A row of a type that meets all of this, as a condition on `clinical.resource r`. Nested searches use
 * the same name inside their own sub-select.
 *
 * @param now ms since the epoch, for `ap` on dates
 */
export function rowCondition(target: PreparedTarget, now: number): Sql {
  const { type, criteria, patients, permit, anyOf } = target
  const all = (list: readonly PreparedCriterion[]) =>
    and(list.map((criterion) => condition(type, criterion, now)))
  return and([
    sql`r.type = ${type}`,
    ...(patients === undefined ? [] : [inCompartment(patients)]),
    ...(permit === undefined
      ? []
      : [sql`r.patient IN (SELECT m.patient FROM governance.permit_member m WHERE m.permit = ${permit})`]),
    ...criteria.map((criterion) => condition(type, criterion, now)),
    ...(anyOf.length === 0 ? [] : [or(anyOf.map(all))]),
  ])
}

function inCompartment(patients: readonly string[]): Sql {
  const others = patients.map((patient) => token(tokenText.compartment(patient)))
  return sql`(r.patient = ANY(${patients}::uuid[]) OR ${hasToken(others)})`
}

function condition(type: string, criterion: PreparedCriterion, now: number): Sql {
  switch (criterion.kind) {
    case 'value':
      return valueCondition(type, criterion, now)
    case 'blind': {
      const lists = criterion.anyOf.map((tokens) => sql`b.tokens @> ${tokens.map(String)}::bigint[]`)
      const found = sql`r.id IN (SELECT b.id FROM identity.blind_index b WHERE b.type = ${type} AND ${or(lists)})`
      return criterion.negate ? sql`NOT ${found}` : found
    }
    case 'chain':
      return chainCondition(type, criterion, now)
    case 'has':
      return hasCondition(type, criterion, now)
    case 'any':
      return or(criterion.of.map((one) => condition(type, one, now)))
    case 'all':
      return and(criterion.of.map((one) => condition(type, one, now)))
    case 'not':
      // a column without a value makes a comparison neither true nor false
      return sql`(${condition(type, criterion.of, now)}) IS NOT TRUE`
  }
}

/** `r.tokens` has one of these. One is asked by `@>`, which every planner estimates well. */
function hasToken(tokens: readonly bigint[]): Sql {
  const list = tokens.map(String)
  return list.length === 1 ? sql`r.tokens @> ${list}::bigint[]` : sql`r.tokens && ${list}::bigint[]`
}

function valueCondition(type: string, criterion: ValueCriterion, now: number): Sql {
  const { parameter, modifier, values } = criterion
  const code = parameter.code
  const first = values[0]
  if (first?.kind === 'missing') {
    const present = presence(type, parameter)
    return first.missing ? sql`NOT ${present}` : present
  }
  const positive =
    code === '_id' ? sql`r.id = ANY(${values.map(idOf)}::text[])` : alternatives(type, parameter, values, now)
  return modifier === 'not' ? sql`NOT ${positive}` : positive
}

function idOf(value: SearchValue): string | undefined {
  return value.kind === 'token' ? value.code : undefined
}

function presence(type: string, parameter: SearchParameter): Sql {
  const columns = columnsFor(type)
  if (parameter.code === '_id' || parameter.code === '_lastUpdated') return sql`TRUE`
  if (parameter.code === columns.date) return sql`(r.date_low IS NOT NULL)`
  if (parameter.code === columns.quantity) return sql`(r.value_low IS NOT NULL)`
  if (['date', 'number', 'quantity'].includes(parameter.type))
    return inRanges(type, parameter.code, sql`TRUE`)
  const present = hasToken([token(tokenText.present(parameter.code))])
  const owned = sql`r.patient <> '00000000-0000-0000-0000-000000000000'`
  return columns.owner.has(parameter.code) ? sql`(${owned} OR ${present})` : present
}

function alternatives(
  type: string,
  parameter: SearchParameter,
  values: readonly SearchValue[],
  now: number,
): Sql {
  const tokens: bigint[] = []
  const conditions: Sql[] = []
  for (const value of values) {
    switch (value.kind) {
      case 'token':
        tokens.push(token(tokenText.coding(parameter.code, value.system, value.code)))
        break
      case 'uri':
        if (value.match !== 'exact')
          throw FhirError.notSupported(`${parameter.code}: this modifier is not supported`)
        tokens.push(token(tokenText.url(parameter.code, value.uri)))
        break
      case 'reference':
        if (isOwner(type, parameter, value)) conditions.push(sql`r.patient = ${value.id}::uuid`)
        tokens.push(...referenceTokens(type, parameter, value))
        break
      default:
        conditions.push(intervalCondition(type, parameter, value, now))
    }
  }
  if (tokens.length > 0) conditions.push(hasToken(tokens))
  return or(conditions)
}

type ReferenceValue = Extract<SearchValue, { kind: 'reference' }>

/** Whether `patient=` or `subject=` with this value is the row's own column. */
function isOwner(type: string, parameter: SearchParameter, value: ReferenceValue): boolean {
  if (!columnsFor(type).owner.has(parameter.code) || value.url !== undefined) return false
  const mayBePatient = value.type === 'Patient' || value.type === undefined
  return mayBePatient && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value.id)
}

function referenceTokens(type: string, parameter: SearchParameter, value: ReferenceValue): bigint[] {
  if (value.url !== undefined) return [token(tokenText.url(parameter.code, value.url))]
  const targets = parameter.target.length > 0 ? parameter.target : resourceTypes
  const owner = columnsFor(type).owner.has(parameter.code)
  return (value.type === undefined ? targets : [value.type])
    .filter((target) => !(owner && target === 'Patient'))
    .map((target) => token(tokenText.reference(parameter.code, target, value.id)))
}

function intervalCondition(type: string, parameter: SearchParameter, value: SearchValue, now: number): Sql {
  const { code } = parameter
  const columns = columnsFor(type)
  if (value.kind === 'date') {
    const compare = (column: IntervalColumns) => compareDate(column, value.prefix, value.low, value.high, now)
    if (code === '_lastUpdated')
      return compareInstant(sql`r.updated_at`, value.prefix, value.low, value.high, now)
    return code === columns.date ? compare(dateColumns) : inRanges(type, code, compare(rangeColumns))
  }
  if (value.kind === 'number') return inRanges(type, code, compareNumber(rangeColumns, value))
  if (value.kind !== 'quantity') throw FhirError.notSupported(`${code}: not searchable in this form`)
  const unit = value.code === undefined ? undefined : token(tokenText.unit(value.system, value.code))
  if (code === columns.quantity) {
    const compared = compareNumber(valueColumns, value)
    return unit === undefined ? compared : sql`(${compared} AND ${hasToken([unit])})`
  }
  const units = unit === undefined ? sql`TRUE` : sql`i.units @> ${[String(unit)]}::bigint[]`
  return inRanges(type, code, sql`${compareNumber(rangeColumns, value)} AND ${units}`)
}

const dateColumns: IntervalColumns = { low: sql`r.date_low`, high: sql`r.date_high` }
const valueColumns: IntervalColumns = { low: sql`r.value_low`, high: sql`r.value_high` }
const rangeColumns: IntervalColumns = { low: sql`i.low`, high: sql`i.high` }

function inRanges(type: string, code: string, compared: Sql): Sql {
  return sql`r.id IN (SELECT i.id FROM clinical.range_index i
                      WHERE i.type = ${type} AND i.parameter = ${code} AND ${compared})`
}

/** The reference leads to a row that matches. */
function chainCondition(type: string, { parameter, target }: PreparedChain, now: number): Sql {
  const matching = rowCondition(target, now)
  if (target.type === 'Patient' && columnsFor(type).owner.has(parameter.code)) {
    return sql`r.patient IN (SELECT r.patient FROM clinical.resource r WHERE ${matching})`
  }
  const prefix = `${parameter.code}|${target.type}/`
  return sql`r.tokens && ARRAY(SELECT clinical.token(${prefix}::text || r.id) FROM clinical.resource r WHERE ${matching})`
}

/** A row that matches refers here. */
function hasCondition(type: string, { parameter, source }: PreparedHas, now: number): Sql {
  const matching = rowCondition(source, now)
  if (type === 'Patient' && columnsFor(source.type).owner.has(parameter.code)) {
    return sql`r.patient IN (SELECT r.patient FROM clinical.resource r WHERE ${matching})`
  }
  const prefix = `${parameter.code}|${type}/`
  return sql`EXISTS (SELECT FROM (SELECT r.id, r.type) AS here, clinical.resource r
                     WHERE ${matching} AND r.tokens @> ARRAY[clinical.token(${prefix}::text || here.id)])`
}
