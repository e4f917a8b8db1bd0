import { types, type PropertyDefinition } from '../definitions.ts'
import { copyJson, type CopyBudget } from '../json-copy.ts'
import type { JsonObject } from '../json.ts'
import { FhirError, issue } from '../outcome.ts'
import { occurrences, propertiesOf, setOccurrences, type Occurrence } from './patch-element.ts'
import type { PatchValue } from './patch-operation.ts'

/** What a patch may still build, and where what it builds will stand. */
export interface Building {
  readonly budget: CopyBudget
  readonly depth: number
}

/**
 * Makes of a patch's value what an element holds.
 *
 * @param type of the element's owner
 * @param element its name; of a choice without the type: `value`, or with it: `valueQuantity`
 * @returns the property that takes such a value, and the occurrence
 * @throws FhirError 422 when the owner has no such element, or it takes no such value
 * @see FHIR R4 § FHIRPath Patch: "The type of the value must be correct for the place"
 */
export function contentFor(
  type: string,
  element: string,
  value: PatchValue,
  building: Building,
): { readonly property: PropertyDefinition; readonly occurrence: Occurrence } {
  const candidates = propertiesOf(type, element)
  if (candidates.length === 0) throw misfit('an element that the type does not have')
  const takers = candidates.filter((candidate) => takes(candidate, value))
  const exact = takers.find((taker) => value.kind === 'value' && taker.type === value.type)
  const [property, ...more] = exact ? [exact] : takers
  if (!property || more.length > 0) throw misfit('a value that does not tell its type, or of another type')
  return { property, occurrence: occurrenceOf(property, value, building) }
}

function takes({ type, primitive, path }: PropertyDefinition, value: PatchValue): boolean {
  switch (value.kind) {
    case 'value':
      // of an Extension the definitions say no more than that its url is a text
      if (path === 'Extension.url') return value.type === 'uri' || value.type === 'string'
      return type === value.type || (specialised.get(value.type)?.includes(type) ?? false)
    case 'parts':
      return !primitive && type !== 'Resource'
    case 'resource':
      return type === 'Resource'
  }
}

/** A value may be given by the type that its own is a special case of: validation says whether it is. */
const specialised: ReadonlyMap<string, readonly string[]> = new Map([
  ['string', ['code', 'id', 'markdown', 'xhtml']],
  ['uri', ['url', 'canonical', 'oid', 'uuid']],
  ['integer', ['positiveInt', 'unsignedInt']],
  ['Quantity', ['Age', 'Count', 'Distance', 'Duration']],
])

function occurrenceOf({ type }: PropertyDefinition, value: PatchValue, building: Building): Occurrence {
  const { budget, depth } = building
  switch (value.kind) {
    case 'value':
      return {
        value: value.value === undefined ? undefined : copyJson(value.value, budget, depth),
        sibling: value.sibling === undefined ? undefined : copyJson(value.sibling, budget, depth),
      }
    case 'resource':
      return { value: copyJson(value.resource, budget, depth), sibling: undefined }
    case 'parts':
      return { value: fromParts(type, value, { budget, depth: depth + 2 }), sibling: undefined }
  }
}

/** An anonymous element: each part is an element of it, in the order of the parts where it repeats. */
function fromParts(type: string, { parts }: PatchValue & { kind: 'parts' }, building: Building): JsonObject {
  if (!types.has(type)) throw new TypeError(`no such type: ${type}`)
  const object: JsonObject = {}
  for (const { name, value } of parts) {
    const { property, occurrence } = contentFor(type, name, value, building)
    const slot = { holder: object, property }
    const there = occurrences(slot)
    if (there.length > 0 && !property.array) throw misfit('a part twice whose element does not repeat')
    setOccurrences(slot, [...there, occurrence])
  }
  return object
}

/** The patch can be read, but not applied here. */
export function misfit(diagnostics: string): FhirError {
  return FhirError.unprocessable([issue('value', diagnostics)])
}
