import { earthRadiusMetres } from '../fhir/search/great-circle.ts'
import type { SearchValue } from '../fhir/search/query.ts'
import { and, sql, type Sql } from './sql.ts'

/**
 * No further from the point than asked, along a great circle: `distance` of `fhir/great-circle.ts`, said in
 * SQL. A band of latitudes comes first, which an index answers.
 */
export function nearCondition(
  column: { readonly latitude: Sql; readonly longitude: Sql },
  { latitude, longitude, metres }: SearchValue & { readonly kind: 'near' },
): Sql {
  const { latitude: lat, longitude: lon } = column
  // a little more than the circle needs, so that rounding leaves nothing out
  const band = ((metres / earthRadiusMetres) * 180 * 1.000_001) / Math.PI
  const haversine = sql`power(sin(radians(${lat} - ${latitude}::float8) / 2), 2)
      + cos(radians(${latitude}::float8)) * cos(radians(${lat})) * power(sin(radians(${lon} - ${longitude}::float8) / 2), 2)`
  return and([
    sql`${lat} BETWEEN ${latitude - band} AND ${latitude + band}`,
    sql`${2 * earthRadiusMetres} * asin(least(1, sqrt(${haversine}))) <= ${metres}`,
  ])
}
