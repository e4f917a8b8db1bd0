import { resourceTypes, type SearchParameter } from '../fhir/definitions.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { SearchValue, ValueCriterion } from '../fhir/search/query.ts'
import { folderOf, urisAbove } from '../fhir/search/uri-folder.ts'
import { columnsFor } from '../resources/columns.ts'
import { compareDate, compareInstant, compareNumber, type IntervalColumns } from './comparison.ts'
import { nearCondition } from './near-condition.ts'
import { hasSubject, hasToken, isSubject } from './row-condition.ts'
import { or, sql, type Sql } from './sql.ts'
import { token, tokenText } from './token.ts'
import { isUuid } from './uuid.ts'

/** A criterion on values that lie in clear, as a condition on `clinical.resource r`. */
export function valueCondition(type: string, criterion: ValueCriterion): Sql {
  const { parameter, modifier, values } = criterion
  const first = values[0]
  if (first?.kind === 'missing') {
    const present = presence(type, parameter)
    return first.missing ? sql`NOT ${present}` : present
  }
  const positive =
    parameter.code === '_id'
      ? sql`r.id = ANY(${values.map(idOf)}::text[])`
      : alternatives(type, parameter, values)
  return modifier === 'not' ? sql`NOT ${positive}` : positive
}

function idOf(value: SearchValue): string | undefined {
  return value.kind === 'token' ? value.code : undefined
}

function presence(type: string, parameter: SearchParameter): Sql {
  const columns = columnsFor(type)
  const { code } = parameter
  if (code === '_id' || code === '_lastUpdated') return sql`TRUE`
  if (code === columns.date) return sql`(r.date_low IS NOT NULL)`
  if (code === columns.quantity) return sql`(r.value_low IS NOT NULL)`
  if (['date', 'number', 'quantity', 'special'].includes(parameter.type)) {
    return inRanges(type, code, sql`TRUE`)
  }
  const present = hasToken([token(tokenText.present(code))])
  return columns.owner.has(code) ? sql`(${hasSubject} OR ${present})` : sql`(${present})`
}

function alternatives(type: string, parameter: SearchParameter, values: readonly SearchValue[]): Sql {
  const { code } = parameter
  const tokens: bigint[] = []
  const conditions: Sql[] = []
  for (const value of values) {
    switch (value.kind) {
      case 'token':
        tokens.push(token(tokenText.coding(code, value.system, value.code)))
        break
      case 'uri':
        tokens.push(...uriTokens(code, value))
        if (value.match === 'below') conditions.push(inFolder(code, value.uri))
        break
      case 'reference':
        if (isOwner(type, parameter, value))
          conditions.push(sql`(r.patient = ${value.id}::uuid AND ${isSubject})`)
        tokens.push(...referenceTokens(type, parameter, value))
        break
      default:
        conditions.push(intervalCondition(type, parameter, value))
    }
  }
  if (tokens.length > 0) conditions.push(hasToken(tokens))
  return or(conditions)
}

type Value<Kind> = SearchValue & { readonly kind: Kind }

function uriTokens(code: string, { uri, match }: Value<'uri'>): bigint[] {
  const uris = match === 'above' ? urisAbove(uri) : [uri]
  return uris.map((one) => token(tokenText.url(code, one)))
}

/** The row has a URI whose folder is this one or lies in it. */
function inFolder(code: string, uri: string): Sql {
  const within = token(tokenText.folder(code, folderOf(uri)))
  return sql`r.tokens && ARRAY(SELECT f.folder FROM clinical.uri_folder f WHERE f.within = ${String(within)})`
}

/** Whether `patient=` or `subject=` with this value is the row's own column. */
function isOwner(type: string, parameter: SearchParameter, value: Value<'reference'>): boolean {
  if (!columnsFor(type).owner.has(parameter.code) || value.url !== undefined) return false
  const mayBePatient = value.type === 'Patient' || value.type === undefined
  return mayBePatient && isUuid(value.id)
}

/** The tokens of a reference; a bare id is asked for in each type that the parameter can lead to. */
export function referenceTokens(
  type: string,
  parameter: SearchParameter,
  value: Value<'reference'>,
): bigint[] {
  if (value.url !== undefined) return [token(tokenText.url(parameter.code, value.url))]
  const targets = parameter.target.length > 0 ? parameter.target : resourceTypes
  const owner = columnsFor(type).owner.has(parameter.code)
  return (value.type === undefined ? targets : [value.type])
    .filter((target) => !(owner && target === 'Patient'))
    .map((target) => token(tokenText.reference(parameter.code, target, value.id)))
}

function intervalCondition(type: string, parameter: SearchParameter, value: SearchValue): Sql {
  const { code } = parameter
  const columns = columnsFor(type)
  switch (value.kind) {
    case 'date':
      if (code === '_lastUpdated') return compareInstant(sql`r.updated_at`, value)
      if (code === columns.date) return compareDate(dateColumns, value)
      return inRanges(type, code, compareDate(rangeColumns, value))
    case 'number':
      return inRanges(type, code, compareNumber(rangeColumns, value))
    case 'quantity':
      return quantityCondition(type, code, value)
    case 'near':
      return inRanges(type, code, nearCondition({ latitude: sql`i.low`, longitude: sql`i.high` }, value))
    default:
      throw FhirError.notSupported(`${code}: not searchable in this form`)
  }
}

function quantityCondition(type: string, code: string, value: Value<'quantity'>): Sql {
  const { system, code: unit } = value
  const token_ = system === undefined && unit === undefined ? undefined : token(tokenText.unit(system, unit))
  if (code === columnsFor(type).quantity) {
    const compared = compareNumber(valueColumns, value)
    return token_ === undefined ? compared : sql`(${compared} AND ${hasToken([token_])})`
  }
  const units = token_ === undefined ? sql`TRUE` : sql`i.units @> ${[String(token_)]}::bigint[]`
  return inRanges(type, code, sql`${compareNumber(rangeColumns, value)} AND ${units}`)
}

const dateColumns: IntervalColumns = { low: sql`r.date_low`, high: sql`r.date_high` }
const valueColumns: IntervalColumns = { low: sql`r.value_low`, high: sql`r.value_high` }
const rangeColumns: IntervalColumns = { low: sql`i.low`, high: sql`i.high` }

function inRanges(type: string, code: string, compared: Sql): Sql {
  return sql`EXISTS (SELECT FROM clinical.range_index i
                     WHERE i.type = ${type} AND i.id = r.id AND i.parameter = ${code} AND ${compared})`
}
