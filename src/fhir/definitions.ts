import { CanonicalMap } from './canonical-map.ts'
import { readPackages, type Conformance, type Held } from './package.ts'
import { readTypes } from './read-types.ts'

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
  /**
   * of a parameter that was added to this server: rows that were there before are still `building`, or
   * `ready`. Absent: a published one
   */
  readonly state?: 'building' | 'ready'
}

/** Where the packages lie: the same place from `src/` and from `dist/src/`. */
const folder = new URL(
  import.meta.url.includes('/dist/src/') ? '../../../fhir-profiles/' : '../../fhir-profiles/',
  import.meta.url,
)

const conformance = readPackages(folder)

/** All conformance resources by canonical URL, for terminology and profiles. */
export const byCanonical: ReadonlyMap<string, Conformance> = new CanonicalMap(conformance)

// profiles and logical models are read when somebody asks for them: there may be thousands
export const types: ReadonlyMap<string, TypeDefinition> = readTypes(
  conformance.filter(isTypeOfR4).map((held) => held.read()),
)

/** Names of all concrete R4 resource types, sorted: `Account` … `VisionPrescription`. */
export const resourceTypes: readonly string[] = [...types.values()]
  .filter((type) => type.kind === 'resource' && !type.abstract)
  .map((type) => type.name)
  .sort()

const resourceTypeSet: ReadonlySet<string> = new Set(resourceTypes)

export function isResourceType(name: string): boolean {
  return resourceTypeSet.has(name)
}

/** The profiles that are held on each resource type, by URL; the type's own definition is none. */
const profiles: ReadonlyMap<string, readonly string[]> = readProfiles()

/** Canonical URLs of the profiles on a resource type. */
export function profilesOn(type: string): readonly string[] {
  return profiles.get(type) ?? []
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

const forgetting: (() => void)[] = []

/** Tells what was derived from the search parameters to forget it when one is added or taken away. */
export function onSearchParametersChange(forget: () => void): void {
  forgetting.push(forget)
}

/** What is made from the search parameters at some cost: made when first asked for, and anew when they change. */
export function fromSearchParameters<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  onSearchParametersChange(() => (made = undefined))
  return () => (made ??= { value: make() }).value
}

/**
 * Makes these the parameters that were added to this server, in place of those before. From then on they
 * are extracted, and searched by once they are `ready`.
 *
 * @param added none has the code of a published one on the same type
 */
export function setAddedParameters(added: readonly SearchParameter[]): void {
  for (const ofType of parameters.values()) {
    for (const [code, { state }] of ofType) if (state !== undefined) ofType.delete(code)
  }
  for (const parameter of added) {
    for (const base of parameter.base) parameters.get(base)?.set(parameter.code, parameter)
  }
  for (const forget of forgetting) forget()
}

/** Adds one to those before, or puts it in the place of the one with its URL. */
export function addParameter(parameter: SearchParameter & { readonly state: 'building' | 'ready' }): void {
  const all = [...parameters.values()].flatMap((ofType) => [...ofType.values()])
  const others = all.filter(({ state, url }) => state !== undefined && url !== parameter.url)
  setAddedParameters([...others, parameter])
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

function ofType(resourceType: string): Conformance[] {
  return conformance.flatMap((held) => (held.resourceType === resourceType ? [held.read()] : []))
}

/** By its URL: an index does not say which are profiles. */
function isTypeOfR4({ resourceType, url, type }: Held): boolean {
  return resourceType === 'StructureDefinition' && url === `http://hl7.org/fhir/StructureDefinition/${type}`
}

function readProfiles(): Map<string, readonly string[]> {
  const byType = new Map<string, readonly string[]>()
  for (const held of conformance) {
    const { resourceType, type, url } = held
    if (resourceType !== 'StructureDefinition' || type === undefined || url === undefined) continue
    if (isResourceType(type) && !isTypeOfR4(held)) byType.set(type, [...(byType.get(type) ?? []), url])
  }
  return byType
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
