import { typeDefinition, types, type PropertyDefinition } from '../definitions.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../json.ts'
import { narrativeXml } from './xml-narrative.ts'
import { escapeXml, fhirNamespace } from './xml-text.ts'

/**
 * Writes a resource as XML: elements in the order of the definitions, decimals with their digits.
 *
 * @param resource valid; of a member that its definition does not have there is no XML
 * @param isPretty one element a line; else no white space between elements
 * @see FHIR R4 § XML Representation
 */
export function writeXml(resource: Resource, isPretty = false): string {
  const content = resourceXml(resource, isPretty ? '\n' : '', ` xmlns="${fhirNamespace}"`)
  return `<?xml version="1.0" encoding="UTF-8"?>${content}`
}

/** A property with the names it goes by, put together once for each type. */
interface Line {
  readonly property: PropertyDefinition
  readonly name: string
  /** of a primitive: where its id and extensions stand */
  readonly sibling: string | undefined
}

interface Plan {
  readonly attributes: readonly string[]
  readonly elements: readonly Line[]
  /** of a member of the JSON object among `elements` */
  readonly positions: ReadonlyMap<string, number>
}

const plans = new Map<string, Plan>()

function planOf(type: string): Plan {
  const found = plans.get(type)
  if (found) return found
  const { kind, properties } = typeDefinition(type)
  const isAttribute = ({ name, path }: PropertyDefinition) =>
    kind !== 'resource' && (name === 'id' || path === 'Extension.url')
  const all = [...properties.values()]
  const elements = all
    .filter((property) => !isAttribute(property))
    .map((property): Line => ({ property, name: property.name, sibling: siblingOf(property) }))
  const plan = {
    attributes: all.filter(isAttribute).map(({ name }) => name),
    elements,
    positions: new Map(
      elements.flatMap(({ name, sibling }, position) => [
        [name, position] as const,
        ...(sibling === undefined ? [] : [[sibling, position] as const]),
      ]),
    ),
  }
  plans.set(type, plan)
  return plan
}

function siblingOf({ name, primitive, type }: PropertyDefinition): string | undefined {
  return primitive && type !== 'xhtml' ? `_${name}` : undefined
}

/** @param at what stands before an element: nothing, or a line end and its indent */
function resourceXml(resource: JsonObject, at: string, attributes = ''): string {
  const { resourceType } = resource
  // one that nobody validated may be of no type at all
  if (typeof resourceType !== 'string' || types.get(resourceType)?.kind !== 'resource') return ''
  return element(resourceType, attributes, at, elements(resourceType, resource, inner(at)))
}

function elements(type: string, object: JsonObject, at: string): string {
  let text = ''
  for (const { property, name, sibling } of linesOf(type, object)) {
    const value = object[name]
    const beside = sibling === undefined ? undefined : object[sibling]
    const values = Array.isArray(value) ? value : [value]
    const besides = Array.isArray(beside) ? beside : [beside]
    const count = Math.max(values.length, besides.length)
    for (let index = 0; index < count; index++) text += one(property, values[index], besides[index], at)
  }
  return text
}

/** What an object has of its type's elements, in their order. Most of the sixty types of a value are not there. */
function linesOf(type: string, object: JsonObject): Line[] {
  const { elements, positions } = planOf(type)
  const there = new Set<number>()
  for (const name in object) {
    const position = positions.get(name)
    if (position !== undefined) there.add(position)
  }
  return [...there].sort((left, right) => left - right).flatMap((position) => elements[position] ?? [])
}

function one(
  { name, type, primitive }: PropertyDefinition,
  value: Json | undefined,
  beside: Json | undefined,
  at: string,
): string {
  if (type === 'xhtml') return typeof value === 'string' ? at + narrativeXml(value) : ''
  if (primitive) return complex(name, 'Element', isObject(beside) ? beside : {}, at, valueAttribute(value))
  if (!isObject(value)) return ''
  if (type === 'Resource') return element(name, '', at, resourceXml(value, inner(at)))
  return complex(name, type, value, at)
}

function complex(name: string, type: string, object: JsonObject, at: string, value = ''): string {
  let attributes = ''
  for (const attribute of planOf(type).attributes) {
    const given = object[attribute]
    if (typeof given === 'string') attributes += ` ${attribute}="${escapeXml(given)}"`
  }
  return element(name, attributes + value, at, elements(type, object, inner(at)))
}

function valueAttribute(value: Json | undefined): string {
  if (value === undefined || value === null || isObject(value)) return ''
  return ` value="${escapeXml(String(value))}"`
}

function element(name: string, attributes: string, at: string, content: string): string {
  const start = `${at}<${name}${attributes}`
  return content === '' ? `${start}/>` : `${start}>${content}${at}</${name}>`
}

function inner(at: string): string {
  return at === '' ? '' : `${at}  `
}
