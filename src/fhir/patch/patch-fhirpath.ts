import { copyBudget, copyJson, type CopyBudget } from '../json-copy.ts'
import { stringifyJson, type Resource } from '../json.ts'
import { FhirError, issue } from '../outcome.ts'
import { occurrences, propertiesOf, setOccurrences } from './patch-element.ts'
import { readPathOperations, type PathOperation } from './patch-operation.ts'
import { findElement, findList, findOwner, prune } from './patch-path.ts'
import { contentFor, misfit } from './patch-value.ts'

/**
 * Applies a FHIRPath Patch. All of it or nothing: the resource given is not changed.
 *
 * @param parameters a Parameters resource, valid
 * @returns what the resource became, not validated
 * @throws FhirError 400 when the Parameters are no patch, 422 when it does not fit the resource: a path
 *   that leads nowhere or to several elements, a value of another type than the element's
 * @see FHIR R4 § FHIRPath Patch
 */
export function applyFhirPathPatch(resource: Resource, parameters: Resource): Resource {
  const operations = readPathOperations(parameters)
  demandBounded(resource, operations.length)
  const budget = copyBudget()
  const patched = copyJson(resource, budget) as Resource
  operations.forEach((operation, index) => {
    try {
      apply(patched, operation, budget)
    } catch (error) {
      throw error instanceof FhirError ? ofOperation(error, index) : error
    }
  })
  return patched
}

/** Each operation looks through the whole resource. */
const maxVisitedCharacters = 50_000_000

function demandBounded(resource: Resource, operations: number): void {
  if (operations > 10 && stringifyJson(resource).length * operations > maxVisitedCharacters) {
    throw new FhirError(400, [issue('too-costly', 'too many operations for a resource of this size')])
  }
}

function ofOperation({ status, issues }: FhirError, index: number): FhirError {
  const expression = [`Parameters.parameter[${index}]`]
  return new FhirError(
    status,
    issues.map((one) => ({ ...one, expression })),
  )
}

function apply(resource: Resource, operation: PathOperation, budget: CopyBudget): void {
  switch (operation.type) {
    case 'add':
      return add(resource, operation, budget)
    case 'insert':
      return insert(resource, operation, budget)
    case 'replace':
      return replace(resource, operation, budget)
    case 'delete':
      return remove(resource, operation)
    case 'move':
      return move(resource, operation)
  }
}

type Of<T extends PathOperation['type']> = PathOperation & { type: T }

/** "Add can be used for non-repeating elements as long as they do not already exist." */
function add(resource: Resource, { path, name, value }: Of<'add'>, budget: CopyBudget): void {
  const { object, type, depth } = findOwner(resource, path)
  const { property, occurrence } = contentFor(type, name, value, { budget, depth })
  const there = occurrences({ holder: object, property })
  const isThere = propertiesOf(type, property.choice ?? property.name).some(
    (one) => occurrences({ holder: object, property: one }).length > 0,
  )
  if (!property.array && isThere) throw misfit('add: the element does not repeat and is there already')
  setOccurrences({ holder: object, property }, [...there, occurrence])
}

function insert(resource: Resource, { path, index, value }: Of<'insert'>, budget: CopyBudget): void {
  const { slot, owner } = findList(resource, path)
  const there = occurrences(slot)
  if (index > there.length) throw misfit('insert: an index beyond the end of the list')
  const { occurrence } = contentFor(owner.type, slot.property.name, value, { budget, depth: owner.depth })
  setOccurrences(slot, there.toSpliced(index, 0, occurrence))
}

/** Of a choice the type may become another one. */
function replace(resource: Resource, { path, value }: Of<'replace'>, budget: CopyBudget): void {
  const found = findElement(resource, path)
  if (!found) throw misfit('replace: there is no such element')
  const { slot, owner, index } = found
  const element = slot.property.choice ?? slot.property.name
  const { property, occurrence } = contentFor(owner.type, element, value, { budget, depth: owner.depth })
  const replaced = occurrences(slot).with(index, occurrence)
  if (property.name !== slot.property.name) setOccurrences(slot, [])
  setOccurrences({ ...slot, property }, replaced)
}

/** What is not there is deleted already. */
function remove(resource: Resource, { path }: Of<'delete'>): void {
  const found = findElement(resource, path)
  if (!found) return
  setOccurrences(found.slot, occurrences(found.slot).toSpliced(found.index, 1))
  prune(found)
}

function move(resource: Resource, { path, source, destination }: Of<'move'>): void {
  const { slot } = findList(resource, path)
  const all = occurrences(slot)
  const moved = all[source]
  if (!moved || destination >= all.length) throw misfit('move: an index beyond the end of the list')
  setOccurrences(slot, all.toSpliced(source, 1).toSpliced(destination, 0, moved))
}
