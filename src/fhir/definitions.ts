import { CanonicalMap } from './canonical-map.ts'
import { readPackages, type Conformance, type Held } from './package.ts'

/**
 * The R4 definitions in the form the engine works with: every type with its JSON properties, every
 * search parameter, the compartments. Read once, from `fhir-profiles/`, when this module is loaded.
 */
export interface TypeDefinition {
  /** `Patient`, `HumanName`, `string`; a backbone element goes by its path, `Patient.contact` */
  readonly name: string
  readonly kind: 'primitive' | 'complex' | 'backbone' | 'resource'
  readonly abstract: boolean
  /** by JSON property name, choice types spelled out: `valueQuantity`, `valueString`, … */
  readonly properties: ReadonlyMap<string, PropertyDefinition>
  /** elements of which at least `min` must be there, under any of their JSON names */
  readonly required: readonly { readonly element: string; readonly names: readonly string[] }[]
}

export interface PropertyDefinition {
  /** the JSON name: `valueQuantity` */
  readonly name: string
  /** the element's path as the StructureDefinition gives it: `Observation.value[x]` */
  readonly path: string
  /** a key of `types`: `Quantity`, `code`, `Observation.component`, `Resource` (any), `xhtml` */
  readonly type: string
  readonly primitive: boolean
  readonly array: boolean
  readonly min: number
  /** the name before `[x]`, when the element is a choice of types; at most one of its names may occur */
  readonly choice: string | undefined
  /** types a Reference or canonical may point at; empty: any */
  readonly targets: readonly string[]
  readonly binding: { readonly strength: string; readonly valueSet: string } | undefined
  readonly isModifier: boolean
  readonly isSummary: boolean
}

export type SearchParameterType =
  'number' | 'date' | 'string' | 'token' | 'reference' | 'composite' | 'quantity' | 'uri' | 'special'

export interface SearchParameter {
  readonly url: string
  readonly code: string
  readonly base: readonly string[]
  readonly type: SearchParameterType
  /** FHIRPath over all of its bases, `|` between them; absent for `special` ones */
  readonly expression: string | undefined
  readonly target: readonly string[]
  readonly component: readonly { readonly definition: string; readonly expression: string }[]
}

/** Where the packages lie: the same place from `src/` and from `dist/src/`. */
const folder = new URL(
  import.meta.url.includes('/dist/src/') ? '../../../fhir-profiles/' : '../../fhir-profiles/',
  import.meta.url,
)

const conformance = readPackages(folder)

/** All conformance resources by canonical URL, for terminology and profiles. */
export const byCanonical: ReadonlyMap<string, Conformance> = new CanonicalMap(conformance)

export const types: ReadonlyMap<string, TypeDefinition> = readTypes()

/** Names of all concrete R4 resource types, sorted: `Account` … `VisionPrescription`. */
export const resourceTypes: readonly string[] = [...types.values()]
  .filter((type) => type.kind === 'resource' && !type.abstract)
  .map((type) => type.name)
  .sort()

const resourceTypeSet: ReadonlySet<string> = new Set(resourceTypes)

export function isResourceType(name: string): boolean {
  return resourceTypeSet.has(name)
}

/** The definition of a type that is known to exist. @throws TypeError when it does not: a mistake of ours */
export function typeDefinition(name: string): TypeDefinition {
  const found = types.get(name)
  if (!found) throw new TypeError(`no such type: ${name}`)
  return found
}

const parameters = readSearchParameters()
const none: ReadonlyMap<string, SearchParameter> = new Map()

/** The search parameters of a resource type by code, those of Resource and DomainResource included. */
export function searchParameters(type: string): ReadonlyMap<string, SearchParameter> {
  return parameters.get(type) ?? none
}

const compartments = readCompartments()

/**
 * Codes of the search parameters that put a resource of this type into a compartment.
 *
 * @param compartment `Patient`, `Encounter`, `Practitioner`, `RelatedPerson`, `Device`
 * @returns `[]` when the type is not part of it; `['{def}']` stands for the compartment's own resource
 * @see FHIR R4 § CompartmentDefinition
 */
export function compartmentParameters(compartment: string, type: string): readonly string[] {
  return compartments.get(compartment)?.get(type) ?? []
}

// ---------------------------------------------------------------------------------------------

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

function ofType(resourceType: string): Conformance[] {
  return conformance.flatMap((held) => (held.resourceType === resourceType ? [held.read()] : []))
}

/** By its URL: an index does not say which are profiles. */
function isTypeOfR4({ resourceType, url, type }: Held): boolean {
  return resourceType === 'StructureDefinition' && url === `http://hl7.org/fhir/StructureDefinition/${type}`
}

function readTypes(): Map<string, TypeDefinition> {
  // profiles and logical models are read when somebody asks for them: there may be thousands
  const base = conformance.filter(isTypeOfR4).map((held) => held.read() as unknown as Structure)
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

function readSearchParameters(): Map<string, Map<string, SearchParameter>> {
  const byType = new Map<string, Map<string, SearchParameter>>(
    resourceTypes.map((type) => [type, new Map<string, SearchParameter>()]),
  )
  for (const resource of ofType('SearchParameter')) {
    const raw = resource as unknown as Omit<SearchParameter, 'target' | 'component'> &
      Partial<SearchParameter>
    const parameter: SearchParameter = {
      url: raw.url,
      code: raw.code,
      base: raw.base,
      type: raw.type,
      expression: raw.expression,
      target: raw.target ?? [],
      component: raw.component ?? [],
    }
    const bases = raw.base.some((base) => base === 'Resource' || base === 'DomainResource')
      ? resourceTypes
      : raw.base
    for (const base of bases) byType.get(base)?.set(parameter.code, parameter)
  }
  return byType
}

function readCompartments(): Map<string, Map<string, readonly string[]>> {
  const raw = ofType('CompartmentDefinition') as unknown as {
    code: string
    resource: { code: string; param?: string[] }[]
  }[]
  return new Map(
    raw.map(({ code, resource }) => [
      code,
      new Map(resource.map((entry) => [entry.code, entry.param ?? []])),
    ]),
  )
}
