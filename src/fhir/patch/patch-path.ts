import fhirpath, { type ResourceNode } from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { plainJson } from '../json-copy.ts'
import type { Resource } from '../json.ts'
import { FhirError } from '../outcome.ts'
import { occurrences, ownerAt, setOccurrences, slotOf, type Owner, type Slot } from './patch-element.ts'
import { misfit } from './patch-value.ts'

/** An owner with its place: how many levels of JSON are above what is put into it. */
interface PlacedOwner extends Owner {
  readonly depth: number
}

/** One occurrence of an element, found. */
export interface FoundElement {
  readonly slot: Slot
  readonly index: number
  readonly owner: PlacedOwner
  /** what holds the owner, and what holds that, up to the resource */
  readonly above: FoundElement | undefined
}

/** The element to add to. @throws FhirError 422 unless the path leads to one element that is there */
export function findOwner(resource: Resource, path: string): PlacedOwner {
  const [found, ...more] = findAll(resource, path)
  if (found === undefined || more.length > 0) throw misfit('path: one element expected')
  return found === 'resource' ? rootOf(resource) : ownerOf(found)
}

/** @returns undefined when there is none. @throws FhirError 422 for several, or the resource itself */
export function findElement(resource: Resource, path: string): FoundElement | undefined {
  const [found, ...more] = findAll(resource, path)
  if (found === 'resource' || more.length > 0) throw misfit('path: one element expected')
  return found
}

/**
 * A list, empty or not: what is before the last dot must be one element.
 *
 * @throws FhirError 422 when the path does not end in the name of an element that repeats
 */
export function findList(resource: Resource, path: string): { slot: Slot; owner: PlacedOwner } {
  const [, above, name = ''] = /^(?:(.*)\.)?([A-Za-z]+)$/s.exec(path.trim()) ?? []
  const owner = above === undefined ? rootOf(resource) : findOwner(resource, above)
  const slot = slotOf(owner.object, owner.type, name)
  if (!slot?.property.array) throw misfit('path: the name of an element that repeats expected at its end')
  return { slot, owner }
}

/** Takes away what holds nothing any more: FHIR has no empty elements. */
export function prune({ owner, above }: FoundElement): void {
  if (!above || Object.keys(owner.object).length > 0) return
  const all = occurrences(above.slot)
  const one = all[above.index]
  const rest = one?.value === owner.object ? undefined : one?.value
  const isPrimitive = rest !== undefined
  setOccurrences(
    above.slot,
    isPrimitive ? all.with(above.index, { value: rest, sibling: undefined }) : all.toSpliced(above.index, 1),
  )
  if (!isPrimitive) prune(above)
}

function rootOf(resource: Resource): PlacedOwner {
  return { object: resource, type: resource.resourceType, depth: 1 }
}

function ownerOf({ slot, index, owner }: FoundElement): PlacedOwner {
  const found = ownerAt(slot, index)
  if (!found) throw misfit('path: an element that can hold others expected')
  return { ...found, depth: owner.depth + 2 }
}

/** All that a path leads to. What it computes is no element. */
function findAll(resource: Resource, path: string): ('resource' | FoundElement)[] {
  return evaluate(resource, path).map((node) => {
    const [, ...steps] = (node.fullPropertyName() ?? '').split('.')
    return steps.length === 0 ? 'resource' : follow(resource, steps)
  })
}

/** Follows `name[0].given[1]` from the resource. */
function follow(resource: Resource, steps: readonly string[]): FoundElement {
  let owner = rootOf(resource)
  let found: FoundElement | undefined
  for (const step of steps) {
    if (found) owner = ownerOf(found)
    const [, name = '', index = '0'] = /^(\w+)(?:\[(\d+)\])?$/.exec(step) ?? []
    const slot = slotOf(owner.object, owner.type, name)
    if (!slot) throw misfit('path: an element of this resource expected')
    found = { slot, index: Number(index), owner, above: found }
  }
  if (!found) throw new TypeError('a path without steps')
  return found
}

function evaluate(resource: Resource, path: string): ResourceNode[] {
  demandHarmless(path)
  let nodes: unknown[]
  try {
    const options = { resolveInternalTypes: false, traceFn: () => undefined } as const
    nodes = fhirpath.evaluate(plainJson(resource), path, {}, r4, options)
  } catch {
    throw FhirError.invalid('path: a FHIRPath expression that can be evaluated expected')
  }
  if (!nodes.every(isElement)) throw misfit('path: elements of this resource expected')
  return nodes
}

function isElement(node: unknown): node is ResourceNode {
  return typeof node === 'object' && node !== null && 'fullPropertyName' in node
}

/** What says where an element is; what could cost much (`matches`, `repeat`) or look elsewhere is left out. */
const functions: ReadonlySet<string> = new Set([
  ...['where', 'first', 'last', 'tail', 'skip', 'take', 'single', 'ofType', 'as', 'is', 'extension'],
  ...['exists', 'empty', 'not', 'hasValue', 'count', 'all', 'startsWith', 'endsWith', 'contains', 'lower'],
  // operators before a parenthesis
  ...['and', 'or', 'xor', 'implies', 'in', 'div', 'mod'],
])
const maxPathCharacters = 1000

function demandHarmless(path: string): void {
  if (path.length > maxPathCharacters) throw FhirError.invalid('path: too long')
  const bare = withoutLiterals(path)
  for (const [, name = ''] of bare.matchAll(/([A-Za-z_]\w*)\s*\(/g)) {
    if (!functions.has(name)) throw FhirError.notSupported('path: a function that a patch cannot use')
  }
  // from `%resource` each step could look through everything again
  if (bare.includes('%')) throw FhirError.notSupported('path: a variable')
}

/**
 * The path with its strings emptied and its names bare, read from left to right as FHIRPath does: a quote
 * inside a comment or a delimited name begins no string, which could hide a function.
 */
function withoutLiterals(path: string): string {
  return path.replace(/'(?:[^'\\]|\\.)*'|`(\w*)`|[`"]|\/[/*]/gs, (token, name?: string) => {
    if (token.startsWith("'")) return "''"
    if (name === undefined) throw FhirError.notSupported('path: a comment, or a name that is none of FHIR')
    return name
  })
}
