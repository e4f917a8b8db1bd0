import type { PropertyDefinition, TypeDefinition } from './definitions.ts'
import type { Conformance } from './package.ts'

interface Element {
  readonly id: string
  readonly path: string
  readonly min: number
  readonly max: string
  readonly type?: readonly {
    readonly code: string
    readonly targetProfile?: readonly string[]
    readonly extension?: readonly { readonly url: string; readonly valueUrl?: string }[]
  }[]
  readonly contentReference?: string
  readonly binding?: { readonly strength: string; readonly valueSet?: string }
  readonly isModifier?: boolean
  readonly isSummary?: boolean
}

interface Structure {
  readonly type: string
  readonly kind: string
  readonly abstract: boolean
  readonly snapshot: { readonly element: readonly Element[] }
}

/**
 * Types by name, their backbone elements by path.
 *
 * @param definitions StructureDefinitions of types, with their snapshots
 */
export function readTypes(definitions: readonly Conformance[]): Map<string, TypeDefinition> {
  const base = definitions as unknown as readonly Structure[]
  const primitives = new Set(base.filter((s) => s.kind === 'primitive-type').map((s) => s.type))
  const found = new Map<string, TypeDefinition>()
  for (const structure of base) {
    for (const [path, elements] of groupByParent(structure.snapshot.element)) {
      found.set(path, readType(structure, path, elements, primitives))
    }
  }
  return found
}

/** `Patient` → its direct elements, `Patient.contact` → those of the backbone element, … */
function groupByParent(elements: readonly Element[]): Map<string, Element[]> {
  const groups = new Map<string, Element[]>()
  for (const element of elements) {
    if (!element.path.includes('.')) {
      groups.set(element.path, [])
      continue
    }
    const parent = element.path.slice(0, element.path.lastIndexOf('.'))
    const group = groups.get(parent)
    if (group) group.push(element)
    else groups.set(parent, [element])
  }
  return groups
}

function readType(
  structure: Structure,
  path: string,
  elements: readonly Element[],
  primitives: ReadonlySet<string>,
): TypeDefinition {
  const properties = elements.flatMap((element) => readElement(element, structure.kind, primitives))
  const mandatory = elements.filter((element) => element.min > 0 && element.max !== '0')
  return {
    name: path,
    kind: path.includes('.') ? 'backbone' : (structure.kind.replace('-type', '') as TypeDefinition['kind']),
    abstract: structure.abstract,
    properties: new Map(properties.map((property) => [property.name, property])),
    required: mandatory.map((element) => ({
      element: element.path.slice(path.length + 1),
      names: properties.filter((property) => property.path === element.path).map((property) => property.name),
    })),
  }
}

function readElement(element: Element, kind: string, primitives: ReadonlySet<string>): PropertyDefinition[] {
  if (element.max === '0') return []
  const last = element.path.slice(element.path.lastIndexOf('.') + 1)
  const choice = last.endsWith('[x]') ? last.slice(0, -3) : undefined
  const binding =
    element.binding?.valueSet === undefined
      ? undefined
      : { strength: element.binding.strength, valueSet: element.binding.valueSet.split('|')[0] ?? '' }
  // one literal for all of the 8,000: spreading a common part costs a quarter of the start-up
  const property = (name: string, type: string, targets: readonly string[]): PropertyDefinition => ({
    name,
    path: element.path,
    type,
    primitive: primitives.has(type),
    array: element.max !== '1',
    min: element.min,
    choice,
    targets,
    binding,
    isModifier: element.isModifier ?? false,
    isSummary: element.isSummary ?? false,
  })
  if (element.contentReference) {
    return [property(last, element.contentReference.slice(element.contentReference.indexOf('#') + 1), [])]
  }
  return (element.type ?? []).map((type) => {
    const code = typeCode(element, kind, type)
    const name = choice === undefined ? last : choice + code[0]?.toUpperCase() + code.slice(1)
    return property(name, code, readTargets(type))
  })
}

function readTargets(type: ElementType): string[] {
  return (type.targetProfile ?? [])
    .map((profile) => profile.slice(profile.lastIndexOf('/') + 1))
    .filter((target) => target !== 'Resource')
}

type ElementType = NonNullable<Element['type']>[number]

/** `BackboneElement` and inline `Element` become the path; System types become the FHIR type they carry. */
function typeCode(element: Element, kind: string, type: ElementType): string {
  if (type.code === 'BackboneElement' || (type.code === 'Element' && element.path.includes('.'))) {
    return element.path
  }
  if (!type.code.startsWith('http://hl7.org/fhirpath/System.')) return type.code
  const fhirType = type.extension?.find((extension) =>
    extension.url.endsWith('structuredefinition-fhir-type'),
  )
  // the published snapshots call Resource.id a string; the type hierarchy makes it an id
  if (kind === 'resource' && /^\w+\.id$/.test(element.path)) return 'id'
  return fhirType?.valueUrl ?? 'string'
}
