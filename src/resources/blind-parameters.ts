import { onSearchParametersChange, searchParameters, types } from '../fhir/definitions.ts'
import { readsClear } from './clear-path.ts'
import { splitRules } from './identity-split.ts'

/**
 * Whether a search parameter of a type reads what is sealed: then it is answered from the vault's
 * blind index and leaves no trace in the clinical rows.
 */
export function isBlind(type: string, code: string): boolean {
  const key = `${type}.${code}`
  let blind = cache.get(key)
  if (blind === undefined) cache.set(key, (blind = readsSealed(type, code)))
  return blind
}

const cache = new Map<string, boolean>()
onSearchParametersChange(() => cache.clear())

/**
 * Whether values filed under this name are the words beside codes (`code:text`): sealed, and found through
 * keyed hashes of their own.
 */
export function isText(code: string): boolean {
  return code.endsWith(':text')
}

/**
 * @param code may be `subject:identifier`, `code:text`, `identifier:of-type`: the `identifier` of a Reference
 *   and the words beside a code are always sealed, and so are Identifiers
 */
function readsSealed(type: string, code: string): boolean {
  if (/:(?:identifier|text|of-type)$/.test(code)) return true
  const parameter = searchParameters(type).get(code)
  if (!parameter) return false
  if (parameter.type === 'string') return true
  // of one that was added nobody has looked at the expression: what is not plainly clear is sealed
  if (parameter.state !== undefined) return !readsClear(type, parameter.expression ?? '')
  if (!['token', 'date', 'uri'].includes(parameter.type)) return false
  const expression = parameter.expression ?? ''
  // which values of an extension stay is told by its URL: no expression says it plainly enough
  if (/extension/i.test(expression)) return true
  return paths(type, expression).some((path) => crossesSealed(type, path))
}

/** The plain element paths of an expression's parts that start at this type: `Patient.telecom.where(…)` → `telecom`. */
function paths(type: string, expression: string): string[][] {
  return expression
    .split('|')
    .map((part) => new RegExp(`^\\(*${type}((?:\\.\\w+(?![\\w(]))+)`).exec(part.trim())?.[1])
    .filter((path) => path !== undefined)
    .map((path) => path.slice(1).split('.'))
}

function crossesSealed(type: string, path: readonly string[]): boolean {
  const [name, ...rest] = path
  if (name === undefined) return false
  return names(type, name).some((property) => {
    const rule = splitRules(type).get(property)
    if (rule === undefined || rule === 'seal') return true
    if (typeof rule === 'object' && 'coarsen' in rule) return true
    return typeof rule === 'object' ? crossesSealed(rule.type, rest) : false
  })
}

/** `value` → `valueQuantity`, `valueString`, … for a choice; else itself. Sealed only if every form is. */
function names(type: string, name: string): string[] {
  const properties = types.get(type)?.properties
  if (!properties || properties.has(name)) return [name]
  return []
}
