import { isObject, type Json, type JsonObject, type Resource } from '../fhir/json.ts'
import { bundleEntries, type Unit } from './unit.ts'

/** What a unit of an import touches. Units that do not depend on each other may be under way at once. */
export interface Footprint {
  /** `Type/id` of what it writes under an id of its own choice */
  readonly writes: ReadonlySet<string>
  /** `Type/id` of what it refers to */
  readonly reads: ReadonlySet<string>
  /** types of which it makes or changes resources */
  readonly types: ReadonlySet<string>
  /** types that it looks into by criteria: conditional references, `ifNoneExist`, conditional requests */
  readonly searches: ReadonlySet<string>
}

/** Can the outcome depend on which of the two is done first? */
export function dependsOn(later: Footprint, earlier: Footprint): boolean {
  return (
    meet(later.reads, earlier.writes) ||
    meet(later.writes, earlier.writes) ||
    meet(later.writes, earlier.reads) ||
    meet(later.searches, earlier.types) ||
    meet(later.types, earlier.searches)
  )
}

function meet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  const [small, large] = left.size < right.size ? [left, right] : [right, left]
  for (const key of small) if (large.has(key)) return true
  return false
}

export function footprint(unit: Unit): Footprint {
  const marks: Marks = { writes: new Set(), reads: new Set(), types: new Set(), searches: new Set() }
  if (unit.kind === 'batch') {
    for (const { resource } of unit.items) markResource(resource, marks)
  } else {
    for (const entry of bundleEntries(unit.bundle)) markEntry(entry, marks)
  }
  return marks
}

type Marks = { readonly [Name in keyof Footprint]: Set<string> }

function markResource(resource: Resource, marks: Marks): void {
  const { resourceType, id } = resource
  marks.types.add(resourceType)
  if (typeof id === 'string') marks.writes.add(`${resourceType}/${id}`)
  markReferences(resource, marks)
}

function markEntry({ request, resource }: JsonObject, marks: Marks): void {
  if (isObject(resource) && typeof resource.resourceType === 'string') {
    marks.types.add(resource.resourceType)
    if (isObject(request) && 'ifNoneExist' in request) marks.searches.add(resource.resourceType)
    markReferences(resource, marks)
  }
  const url = isObject(request) ? request.url : undefined
  const { type, id, criteria } = typeof url === 'string' ? targetOf(url) : nothing
  if (type === undefined) return
  marks.types.add(type)
  if (id !== undefined) marks.writes.add(`${type}/${id}`)
  if (criteria) marks.searches.add(type)
}

function markReferences(value: Json, marks: Marks): void {
  if (Array.isArray(value)) for (const one of value) markReferences(one, marks)
  if (!isObject(value)) return
  for (const name in value) {
    const member = value[name]
    if (name === 'reference' && typeof member === 'string') {
      const { type, id, criteria } = targetOf(member)
      if (type !== undefined && id !== undefined) marks.reads.add(`${type}/${id}`)
      if (type !== undefined && criteria) marks.searches.add(type)
    } else if (typeof member === 'object' && member !== null) markReferences(member, marks)
  }
}

interface Target {
  readonly type?: string
  readonly id?: string
  readonly criteria: boolean
}

const nothing: Target = { criteria: false }

/** `Patient`, `Patient/1`, `https://…/Patient/1/_history/2` or `Patient?identifier=…`; `urn:` and `#` are nothing. */
const form = /(?:^|\/)([A-Z][A-Za-z]+)(?:\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/?]+)?)?(\?.*)?$/s

function targetOf(url: string): Target {
  const [, type, id, criteria] = form.exec(url) ?? []
  if (type === undefined) return nothing
  return { type, ...(id === undefined ? {} : { id }), criteria: criteria !== undefined }
}
