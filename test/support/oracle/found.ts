import type * as Fhirpath from 'fhirpath'
import { createRequire } from 'node:module'
import { searchParameters, types } from '../../../src/fhir/definitions.ts'
import type { Resource } from '../../../src/fhir/json.ts'

const require = createRequire(import.meta.url)
const fhirpath = require('fhirpath') as typeof Fhirpath
const model = require('fhirpath/fhir-context/r4') as Fhirpath.Model

/** One element that the expression of a search parameter selects. */
export interface Found {
  /** its data type: `CodeableConcept`, `dateTime`; `boolean` also for a computed one */
  readonly type: string
  readonly value: unknown
  /** canonical of the value set that it is bound to */
  readonly valueSet: string | undefined
  /** the element may be of other types too: `event[x]` */
  readonly isChoice: boolean
}

/** Members of an element, of which nobody knows more than that it is one. */
export type Members = Readonly<Record<string, unknown>>

/** @returns `{}` for what has no members */
export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {}
}

/** Elements of a member that may be absent, one or many. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const known = new WeakMap<Resource, Map<string, readonly Found[]>>()

/** What a search parameter selects in a resource, by its published expression and the FHIRPath library. */
export function find(resource: Resource, code: string): readonly Found[] {
  const byCode = known.get(resource) ?? new Map<string, readonly Found[]>()
  known.set(resource, byCode)
  const found = byCode.get(code) ?? evaluate(resource, code)
  byCode.set(code, found)
  return found
}

function evaluate(resource: Resource, code: string): readonly Found[] {
  const expression = searchParameters(resource.resourceType).get(code)?.expression
  if (expression === undefined) throw new TypeError(`${resource.resourceType} has no expression for ${code}`)
  // a union drops what is equal, be it of another element: its sides are evaluated one by one
  return sidesOf(expression).flatMap((side) => select(resource, side))
}

/** An element of a data type, as if it had been selected. */
export function foundAs(type: string, value: unknown): Found {
  return { type, value, valueSet: undefined, isChoice: false }
}

/** What an expression selects, starting from a resource or an element of a resource. */
export function select(from: unknown, expression: string): readonly Found[] {
  selected = []
  evaluator(expression)(from, { resource: from })
  return selected.map(described)
}

/** At each `|` outside of parentheses. */
function sidesOf(expression: string): string[] {
  const sides = ['']
  let depth = 0
  for (const letter of expression) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0
    if (letter === '|' && depth === 0) sides.push('')
    else sides.push(`${sides.pop() ?? ''}${letter}`)
  }
  return sides
}

type Evaluator = (from: unknown, environment: Record<string, unknown>) => unknown

const compiled = new Map<string, Evaluator>()

/** `as` on a list would be an error; "a filter, like ofType()", is our reading. */
function evaluator(expression: string): Evaluator {
  const filtered = expression.replace(/\bas\(/g, 'ofType(').replace(/ as (\w+)/g, '.ofType($1)')
  const found =
    compiled.get(filtered) ??
    fhirpath.compile(`(${filtered}).keep()`, model, { async: false, userInvocationTable: functions })
  compiled.set(filtered, found)
  return found
}

/** A node of the library, or a value that was computed. */
type Node = Fhirpath.ResourceNode | boolean
let selected: Node[] = []

const functions = {
  keep: {
    fn: (nodes: Node[]) => {
      selected.push(...nodes)
      return []
    },
    arity: { 0: [] },
    internalStructures: true,
  },
  /** Nothing is fetched: the type is what the URL, `type` or the contained resource tells. */
  resolve: {
    fn: (nodes: readonly Fhirpath.ResourceNode[]) => nodes.flatMap((node) => typedAs(targetType(node))),
    arity: { 0: [] },
    internalStructures: true,
  },
}

function targetType(node: Fhirpath.ResourceNode): string | undefined {
  const { reference, type } = membersOf(node.data)
  const literal = textOf(reference) ?? ''
  if (literal.startsWith('#')) {
    let root = node
    while (root.parentResNode) root = root.parentResNode
    const contained = listOf(membersOf(root.data)['contained']).map(membersOf)
    return textOf(contained.find(({ id }) => id === literal.slice(1))?.['resourceType'])
  }
  return /(?:^|\/)([A-Z]\w+)\/[^/]+(?:\/_history\/[^/]+)?$/.exec(literal)?.[1] ?? textOf(type)
}

function typedAs(type: string | undefined): unknown[] {
  if (type === undefined) return []
  return fhirpath.evaluate({ resourceType: type }, '$this', undefined, model, { resolveInternalTypes: false })
}

function isChoice({ parentResNode, propName }: Fhirpath.ResourceNode): boolean {
  return `${parentResNode?.path ?? ''}.${propName ?? ''}` in model.choiceTypePaths
}

function described(node: Node): Found {
  if (typeof node !== 'object')
    return { type: typeof node, value: node, valueSet: undefined, isChoice: false }
  const { data, fhirNodeDataType, parentResNode, propName } = node
  const element = types.get(parentResNode?.path ?? '')?.properties.get(propName ?? '')
  const value: unknown = typeof membersOf(data)['toNumber'] === 'function' ? Number(String(data)) : data
  // the published snapshots call Resource.id a string
  const type = propName === 'id' ? 'id' : (fhirNodeDataType ?? '')
  return { type, value, valueSet: element?.binding?.valueSet, isChoice: isChoice(node) }
}
