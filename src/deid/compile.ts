import { typeDefinition, type PropertyDefinition, type TypeDefinition } from '../fhir/definitions.ts'
import { isObject, type Json, type JsonObject } from '../fhir/json.ts'
import { expansion } from '../fhir/terminology/terminology.ts'
import type { Release } from './context.ts'
import {
  birthYear,
  coarseAddress,
  keepAge,
  keepBoolean,
  keepCode,
  keepCodeableConcept,
  keepCoding,
  keepDecimal,
  keepInteger,
  keepItems,
  keepQuantity,
  keepRange,
  keepRatio,
  maskedCoding,
  maskedReference,
  pseudonymSopClass,
  pseudonymStudyUid,
  pseudonymUid,
  shiftedDate,
  shiftedPeriod,
  shiftedTiming,
} from './datatypes.ts'
import { repointed } from './reference.ts'
import type { Rule, Table } from './rule.ts'

/** One element that may leave. */
export interface ReleasedElement {
  /** JSON name */
  readonly name: string
  /** the names a permit may call it by: `value`, `value[x]`, `valueQuantity` */
  readonly names: readonly string[]
  /** stays when the permit's elements do not name it */
  readonly always: boolean
  /** what the resource is about: refused, approved or not, when that is not in the release */
  readonly isAbout: boolean
  /** of the whole value, arrays included */
  readonly release: Release
}

/** A table bound to the definition of its type. */
export interface ReleasedType {
  readonly elements: readonly ReleasedElement[]
  readonly required: TypeDefinition['required']
}

/**
 * Binds a table to the FHIR definition of its type.
 *
 * @throws TypeError when the table names an element FHIR does not have, gives a rule to a datatype that
 *   cannot take it, drops a mandatory element, or forgets a modifier element
 */
export function compile(typeName: string, table: Table): ReleasedType {
  const type = typeDefinition(typeName)
  for (const property of type.properties.values()) {
    const isFrame = property.name === 'implicitRules' || property.name === 'modifierExtension'
    if (property.isModifier && !isFrame && !(property.name in table)) {
      throw new TypeError(`deid: ${typeName}.${property.name} is a modifier element and needs a rule`)
    }
  }
  for (const { element, names } of type.required) {
    if (!names.some((name) => isKept(table[name])))
      throw new TypeError(`deid: ${typeName}.${element} is mandatory`)
  }
  return {
    elements: Object.entries(table).flatMap(([name, rule]) => {
      const property = type.properties.get(name)
      if (!property) throw new TypeError(`deid: ${typeName} has no element ${name}`)
      return isKept(rule) ? [compileElement(typeName, property, rule)] : []
    }),
    required: type.required,
  }
}

function isKept(rule: Rule | undefined): rule is Rule {
  return rule !== undefined && rule.rule !== 'D' && rule.rule !== 'T'
}

function compileElement(typeName: string, property: PropertyDefinition, rule: Rule): ReleasedElement {
  const { name, choice } = property
  const item = releaseOf(property, rule)
  const whole = property.array ? keepItems(item) : item
  const isAbout = rule.rule === 'R' && rule.about === true
  return {
    name,
    names: choice === undefined ? [name] : [name, choice, `${choice}[x]`],
    always: property.min > 0 || ('always' in rule && rule.always === true),
    isAbout,
    release: isAbout ? demandingAll(whole, `${typeName}.${name}`) : whole,
  }
}

/** Refuses the resource when one of the things it is about does not leave. */
function demandingAll(release: Release, path: string): Release {
  return (value, run) => {
    const released = release(value, run)
    const isWhole = Array.isArray(value)
      ? Array.isArray(released) && released.length === value.length
      : released !== undefined
    if (!isWhole) run.refused ??= { reason: 'subject-not-released', path }
    return released
  }
}

/** What leaves of one value of the element; of one item, when it repeats. */
function releaseOf(property: PropertyDefinition, rule: Rule): Release {
  switch (rule.rule) {
    case 'K':
      return kept(property)
    case 'C':
      return coded(property, rule.masked === true)
    case 'S':
      return pick(property, shifted)
    case 'G':
      return pick(property, generalised)
    case 'P':
      return pick(property, pseudonymised)
    case 'R':
      if (property.type !== 'Reference') throw unfit(property)
      return rule.masked ? (value, run) => repointed(value, run) ?? maskedReference() : repointed
    case 'within':
      return releasedObject(property.type, compile(property.type, rule.table))
    default:
      throw unfit(property)
  }
}

/** The members of an object that leave; without a mandatory one, or with nothing left, it does not leave. */
function releasedObject(path: string, { elements, required }: ReleasedType): Release {
  return (value, run) => {
    if (!isObject(value)) return undefined
    if ('modifierExtension' in value) run.refused ??= { reason: 'modifier-extension', path }
    const kept: JsonObject = {}
    for (const { name, release } of elements) {
      const source: Json | undefined = value[name]
      const released = source === undefined ? undefined : release(source, run)
      if (released !== undefined) kept[name] = released
    }
    if (required.some(({ names }) => !names.some((name) => name in kept))) return undefined
    return Object.keys(kept).length > 0 ? kept : undefined
  }
}

const shifted: Readonly<Record<string, Release>> = {
  date: shiftedDate,
  dateTime: shiftedDate,
  instant: shiftedDate,
  Period: shiftedPeriod,
  Timing: shiftedTiming,
}
const generalised: Readonly<Record<string, Release>> = { date: birthYear, Address: coarseAddress }
const pseudonymised: Readonly<Record<string, Release>> = {
  id: pseudonymUid,
  Identifier: pseudonymStudyUid,
  Coding: pseudonymSopClass,
}
const keepable: Readonly<Record<string, Release>> = {
  boolean: keepBoolean,
  integer: keepInteger,
  unsignedInt: keepInteger,
  positiveInt: keepInteger,
  decimal: keepDecimal,
  Quantity: keepQuantity,
  Duration: keepQuantity,
  Age: keepAge,
  Range: keepRange,
  Ratio: keepRatio,
}

function pick(property: PropertyDefinition, byType: Readonly<Record<string, Release>>): Release {
  const release = byType[property.type]
  if (!release) throw unfit(property)
  return release
}

/** A `code` is kept when its required value set can be listed: nothing else fits in then. */
function kept(property: PropertyDefinition): Release {
  if (property.type !== 'code') return pick(property, keepable)
  const allowed = closedList(property)
  if (!allowed) throw unfit(property)
  return keepCode(allowed.codes)
}

function coded(property: PropertyDefinition, masked: boolean): Release {
  if (property.type === 'Coding') {
    const release = keepCoding(closedList(property))
    return masked ? (value, run) => release(value, run) ?? maskedCoding() : release
  }
  if (property.type !== 'CodeableConcept') throw unfit(property)
  const release = keepCodeableConcept(closedList(property))
  return masked ? (value, run) => release(value, run) ?? { coding: [maskedCoding()] } : release
}

function closedList({ binding }: PropertyDefinition) {
  return binding?.strength === 'required' ? expansion(binding.valueSet) : undefined
}

function unfit(property: PropertyDefinition): TypeError {
  return new TypeError(`deid: the rule of ${property.path} does not fit ${property.type}`)
}
