import { interval } from '../search/interval.ts'
import { Decimal, isNumber, isObject, type Json } from '../json.ts'

/** Whether a value is what `fixed[x]` says: member by member, in the order given, nothing beside it. */
export function isFixed(value: Json | undefined, fixed: Json): boolean {
  if (Array.isArray(fixed)) {
    return (
      Array.isArray(value) &&
      value.length === fixed.length &&
      fixed.every((one, index) => isFixed(value[index], one))
    )
  }
  if (!isObject(fixed)) return isSame(value, fixed)
  if (!isObject(value)) return false
  const names = Object.keys(fixed)
  return (
    names.length === Object.keys(value).length &&
    names.every((name) => isFixed(value[name], fixed[name] as Json))
  )
}

/**
 * Whether a value holds what `pattern[x]` says: every member of it, and for each item of its arrays one
 * that holds that.
 */
export function matchesPattern(value: Json | undefined, pattern: Json): boolean {
  if (Array.isArray(pattern)) {
    return (
      Array.isArray(value) &&
      pattern.every((one) => value.some((candidate) => matchesPattern(candidate, one)))
    )
  }
  if (!isObject(pattern)) return isSame(value, pattern)
  return (
    isObject(value) &&
    Object.keys(pattern).every((name) => matchesPattern(value[name], pattern[name] as Json))
  )
}

/** Numbers by what they are worth: the packages are read without their digits. */
function isSame(value: Json | undefined, other: Json): boolean {
  if (isNumber(value) && isNumber(other)) return Number(value) === Number(other)
  return value === other
}

/** What of a pattern stands at or under a path of element names; undefined: nothing. */
export function projected(pattern: Json, path: readonly string[]): Json | undefined {
  const [name, ...rest] = path
  if (name === undefined) return pattern
  if (Array.isArray(pattern)) {
    const found = pattern.map((one) => projected(one, path)).filter((one) => one !== undefined)
    return found.length > 0 ? found : undefined
  }
  if (!isObject(pattern)) return undefined
  const inside = pattern[name]
  const found = inside === undefined ? undefined : projected(inside, rest)
  return found === undefined ? undefined : { [name]: found }
}

/**
 * Compares a value with `minValue[x]` or `maxValue[x]`.
 *
 * @returns below 0 when it is less; undefined when they cannot be compared: another unit, a type without
 *   order
 */
export function compareToLimit(value: Json, limit: Json, end: 'low' | 'high'): number | undefined {
  if (isNumber(value) && isNumber(limit)) return Number(value) - Number(limit)
  if (typeof value === 'string' && typeof limit === 'string') return compareDates(value, limit, end)
  if (!isObject(value) || !isObject(limit)) return undefined
  if (value['system'] !== limit['system'] || value['code'] !== limit['code']) return undefined
  const [amount, limitAmount] = [value['value'], limit['value']]
  if (amount === undefined || limitAmount === undefined) return undefined
  return compareToLimit(amount, limitAmount, end)
}

/** Days and moments by the time they cover, times by their text. */
function compareDates(value: string, limit: string, end: 'low' | 'high'): number | undefined {
  if (/^\d\d:/.test(value) && /^\d\d:/.test(limit)) return value < limit ? -1 : value > limit ? 1 : 0
  const isDate = /^\d{4}/
  if (!isDate.test(value) || !isDate.test(limit)) return undefined
  const at = end === 'low' ? 0 : 1
  return interval(value, 'UTC')[at] - interval(limit, 'UTC')[at]
}

/** Characters of a primitive's text, as `maxLength` counts them. */
export function lengthOf(value: Json | undefined): number {
  if (typeof value === 'string') return [...value].length
  if (value instanceof Decimal) return value.text.length
  return value === undefined || value === null ? 0 : String(value).length
}
