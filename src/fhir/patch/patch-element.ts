import { types, type PropertyDefinition } from '../definitions.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'

/**
 * An element of a resource as JSON holds it: the object it is a member of, and under which names. A
 * primitive stands in two members, `birthDate` and `_birthDate`; both move together.
 */
export interface Slot {
  readonly holder: JsonObject
  readonly property: PropertyDefinition
}

/** One occurrence of an element. */
export interface Occurrence {
  /** undefined: a primitive that is there by its extensions alone */
  readonly value: Json | undefined
  /** of a primitive: its id and extensions */
  readonly sibling: Json | undefined
}

/** What is there of an element, in its order; one at most when it does not repeat. */
export function occurrences({ holder, property }: Slot): Occurrence[] {
  const values = listOf(holder[property.name])
  const siblings = property.primitive ? listOf(holder[`_${property.name}`]) : []
  return Array.from({ length: Math.max(values.length, siblings.length) }, (_, index) => ({
    value: values[index] ?? undefined,
    sibling: siblings[index] ?? undefined,
  }))
}

/** Puts occurrences in the place of those that were there; `[]` takes the element away. */
export function setOccurrences({ holder, property }: Slot, all: readonly Occurrence[]): void {
  setMember(
    holder,
    property.name,
    property.array,
    all.map(({ value }) => value),
  )
  if (!property.primitive) return
  setMember(
    holder,
    `_${property.name}`,
    property.array,
    all.map(({ sibling }) => sibling),
  )
}

function setMember(
  holder: JsonObject,
  name: string,
  array: boolean,
  values: readonly (Json | undefined)[],
): void {
  if (values.every((value) => value === undefined)) Reflect.deleteProperty(holder, name)
  else holder[name] = array ? values.map((value) => value ?? null) : (values[0] as Json)
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** The properties under which an element of a type can stand: of a choice one for each type. */
export function propertiesOf(type: string, element: string): PropertyDefinition[] {
  const properties = types.get(type)?.properties
  const own = properties?.get(element)
  if (own) return [own]
  return [...(properties?.values() ?? [])].filter(({ choice }) => choice === element)
}

/** The slot of an element that is there, or can be there under one name only. */
export function slotOf(holder: JsonObject, type: string, element: string): Slot | undefined {
  const properties = propertiesOf(typeOf(holder, type), element)
  const there = properties.find(
    ({ name, primitive }) => Object.hasOwn(holder, name) || (primitive && Object.hasOwn(holder, `_${name}`)),
  )
  const [only, ...more] = properties
  const property = there ?? (more.length === 0 ? only : undefined)
  return property && { holder, property }
}

/** A contained resource says itself what it is. */
export function typeOf(holder: JsonObject, type: string): string {
  const { resourceType } = holder
  return typeof resourceType === 'string' ? resourceType : type
}

/** An element that elements can be added to. */
export interface Owner {
  readonly object: JsonObject
  readonly type: string
}

/**
 * The element itself as an owner; of a primitive its sibling, which holds id and extensions.
 *
 * @returns undefined when there is no such occurrence
 */
export function ownerAt(slot: Slot, index: number): Owner | undefined {
  const all = occurrences(slot)
  const one = all[index]
  if (!one) return undefined
  if (!slot.property.primitive) {
    return isObject(one.value)
      ? { object: one.value, type: typeOf(one.value, slot.property.type) }
      : undefined
  }
  if (isObject(one.sibling)) return { object: one.sibling, type: 'Element' }
  const object: JsonObject = {}
  setOccurrences(
    slot,
    all.map((other) => (other === one ? { ...one, sibling: object } : other)),
  )
  return { object, type: 'Element' }
}
