import type { SearchValue } from '../fhir/search/query.ts'
import { isRange } from '../resources/composites.ts'
import { compareDate, compareNumber, type IntervalColumns } from './comparison.ts'
import type { PreparedFoci } from './prepared-query.ts'
import { has, hasToken } from './row-condition.ts'
import { and, or, sql, type Sql } from './sql.ts'
import { focusParameter, token, tokenText } from './token.ts'
import { referenceTokens } from './value-condition.ts'
import { FhirError } from '../fhir/outcome.ts'

/** One focus of the row meets all components of a value: never the code of one and the number of another. */
export function fociCondition(type: string, criterion: PreparedFoci): Sql {
  const { parameter, values, present } = criterion
  const tokens = sql`i.tokens`
  const matching = present
    ? has(tokens, [token(tokenText.present(parameter.code))])
    : or(values.map((value) => focusCondition(type, criterion, value)))
  const exists = sql`EXISTS (SELECT FROM clinical.composite_index i
                             WHERE i.type = r.type AND i.id = r.id AND ${matching})`
  return and([...likely(criterion), exists])
}

/** What a match has in its own tokens too, so that the index over them finds it: the first code asked for. */
function likely({ components, values }: PreparedFoci): Sql[] {
  const [parameter] = components
  if (parameter?.type !== 'token') return []
  const tokens = values.flatMap(([value]) =>
    value?.kind === 'token' ? [token(tokenText.coding(parameter.code, value.system, value.code))] : [],
  )
  return tokens.length === 0 ? [] : [hasToken([...new Set(tokens)])]
}

const columns: readonly IntervalColumns[] = [
  { low: sql`i.low`, high: sql`i.high` },
  { low: sql`i.low2`, high: sql`i.high2` },
]

function focusCondition(
  type: string,
  { parameter, components }: PreparedFoci,
  value: readonly SearchValue[],
): Sql {
  return and(
    components.map((component, at) => {
      const column = columns[components.slice(0, at).filter(isRange).length]
      const part = value[at]
      const name = focusParameter(parameter.code, at)
      if (part === undefined)
        throw FhirError.invalid(`${parameter.code}: a value for each component expected`)
      if (part.kind === 'reference') {
        return has(sql`i.tokens`, referenceTokens(type, { ...component, code: name }, part))
      }
      return partCondition(name, part, column)
    }),
  )
}

function partCondition(name: string, part: SearchValue, column: IntervalColumns | undefined): Sql {
  const hasText = (text: string) => has(sql`i.tokens`, [token(text)])
  switch (part.kind) {
    case 'token':
      return hasText(tokenText.coding(name, part.system, part.code))
    case 'uri':
      if (part.match === 'exact') return hasText(tokenText.url(name, part.uri))
      break
    case 'date':
      if (column) return compareDate(column, part)
      break
    case 'number':
      if (column) return compareNumber(column, part)
      break
    case 'quantity': {
      if (!column) break
      const compared = compareNumber(column, part)
      if (part.system === undefined && part.code === undefined) return compared
      return sql`(${compared} AND ${hasText(`${name}|${tokenText.unit(part.system, part.code)}`)})`
    }
  }
  throw FhirError.notSupported('a component that is not searchable in this form')
}
