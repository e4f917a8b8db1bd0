import type { Criterion, Query, SearchValue } from '../fhir/search/query.ts'
import { normalise } from '../fhir/search/normalise.ts'

/**
 * What a conditional interaction locks: a text for each value that it asks for. Criteria of which one
 * resource could meet both share a text when they ask for the same value of the same parameter, in
 * whatever spelling and whatever else they ask for: `identifier=a|1`, `identifier=1&active=true` and
 * `identifier=2,1&_sort=_id` all wait for each other.
 *
 * Criteria without a value in common do not: what only a prefix, a range or another parameter has in
 * common is not found (docs/spec-readings.md).
 */
export function lockTexts({ type, criteria }: Query): string[] {
  return criteria.flatMap((criterion) => textsOf(criterion).map((text) => `${type}?${text}`))
}

function textsOf(criterion: Criterion): string[] {
  switch (criterion.kind) {
    case 'value':
      return criterion.values.map((value) => `${criterion.parameter.code}=${textOf(value)}`)
    case 'any':
    case 'all':
      return criterion.of.flatMap(textsOf)
    case 'composite':
    case 'chain':
    case 'has':
    case 'not':
      return [JSON.stringify(criterion, byCode)]
  }
}

/** The part of a value that criteria share which ask for it in other ways: of a token the code. */
function textOf(value: SearchValue): string {
  switch (value.kind) {
    case 'token':
      return (value.code ?? `${value.system}|`).toLowerCase()
    case 'of-type':
      return value.value.toLowerCase()
    case 'string':
      return normalise(value.text)
    case 'reference':
      return value.url ?? value.id
    case 'uri':
      return value.uri
    case 'date':
      return String(value.low)
    case 'number':
    case 'quantity':
      return String(value.number)
    default:
      return JSON.stringify(value)
  }
}

/** A parameter's definition says nothing that its code does not. */
function byCode(name: string, value: unknown): unknown {
  return name === 'parameter' && typeof value === 'object' && value !== null && 'code' in value
    ? value.code
    : value
}
