import { resourceTypes, type PropertyDefinition } from '../../../src/fhir/definitions.ts'
import type { Json, JsonObject, Resource } from '../../../src/fhir/json.ts'
import { isGap, membersOf } from '../../../src/fhir/terminology/content.ts'
import { packageTerminology } from '../../../src/fhir/terminology/terminology.ts'
import type { Chance } from './chance.ts'
import * as pool from './pools.ts'

/** What there is for resources to refer to: these ids of every type. */
export interface World {
  readonly ids: readonly string[]
  /** the server's FHIR base URL */
  readonly base: string
}

/** Where one is in making a resource. */
export interface Making {
  readonly chance: Chance
  readonly world: World
  /** the resource's contained ones; undefined where there may be none */
  readonly contained: Resource[] | undefined
  readonly depth: number
  /** makes a value of any property */
  readonly make: (property: PropertyDefinition, making: Making) => Json
}

type Maker = (property: PropertyDefinition, making: Making) => JsonObject

/** Data types whose values searches read; all others are made from their definitions. */
export const dataTypeMakers: Readonly<Record<string, Maker>> = {
  Coding: (property, { chance }) => coding(property, chance),
  CodeableConcept: concept,
  Identifier: (_, { chance }) => identifier(chance),
  HumanName: (_, { chance }) =>
    some(chance, {
      family: [chance.pick(pool.strings)],
      given: [names(chance)],
      text: [chance.pick(pool.strings)],
    }),
  Address: (_, { chance }) =>
    some(chance, {
      city: [chance.pick(pool.strings)],
      line: [names(chance)],
      postalCode: ['35000'],
      country: ['FR', 'fr'],
      use: ['home', 'work'],
    }),
  ContactPoint: (_, { chance }) =>
    some(chance, {
      system: ['phone', 'email'],
      value: ['+33 2 99 00 00 00', 'anne@example.org'],
      use: ['home'],
    }),
  Period: (_, { chance }) => period(chance),
  Reference: reference,
  Quantity: quantityOf,
  Age: quantityOf,
  Count: quantityOf,
  Distance: quantityOf,
  Duration: quantityOf,
  Money: (_, { chance }) => some(chance, { value: pool.decimals, currency: ['EUR', 'USD'] }),
  Range: (_, { chance }) => range(chance),
  SampledData: (_, { chance }) => ({
    origin: quantity(chance, false),
    period: 10,
    dimensions: 1,
    ...(chance.happens(0.5) ? { factor: 2 } : {}),
    data: chance.pick(['1 2 3', '5.4 E 100', 'E U L']),
  }),
  'Location.position': (_, { chance }) => {
    const [latitude, longitude] = chance.pick(pool.points)
    return { longitude, latitude }
  },
}

/** At least one of the members, each with one of its values. */
function some(chance: Chance, members: Readonly<Record<string, readonly Json[]>>): JsonObject {
  const names = Object.keys(members)
  const chosen = names.filter(() => chance.happens(0.6))
  const all = chosen.length === 0 ? [chance.pick(names)] : chosen
  return Object.fromEntries(all.map((name) => [name, chance.pick(members[name] ?? [])]))
}

function names(chance: Chance): Json[] {
  return Array.from({ length: chance.pick([1, 1, 2]) }, () => chance.pick(pool.strings))
}

function coding({ binding }: PropertyDefinition, chance: Chance): JsonObject {
  const bound = binding && members(binding.valueSet)
  if (bound && (binding.strength === 'required' || chance.happens(0.3))) return { ...chance.pick(bound) }
  return some(chance, {
    system: pool.codeSystems,
    code: [...pool.codes, ...pool.codes],
    display: pool.strings,
  })
}

function concept(property: PropertyDefinition, { chance }: Making): JsonObject {
  const isRequired = property.binding?.strength === 'required'
  const found: JsonObject = {}
  if (isRequired || chance.happens(0.85)) {
    found['coding'] = Array.from({ length: chance.pick([1, 1, 2]) }, () => coding(property, chance))
  }
  if (found['coding'] === undefined || chance.happens(0.3)) found['text'] = chance.pick(pool.strings)
  return found
}

const listed = new Map<string, readonly JsonObject[] | undefined>()

/** The first concepts of a value set that the packages can list. */
function members(valueSet: string): readonly JsonObject[] | undefined {
  if (!listed.has(valueSet)) listed.set(valueSet, list(valueSet))
  return listed.get(valueSet)
}

function list(valueSet: string): readonly JsonObject[] | undefined {
  const held = packageTerminology.valueSet(valueSet)
  const found = held && packageTerminology.content(held).list()
  if (found === undefined || isGap(found)) return undefined
  return membersOf(found)
    .slice(0, 4)
    .map(({ system, code }) => ({ ...(system === undefined ? {} : { system }), code }))
}

function identifier(chance: Chance): JsonObject {
  const found = some(chance, { system: pool.identifierSystems, value: pool.identifierValues })
  if (chance.happens(0.3)) {
    const system = 'http://terminology.hl7.org/CodeSystem/v2-0203'
    found['type'] = {
      coding: [{ system, code: chance.pick(pool.identifierTypes) }],
      text: chance.pick(pool.strings),
    }
  }
  return found
}

/** Never ends before it starts; may be open at either end. */
function period(chance: Chance): JsonObject {
  const [early, late] = [chance.below(pool.instants.length), chance.below(pool.instants.length)]
  const sorted = [...pool.instants].sort((a, b) => Date.parse(a) - Date.parse(b))
  const [start, end] = [sorted[Math.min(early, late)] ?? '', sorted[Math.max(early, late)] ?? '']
  switch (chance.below(6)) {
    case 0:
      return { start }
    case 1:
      return { end }
    case 2:
      return { start: '2023', end: chance.pick(['2024', '2024-03-31', '2024-10']) }
    default:
      return { start, end }
  }
}

function quantityOf(_: PropertyDefinition, { chance }: Making): JsonObject {
  return quantity(chance, true)
}

function quantity(chance: Chance, withComparator: boolean): JsonObject {
  const found: JsonObject = {}
  if (chance.happens(0.95)) found['value'] = chance.pick(pool.decimals)
  if (withComparator && chance.happens(0.25)) found['comparator'] = chance.pick(['<', '<=', '>=', '>'])
  if (chance.happens(0.7)) {
    const code = chance.pick(pool.ucumUnits)
    return { ...found, unit: code === 'mg' ? 'milligram' : code, system: pool.ucum, code }
  }
  if (chance.happens(0.5)) return { ...found, unit: 'boxes', system: pool.localUnits, code: 'box' }
  return { ...found, unit: chance.pick(['mg', 'boxes']) }
}

function range(chance: Chance): JsonObject {
  const low = chance.pick(pool.decimals)
  const high = chance.pick(pool.decimals.filter((one) => one >= low))
  const unit = { system: pool.ucum, code: chance.pick(pool.ucumUnits) }
  const found: JsonObject = {}
  if (chance.happens(0.8)) found['low'] = { value: low, ...unit }
  if (found['low'] === undefined || chance.happens(0.8)) found['high'] = { value: high, ...unit }
  return found
}

/** Local, to a version, absolute, elsewhere, contained, by identifier, in words. */
function reference({ targets }: PropertyDefinition, { chance, world, contained }: Making): JsonObject {
  const type = chance.pick(targets.length === 0 ? resourceTypes : targets)
  const local = `${type}/${chance.pick(world.ids)}`
  switch (chance.below(20)) {
    case 0:
      return { reference: `${world.base}/${local}` }
    case 1:
      return { reference: `https://elsewhere.example/fhir/${local}` }
    case 2:
      return { reference: `${local}/_history/1` }
    case 3:
      return { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' }
    case 4:
      return { identifier: identifier(chance) }
    case 5:
      return { display: chance.pick(pool.strings), type }
    case 6:
      return contained ? toContained(type, contained) : { reference: local }
    case 7:
      return { reference: local, type, display: chance.pick(pool.strings), identifier: identifier(chance) }
    default:
      return { reference: local }
  }
}

/** Few types can be contained without anything of their own. */
const bare: ReadonlySet<string> = new Set([
  'Patient',
  'Practitioner',
  'Organization',
  'Location',
  'Device',
  'Group',
])

function toContained(type: string, contained: Resource[]): JsonObject {
  const id = `c${contained.length + 1}`
  if (!bare.has(type)) return { display: 'not contained' }
  const group = type === 'Group' ? { type: 'person', actual: true } : {}
  contained.push({ resourceType: type, id, ...group })
  return { reference: `#${id}` }
}
