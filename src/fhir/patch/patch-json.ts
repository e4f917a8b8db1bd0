import { copyBudget, copyJson, plainJson, type CopyBudget } from '../json-copy.ts'
import { equalJson } from '../json-equal.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../json.ts'
import { FhirError, issue } from '../outcome.ts'

/** Operations of one patch; more is another resource. */
export const maxPatchOperations = 1000

/**
 * Applies a JSON Patch. All of it or nothing: the resource given is not changed.
 *
 * @param patch the document, an array of operations
 * @returns what the resource became, not validated
 * @throws FhirError 400 when the document is none, 422 when it does not fit the resource: a path that is
 *   not there, a `test` that fails
 * @see RFC 6902; FHIR R4 § RESTful API, "patch"
 */
export function applyJsonPatch(resource: Resource, patch: Json): Json {
  const operations = readOperations(patch)
  const budget = copyBudget()
  const document: JsonObject = { root: copyJson(resource, budget) }
  operations.forEach((operation, index) => apply(document, operation, index, budget))
  return withoutEmptyArrays(document['root'] ?? null)
}

/** FHIR has no empty arrays: one whose last item was removed is gone. */
function withoutEmptyArrays(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutEmptyArrays)
  if (!isObject(value)) return value
  const filled = Object.entries(value).filter(([, member]) => !(Array.isArray(member) && member.length === 0))
  return Object.fromEntries(filled.map(([name, member]) => [name, withoutEmptyArrays(member)]))
}

/** A JSON Pointer, unescaped, below the member `root` that holds the document. */
type Pointer = readonly [string, ...string[]]

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: Json }
  | { readonly op: 'remove'; readonly path: Pointer }
  | { readonly op: 'move' | 'copy'; readonly path: Pointer; readonly from: Pointer }

function readOperations(patch: Json): Operation[] {
  if (!Array.isArray(patch)) throw FhirError.structure('JSON Patch: an array of operations expected')
  if (patch.length > maxPatchOperations) {
    throw new FhirError(400, [issue('too-costly', `JSON Patch: more than ${maxPatchOperations} operations`)])
  }
  return patch.map(readOperation)
}

function readOperation(json: Json, index: number): Operation {
  const wrong = (what: string) => FhirError.structure(`JSON Patch, operation ${index}: ${what}`)
  if (!isObject(json)) throw wrong('an object expected')
  const pointer = (name: 'path' | 'from') => {
    const text = json[name]
    if (typeof text === 'string' && text.length > maxPointerCharacters) throw wrong(`${name}: too long`)
    if (typeof text !== 'string' || !isPointer(text)) throw wrong(`${name}: a JSON Pointer expected`)
    const tokens = text.split('/').slice(1).map(unescaped)
    if (tokens.some((token) => forbidden.has(token))) throw wrong(`${name}: no element of a resource`)
    return ['root', ...tokens] as const
  }
  const { op, value } = json
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      if (value === undefined) throw wrong('value: missing')
      return { op, path: pointer('path'), value }
    case 'remove':
      return { op, path: pointer('path') }
    case 'move':
    case 'copy':
      return { op, path: pointer('path'), from: pointer('from') }
    default:
      throw wrong('op: add, remove, replace, move, copy or test expected')
  }
}

/** 200 levels of the longest names are shorter. */
const maxPointerCharacters = 20_000

/** @see RFC 6901 § 3 */
function isPointer(text: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)*$/.test(text)
}

function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Names by which JavaScript's objects are changed as such. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

function apply(document: JsonObject, operation: Operation, index: number, budget: CopyBudget): void {
  const { op, path } = operation
  const place = (at: Pointer) => findPlace(document, at, index)
  const copy = (value: Json) => copyJson(value, budget, path.length)
  switch (op) {
    case 'add':
      return add(place(path), copy(operation.value), index)
    case 'replace':
      return replace(place(path), copy(operation.value), index)
    case 'remove':
      remove(place(path), index)
      return
    case 'copy':
      return add(place(path), copy(valueAt(place(operation.from), index)), index)
    case 'move': {
      const isInside = path.length > operation.from.length && operation.from.every((t, i) => t === path[i])
      if (isInside) throw misfit(index, 'from: a value cannot be moved into itself')
      const moved = remove(place(operation.from), index)
      return add(place(path), copy(moved), index)
    }
    case 'test':
      if (!equalJson(plainJson(valueAt(place(path), index)), plainJson(operation.value))) {
        throw misfit(index, 'test: the value is another one')
      }
  }
}

/** Where a value is, or shall be: in an array or object that is there. */
interface Place {
  readonly holder: JsonObject | Json[]
  readonly token: string
}

function findPlace(document: JsonObject, pointer: Pointer, index: number): Place {
  let holder: JsonObject | Json[] = document
  for (const token of pointer.slice(0, -1)) {
    const next: Json = valueAt({ holder, token }, index)
    if (!Array.isArray(next) && !isObject(next)) throw misfit(index, 'a path that leads through no element')
    holder = next
  }
  return { holder, token: pointer.at(-1) ?? '' }
}

function valueAt({ holder, token }: Place, index: number): Json {
  const value = Array.isArray(holder)
    ? holder[position(token, holder.length - 1, index)]
    : Object.hasOwn(holder, token)
      ? holder[token]
      : undefined
  if (value === undefined) throw misfit(index, 'a path to what is not there')
  return value
}

function add({ holder, token }: Place, value: Json, index: number): void {
  if (!Array.isArray(holder)) holder[token] = value
  else if (token === '-') holder.push(value)
  else holder.splice(position(token, holder.length, index), 0, value)
}

function replace(place: Place, value: Json, index: number): void {
  valueAt(place, index)
  const { holder, token } = place
  if (Array.isArray(holder)) holder[Number(token)] = value
  else holder[token] = value
}

/** @returns what was there */
function remove(place: Place, index: number): Json {
  const value = valueAt(place, index)
  const { holder, token } = place
  if (Array.isArray(holder)) holder.splice(Number(token), 1)
  else Reflect.deleteProperty(holder, token)
  return value
}

/** An index of an array: digits without a leading zero, within its bounds. */
function position(token: string, last: number, index: number): number {
  if (!/^(?:0|[1-9]\d{0,8})$/.test(token) || Number(token) > last) {
    throw misfit(index, 'a path to an index that the array does not have')
  }
  return Number(token)
}

function misfit(index: number, what: string): FhirError {
  return FhirError.unprocessable([issue('value', `JSON Patch, operation ${index}: ${what}`)])
}
