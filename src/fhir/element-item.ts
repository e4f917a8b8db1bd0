import { types, type PropertyDefinition } from './definitions.ts'
import { isObject, type Json, type JsonObject, type Resource } from './json.ts'

/**
 * One element of a resource, with its type and place: what JSON tells of it, and what only the
 * definitions know.
 */
export interface Item {
  /** undefined: a primitive that is there by its extensions alone */
  readonly value: Json | undefined
  /** of a primitive: the `_name` beside it */
  readonly sibling: JsonObject | undefined
  /** a key of `types`; of a resource its resourceType */
  readonly type: string
  readonly primitive: boolean
  /** FHIRPath, element names and positions */
  readonly path: string
  /** the resource that it is in, FHIRPath's `%resource` */
  readonly resource: Resource
  /** the resource that contains that one, else that one: `%rootResource` */
  readonly container: Resource
  /** the object that holds it and under which name; undefined for the root */
  readonly holder: Holder | undefined
}

export interface Holder {
  readonly item: Item
  readonly property: PropertyDefinition
  /** position; 0 where the element does not repeat */
  readonly index: number
}

/** A resource that stands for itself. @param path where it is said to be; its type when it is the root */
export function rootItem(resource: Resource, path: string = resource.resourceType): Item {
  return new ElementItem(path, resource, undefined, resource.resourceType, resource, resource, undefined)
}

/** A class for speed alone: one shape for all, and no path before somebody asks where it is. */
class ElementItem implements Item {
  private readonly root: string
  readonly value: Json | undefined
  readonly sibling: JsonObject | undefined
  readonly type: string
  readonly resource: Resource
  readonly container: Resource
  readonly holder: Holder | undefined

  constructor(
    root: string,
    value: Json | undefined,
    sibling: JsonObject | undefined,
    type: string,
    resource: Resource,
    container: Resource,
    holder: Holder | undefined,
  ) {
    this.root = root
    this.value = value
    this.sibling = sibling
    this.type = type
    this.resource = resource
    this.container = container
    this.holder = holder
  }

  get primitive(): boolean {
    return this.holder?.property.primitive ?? false
  }

  get path(): string {
    if (!this.holder) return this.root
    const { item, property, index } = this.holder
    return `${item.path}.${property.choice ?? property.name}${property.array ? `[${index}]` : ''}`
  }
}

const byElement = new Map<string, ReadonlyMap<string, readonly PropertyDefinition[]>>()
const noProperties: readonly PropertyDefinition[] = []

/** The JSON properties under which an element of a type can stand: of a choice one for each type. */
export function propertiesOf(type: string, element: string): readonly PropertyDefinition[] {
  let elements = byElement.get(type)
  if (!elements) {
    elements = groupByElement([...(types.get(type)?.properties.values() ?? [])])
    byElement.set(type, elements)
  }
  return elements.get(element) ?? noProperties
}

function groupByElement(properties: readonly PropertyDefinition[]): Map<string, PropertyDefinition[]> {
  const groups = new Map<string, PropertyDefinition[]>()
  for (const property of properties) {
    const element = property.choice ?? property.name
    const group = groups.get(element)
    if (group) group.push(property)
    else groups.set(element, [property])
  }
  return groups
}

/** The elements of a name in an item, in their order; `[]` where there is none. */
export function itemsOf(of: Item, element: string): readonly Item[] {
  const object = of.primitive ? of.sibling : of.value
  if (!isObject(object)) return []
  const found = propertiesOf(of.primitive ? 'Element' : of.type, element)
  return found.length === 1 && found[0]
    ? itemsIn(of, object, found[0])
    : found.flatMap((property) => itemsIn(of, object, property))
}

/** The elements that stand under one JSON property, `given` and `_given`. */
export function itemsIn(of: Item, object: JsonObject, property: PropertyDefinition): readonly Item[] {
  const value = object[property.name]
  const sibling = property.primitive ? object[`_${property.name}`] : undefined
  if (value === undefined && sibling === undefined) return []
  if (!property.array) return [itemAt(of, property, 0, value, sibling)]
  const values = Array.isArray(value) ? value : []
  const siblings = Array.isArray(sibling) ? sibling : []
  return Array.from({ length: Math.max(values.length, siblings.length) }, (_, index) =>
    itemAt(of, property, index, values[index] ?? undefined, siblings[index] ?? undefined),
  )
}

function itemAt(
  of: Item,
  property: PropertyDefinition,
  index: number,
  value: Json | undefined,
  sibling: Json | undefined,
): Item {
  const holder = { item: of, property, index }
  if (property.type === 'Resource' && isResource(value)) {
    const container = property.name === 'contained' ? of.container : value
    return new ElementItem('', value, undefined, value.resourceType, value, container, holder)
  }
  const beside = isObject(sibling) ? sibling : undefined
  return new ElementItem('', value, beside, property.type, of.resource, of.container, holder)
}

function isResource(value: Json | undefined): value is Resource {
  return isObject(value) && typeof value['resourceType'] === 'string'
}
