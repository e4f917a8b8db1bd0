import { Decimal, isObject, type Json } from './json.ts'

/**
 * Whether two JSON values say the same: members in any order, arrays in theirs, numbers digit by digit,
 * because `1.50` is not `1.5` in FHIR.
 */
export function equalJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => equalJson(item, right[index]))
  }
  if (left instanceof Decimal) return right instanceof Decimal && left.text === right.text
  if (!isObject(left) || !isObject(right)) return false
  const names = Object.keys(left)
  if (names.length !== Object.keys(right).length) return false
  return names.every((name) => Object.hasOwn(right, name) && equalJson(left[name], right[name]))
}
