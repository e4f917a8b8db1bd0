import {
  resourceTypes,
  searchParameters,
  typeDefinition,
  type PropertyDefinition,
} from '../../../src/fhir/definitions.ts'
import type { Json, JsonObject, Resource } from '../../../src/fhir/json.ts'
import type { Chance } from './chance.ts'
import { dataTypeMakers, type Making, type World } from './random-datatype.ts'
import { randomPrimitive } from './random-primitive.ts'

/**
 * A small valid resource: what its type demands, much of what search parameters read, little else. Its
 * values come from `pools.ts`, its references lead to the world's ids and beyond.
 *
 * @param world what there is beside it
 */
export function randomResource(type: string, id: string, chance: Chance, world: World): Resource {
  const contained: Resource[] = []
  const resource: Resource = {
    resourceType: type,
    id,
    ...randomElement(type, { chance, world, contained, depth: 0, make }),
  }
  if (contained.length > 0) resource['contained'] = contained
  return resource
}

/** Never made here: they are the server's, or make a resource that nobody may understand. */
const leftOut: ReadonlySet<string> = new Set([
  ...['id', 'contained', 'extension', 'modifierExtension', 'implicitRules', 'versionId', 'lastUpdated'],
])

/** Elements deeper than this are only made when they are mandatory. */
const deepest = 4

function randomElement(type: string, making: Making): JsonObject {
  const elements = new Map<string, PropertyDefinition[]>()
  for (const property of typeDefinition(type).properties.values()) {
    if (!leftOut.has(property.name))
      elements.set(property.path, [...(elements.get(property.path) ?? []), property])
  }
  const chosen = [...elements].filter(
    ([path, [first]]) => (first?.min ?? 0) > 0 || making.chance.happens(likelihood(path, making)),
  )
  // an element without any content is none
  const all = chosen.length > 0 || making.depth === 0 ? chosen : [making.chance.pick([...elements])]
  const element: JsonObject = {}
  for (const [, choices] of all) {
    const property = choice(choices, making.chance)
    element[property.name] = randomValue(property, making)
  }
  return element
}

/** The types of a choice that searches read come first. */
function choice(choices: readonly PropertyDefinition[], chance: Chance): PropertyDefinition {
  const read = choices.filter(({ type }) => readTypes.has(type))
  return chance.pick(read.length > 0 && chance.happens(0.7) ? read : choices)
}

const readTypes: ReadonlySet<string> = new Set([
  ...['CodeableConcept', 'Quantity', 'Reference', 'dateTime', 'Period', 'Range', 'string', 'SampledData'],
])

function likelihood(path: string, { depth }: Making): number {
  if (depth >= deepest) return 0
  if (isSearched(path)) return 0.6
  if (path.endsWith('.meta')) return 0.4
  return depth === 0 ? 0.05 : 0.1
}

function randomValue(property: PropertyDefinition, making: Making): Json {
  const deeper = { ...making, depth: making.depth + 1 }
  if (!property.array) return make(property, deeper)
  const length = making.chance.pick([1, 1, 1, 2, 2, 3])
  return Array.from({ length }, () => make(property, deeper))
}

function make(property: PropertyDefinition, making: Making): Json {
  if (property.primitive || property.type === 'xhtml') return randomPrimitive(property, making.chance)
  if (property.type === 'Resource') return randomEntry(property, making)
  const maker = dataTypeMakers[property.type]
  return maker ? maker(property, making) : randomElement(property.type, making)
}

/** A resource inside a Bundle or Parameters: a world of its own, which nothing outside refers to. */
function randomEntry(property: PropertyDefinition, { chance, world }: Making): Resource {
  const isEntry = property.path === 'Bundle.entry.resource'
  const type = chance.pick(isEntry ? ['Composition', 'MessageHeader', 'Patient'] : ['Patient', 'Binary'])
  const making = { chance, world, contained: undefined, depth: deepest, make }
  return { resourceType: type, id: chance.pick(world.ids), ...randomElement(type, making) }
}

let searched: ReadonlySet<string> | undefined

/** Whether an expression of a search parameter goes through the element, or through its data type. */
function isSearched(path: string): boolean {
  searched ??= new Set(
    resourceTypes.flatMap((type) =>
      [...searchParameters(type).values()].flatMap(({ expression }) => pathsIn(expression ?? '')),
    ),
  )
  return searched.has(path.replace('[x]', '')) || /^(UsageContext|RelatedArtifact|Timing|Meta)\./.test(path)
}

/** `Patient.contact.name` → `Patient.contact`, `Patient.contact.name` */
function pathsIn(expression: string): string[] {
  return [...expression.matchAll(/\b[A-Z]\w+(?:\.[a-z]\w+)+/g)].flatMap(([path]) => {
    const steps = path.split('.')
    return steps.slice(1).map((_, index) => steps.slice(0, index + 2).join('.'))
  })
}
