import { typeDefinition } from '../definitions.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../json.ts'
import { FhirError, issue } from '../outcome.ts'
import { maxPatchOperations } from './patch-json.ts'

/** One operation of a FHIRPath Patch, read; indexes count from 0. @see FHIR R4 § FHIRPath Patch */
export type PathOperation =
  | { readonly type: 'add'; readonly path: string; readonly name: string; readonly value: PatchValue }
  | { readonly type: 'insert'; readonly path: string; readonly index: number; readonly value: PatchValue }
  | { readonly type: 'replace'; readonly path: string; readonly value: PatchValue }
  | { readonly type: 'delete'; readonly path: string }
  | { readonly type: 'move'; readonly path: string; readonly source: number; readonly destination: number }

/** What is to be put somewhere: a value of a data type, an anonymous element by its parts, a resource. */
export type PatchValue =
  | {
      readonly kind: 'value'
      /** `Quantity`, `code` */
      readonly type: string
      readonly value: Json | undefined
      /** id and extensions of a primitive */
      readonly sibling: Json | undefined
    }
  | {
      readonly kind: 'parts'
      readonly parts: readonly { readonly name: string; readonly value: PatchValue }[]
    }
  | { readonly kind: 'resource'; readonly resource: JsonObject }

/**
 * Reads the operations of a patch, in their order.
 *
 * @throws FhirError 400 when they are too many, or one of them is none
 */
export function readPathOperations({ parameter }: Resource): PathOperation[] {
  const parameters = Array.isArray(parameter) ? parameter.filter(isObject) : []
  if (parameters.length > maxPatchOperations) {
    throw new FhirError(400, [
      issue('too-costly', `FHIRPath Patch: more than ${maxPatchOperations} operations`),
    ])
  }
  return parameters.map((one, index) => {
    const at = `Parameters.parameter[${index}]`
    if (one['name'] !== 'operation') throw FhirError.invalid('FHIRPath Patch: an operation expected', at)
    return readOperation(new Parts(one, at))
  })
}

function readOperation(parts: Parts): PathOperation {
  const [type, path] = [parts.text('type'), parts.text('path')]
  switch (type) {
    case 'add':
      return { type, path, name: parts.text('name'), value: parts.value() }
    case 'insert':
      return { type, path, index: parts.integer('index'), value: parts.value() }
    case 'replace':
      return { type, path, value: parts.value() }
    case 'delete':
      return { type, path }
    case 'move':
      return { type, path, source: parts.integer('source'), destination: parts.integer('destination') }
    default:
      throw FhirError.invalid('type: add, insert, delete, replace or move expected', parts.at)
  }
}

/** The parts of an operation, each there once. */
class Parts {
  readonly at: string
  private readonly parts = new Map<string, JsonObject>()

  constructor(operation: JsonObject, at: string) {
    this.at = at
    for (const part of partsOf(operation)) {
      const name = String(part['name'])
      if (!known.has(name) || this.parts.has(name)) {
        throw FhirError.invalid('a part that an operation does not have, or has once only', at)
      }
      this.parts.set(name, part)
    }
  }

  text(name: string): string {
    const value = this.scalar(name)
    if (typeof value !== 'string') throw FhirError.invalid(`${name}: a text expected`, this.at)
    return value
  }

  integer(name: string): number {
    const value = this.scalar(name)
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      throw FhirError.invalid(`${name}: a whole number from 0 expected`, this.at)
    }
    return value
  }

  value(): PatchValue {
    const part = this.parts.get('value')
    if (!part) throw FhirError.invalid('value: missing', this.at)
    return readValue(part, this.at)
  }

  private scalar(name: string): Json | undefined {
    const [, value] =
      Object.entries(this.parts.get(name) ?? {}).find(([key]) => key.startsWith('value')) ?? []
    return value
  }
}

const known: ReadonlySet<string> = new Set([
  ...['type', 'path', 'name', 'value', 'index', 'source', 'destination'],
])

function partsOf({ part }: JsonObject): JsonObject[] {
  return Array.isArray(part) ? part.filter(isObject) : []
}

function readValue(part: JsonObject, at: string): PatchValue {
  if (isObject(part['resource'])) return { kind: 'resource', resource: part['resource'] }
  const name = Object.keys(part)
    .find((key) => /^_?value[A-Z]/.test(key))
    ?.replace(/^_/, '')
  if (name !== undefined) {
    const property = typeDefinition('Parameters.parameter').properties.get(name)
    if (!property) throw FhirError.invalid('value: no data type of FHIR', at)
    return { kind: 'value', type: property.type, value: part[name], sibling: part[`_${name}`] }
  }
  const parts = partsOf(part).map((one) => ({ name: String(one['name']), value: readValue(one, at) }))
  if (parts.length === 0) throw FhirError.invalid('value: a value or parts expected', at)
  return { kind: 'parts', parts }
}
