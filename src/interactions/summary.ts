import { types, typeDefinition, type PropertyDefinition } from '../fhir/definitions.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError } from '../fhir/outcome.ts'
import type { Query } from '../fhir/search/query.ts'
import type { Parameter } from './request.ts'

export type Shape = Pick<Query, 'elements' | 'summary'>

const summaries = ['true', 'text', 'data', 'false'] as const

/**
 * The shape that a read asks for.
 *
 * @throws FhirError 400 for any other parameter than `_elements`, `_summary` and those of the format
 */
export function parseShape(type: string, parameters: readonly Parameter[]): Shape {
  const names = new Set([...typeDefinition(type).properties.values()].map(elementOf))
  let elements: string[] | undefined
  let summary: (typeof summaries)[number] | undefined
  for (const [name, value] of parameters) {
    if (name === '_elements') {
      elements = [...(elements ?? []), ...value.split(',')]
      if (!elements.every((element) => names.has(element))) {
        throw FhirError.invalid(`_elements: not an element of ${type}`)
      }
    } else if (name === '_summary') {
      summary = summaries.find((one) => one === value)
      if (summary === undefined) throw FhirError.invalid('_summary: true, text, data or false expected')
    } else if (name !== '_format' && name !== '_pretty') {
      throw FhirError.notSupported('a parameter that this interaction does not have')
    }
  }
  return { elements, summary }
}

/** Whether an answer in this shape leaves elements out. */
export function isPartial({ elements, summary }: Shape): boolean {
  return elements !== undefined || summary === 'true' || summary === 'text' || summary === 'data'
}

/**
 * Leaves out what `_elements` or `_summary` does not ask for, and says so by the tag SUBSETTED.
 * Mandatory and modifier elements stay, so that what is left is still true.
 *
 * @see FHIR R4 § Search, "_summary" and "_elements"
 */
export function shaped(resource: Resource, shape: Shape): Resource {
  if (!isPartial(shape)) return resource
  const { elements, summary } = shape
  if (elements !== undefined) {
    const asked = new Set(elements)
    return tagged(filter(resource, resource.resourceType, (property) => asked.has(elementOf(property))))
  }
  if (summary === 'data')
    return tagged(filter(resource, resource.resourceType, ({ name }) => name !== 'text'))
  if (summary === 'text')
    return tagged(filter(resource, resource.resourceType, ({ name }) => name === 'text'))
  return tagged(summaryOf(resource, resource.resourceType) as Resource)
}

type Wanted = (property: PropertyDefinition) => boolean

/** Root elements only. `id` and `meta` always stay. */
function filter(resource: Resource, type: string, wanted: Wanted): Resource {
  const { properties } = typeDefinition(type)
  const kept = Object.entries(resource).filter(([name]) => {
    if (name === 'resourceType' || name === 'id' || name === 'meta') return true
    const property = properties.get(name.startsWith('_') ? name.slice(1) : name)
    return property === undefined || property.min > 0 || property.isModifier || wanted(property)
  })
  return Object.fromEntries(kept) as Resource
}

/** `isSummary` is said at every level of a backbone element, but only once for a data type. */
function summaryOf(value: JsonObject, type: string): JsonObject {
  const { properties } = typeDefinition(type)
  const kept = Object.entries(value).flatMap(([name, member]): [string, Json][] => {
    if (name === 'resourceType' || name === 'id' || name === 'meta') return [[name, member]]
    const property = properties.get(name.startsWith('_') ? name.slice(1) : name)
    if (!property || !(property.isSummary || property.isModifier || property.min > 0)) return []
    return [[name, types.get(property.type)?.kind === 'backbone' ? deeper(member, property.type) : member]]
  })
  return Object.fromEntries(kept)
}

function deeper(member: Json, type: string): Json {
  if (Array.isArray(member)) return member.map((item) => deeper(item, type))
  return isObject(member) ? summaryOf(member, type) : member
}

/** `value` for `valueQuantity`: `_elements` names elements, not JSON members. */
function elementOf(property: PropertyDefinition): string {
  return property.choice ?? property.name
}

/** Without a display: clients look for the tag as a whole, the Bulk Data Test suite for one. */
const subsetted = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
}

function tagged(resource: Resource): Resource {
  const meta = isObject(resource['meta']) ? resource['meta'] : {}
  if (isSubsetted(resource)) return resource
  const tags = Array.isArray(meta['tag']) ? meta['tag'] : []
  return { ...resource, meta: { ...meta, tag: [...tags, { ...subsetted }] } }
}

/** Whether a resource says that it is not whole. */
export function isSubsetted({ meta }: Resource): boolean {
  const tags = isObject(meta ?? null) ? (meta as JsonObject)['tag'] : undefined
  const isTag = (tag: Json) =>
    isObject(tag) && tag['system'] === subsetted.system && tag['code'] === subsetted.code
  return Array.isArray(tags) && tags.some(isTag)
}

/**
 * Written back, what `_elements` or `_summary` left out would be lost.
 *
 * @throws FhirError 422 `business-rule` for a resource that is not whole
 * @see FHIR R4 § Search, "_elements" and "_summary"
 */
export function demandWhole(resource: Resource): void {
  if (isSubsetted(resource)) {
    const path = `${resource.resourceType}.meta.tag`
    throw FhirError.rule('a resource with the tag SUBSETTED is not whole, and cannot be written', path)
  }
}
