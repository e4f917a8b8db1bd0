import { members, text } from '../search/convert.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { foldCode } from '../search/normalise.ts'
import type { Conformance } from '../package.ts'

/**
 * A CodeSystem as a graph of its concepts. Supplements are not applied: what they add is not seen.
 *
 * @see FHIR R4 § CodeSystem
 */
export interface CodeSystem {
  readonly url: string
  readonly version: string | undefined
  readonly name: string | undefined
  /** it has all of its concepts: a code that is not here is none */
  readonly isComplete: boolean
  /** to be a child means to be a kind of; `part-of`, `grouped-by` and `classified-with` say less */
  readonly isSubsumption: boolean
  /** `property.code` of what the CodeSystem declares or any concept has */
  readonly properties: ReadonlySet<string>
  /** in the order of the resource, nested ones after what they are nested in */
  readonly concepts: ReadonlyMap<string, Concept>
  /**
   * By code. Case does not count, unless the CodeSystem says that it does: "accept codes in any case"; but
   * it does between codes that differ in nothing else.
   */
  concept(code: string): Concept | undefined
}

export interface Concept {
  readonly code: string
  readonly display: string | undefined
  readonly definition: string | undefined
  readonly designation: readonly Designation[]
  readonly property: readonly ConceptProperty[]
  /** codes, by nesting or by the properties `parent`, `child` and `subsumedBy` (of the v3 code systems) */
  readonly parents: ReadonlySet<string>
  readonly children: ReadonlySet<string>
  readonly inactive: boolean
  /** for grouping: no code to record anything by */
  readonly abstract: boolean
}

export interface Designation {
  readonly language: string | undefined
  readonly use: JsonObject | undefined
  readonly value: string
}

export interface ConceptProperty {
  readonly code: string
  /** the JSON name of its choice: `valueCode`, `valueDateTime` */
  readonly type: string
  readonly value: Json
}

const known = new WeakMap<Conformance, CodeSystem>()

/** Reads a CodeSystem; what is not of the shape that R4 gives it is passed over. Reads a resource once. */
export function codeSystemOf(resource: Conformance): CodeSystem {
  let read = known.get(resource)
  if (!read) known.set(resource, (read = readCodeSystem(resource as JsonObject)))
  return read
}

function readCodeSystem(resource: JsonObject): CodeSystem {
  const concepts = new Map<string, Draft>()
  for (const raw of objects(resource['concept'])) addConcept(concepts, raw, undefined)
  linkProperties(concepts)
  const declared = objects(resource['property']).flatMap(({ code }) => text(code) ?? [])
  const used = [...concepts.values()].flatMap(({ property }) => property.map(({ code }) => code))
  const { content, hierarchyMeaning } = resource
  return {
    url: text(resource['url']) ?? '',
    version: text(resource['version']),
    name: text(resource['name']),
    // the packages leave away what is `complete`
    isComplete: concepts.size > 0 && (content === undefined || content === 'complete'),
    isSubsumption: hierarchyMeaning === undefined || hierarchyMeaning === 'is-a',
    properties: new Set([...declared, ...used]),
    concepts,
    concept: finder(concepts, resource['caseSensitive'] !== true),
  }
}

/** A concept under construction. */
interface Draft extends Concept {
  readonly parents: Set<string>
  readonly children: Set<string>
}

/** A code that is there twice is one concept with the parents of both. */
function addConcept(concepts: Map<string, Draft>, raw: JsonObject, parent: Draft | undefined): void {
  const code = text(raw['code'])
  if (code === undefined) return
  const concept = concepts.get(code) ?? readConcept(code, raw)
  concepts.set(code, concept)
  if (parent) link(parent, concept)
  for (const nested of objects(raw['concept'])) addConcept(concepts, nested, concept)
}

function readConcept(code: string, raw: JsonObject): Draft {
  const property = objects(raw['property']).flatMap(readProperty)
  const is = (name: string, value: Json) =>
    property.some((one) => one.code === name && (one.value === value || one.value === String(value)))
  return {
    code,
    display: text(raw['display']),
    definition: text(raw['definition']),
    designation: objects(raw['designation']).flatMap(readDesignation),
    property,
    parents: new Set(),
    children: new Set(),
    inactive: is('inactive', true) || is('status', 'retired') || is('status', 'inactive'),
    abstract: is('notSelectable', true) || is('abstract', true),
  }
}

function readProperty(raw: JsonObject): ConceptProperty[] {
  const code = text(raw['code'])
  const [type, value] = Object.entries(raw).find(([name]) => name.startsWith('value')) ?? []
  return code === undefined || type === undefined || value === undefined ? [] : [{ code, type, value }]
}

/** A designation of a CodeSystem's concept, or of one that a ValueSet lists. */
export function readDesignation(raw: JsonObject): Designation[] {
  const value = text(raw['value'])
  if (value === undefined) return []
  return [{ language: text(raw['language']), use: isObject(raw['use']) ? raw['use'] : undefined, value }]
}

/** Hierarchy that is told by properties instead of nesting. */
function linkProperties(concepts: ReadonlyMap<string, Draft>): void {
  for (const concept of concepts.values()) {
    for (const { code, value } of concept.property) {
      const other = typeof value === 'string' ? concepts.get(value) : undefined
      if (!other) continue
      if (code === 'parent' || code === 'subsumedBy') link(other, concept)
      if (code === 'child') link(concept, other)
    }
  }
}

function link(parent: Draft, child: Draft): void {
  parent.children.add(child.code)
  child.parents.add(parent.code)
}

function finder(
  concepts: ReadonlyMap<string, Concept>,
  foldsCase: boolean,
): (code: string) => Concept | undefined {
  if (!foldsCase) return (code) => concepts.get(code)
  let folded: ReadonlyMap<string, Concept | undefined> | undefined
  return (code) => concepts.get(code) ?? (folded ??= foldCodes(concepts)).get(foldCode(code))
}

/** A form that two codes share stands for none. */
function foldCodes(concepts: ReadonlyMap<string, Concept>): ReadonlyMap<string, Concept | undefined> {
  const folded = new Map<string, Concept | undefined>()
  for (const concept of concepts.values()) {
    const form = foldCode(concept.code)
    folded.set(form, folded.has(form) ? undefined : concept)
  }
  return folded
}

/** The members of a list that are objects. */
export function objects(value: Json | undefined): JsonObject[] {
  return members(value).filter(isObject)
}

// ---------------------------------------------------------------------------------------------

/** The concept with all that is below it, or above it. A circle is walked once. */
export function lineage(
  { concepts }: CodeSystem,
  code: string,
  direction: 'above' | 'below',
): ReadonlySet<string> {
  const found = new Set<string>()
  const waiting = [code]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue
    found.add(next)
    const concept = concepts.get(next)
    waiting.push(...((direction === 'above' ? concept?.parents : concept?.children) ?? []))
  }
  return found
}
