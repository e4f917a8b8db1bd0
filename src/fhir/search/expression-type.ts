import { types } from '../definitions.ts'
import { UnsupportedExpression, type Expression } from './expression-parse.ts'
import { isObject, type Json, type Resource } from '../json.ts'
import { parseReference } from '../reference.ts'

/** The type that `as`, `is` and `ofType()` name. */
export function typeName(expression: Expression): string {
  if (expression.kind !== 'member') throw new UnsupportedExpression('a type name expected')
  if (types.has(expression.name)) return expression.name
  // R4's composites write `DateTime`
  const lowerCase = expression.name.charAt(0).toLowerCase() + expression.name.slice(1)
  if (types.has(lowerCase)) return lowerCase
  throw new UnsupportedExpression('a type that is not known')
}

const baseTypes: Readonly<Record<string, string>> = {
  code: 'string',
  id: 'string',
  markdown: 'string',
  url: 'uri',
  canonical: 'uri',
  uuid: 'uri',
  oid: 'uri',
  positiveInt: 'integer',
  unsignedInt: 'integer',
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
}

/** Whether a data type is the wanted one or specialises it. */
export function isA(type: string, wanted: string): boolean {
  return type === wanted || baseTypes[type] === wanted
}

/** The `resourceType` of a node that should be a resource. */
export function resourceTypeOf(node: Json): Json | undefined {
  return isObject(node) ? node['resourceType'] : undefined
}

/**
 * The type of the resource that a Reference or canonical points at, without fetching it: by its URL, by
 * `Reference.type`, or by the contained resource it names.
 */
export function targetType(node: Json, resource: Resource): string | undefined {
  const text = isObject(node) ? node['reference'] : node
  const parsed = typeof text === 'string' ? parseReference(text) : undefined
  if (parsed?.kind === 'relative') return parsed.type
  if (parsed?.kind === 'absolute' && parsed.type !== undefined) return parsed.type
  if (parsed?.kind === 'contained') return containedType(parsed.id, resource)
  const stated = isObject(node) ? node['type'] : undefined
  return typeof stated === 'string' ? stated : undefined
}

function containedType(id: string, resource: Resource): string | undefined {
  if (id === '') return resource.resourceType
  const contained = resource['contained']
  if (!Array.isArray(contained)) return undefined
  const found = contained.find((item) => isObject(item) && item['id'] === id) ?? null
  const type = resourceTypeOf(found)
  return typeof type === 'string' ? type : undefined
}
