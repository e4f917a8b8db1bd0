import { byCanonical, types, type PropertyDefinition } from '../definitions.ts'
import { segmentsOf, type Segment } from './profile-path.ts'
import type { ElementDefinition, StructureDefinition } from './structure-definition.ts'

/**
 * A profile as a tree: what the published snapshot says as a list. Where a profile comes without one
 * it is generated: the tree of the profile it is based on, with the differential laid over it. Elements
 * that no profile of the chain speaks of are not in the tree; for those the type's definition holds.
 */
export interface ProfileTree {
  readonly url: string
  /** the type that it constrains: `Observation`, `Extension`, `Identifier` */
  readonly type: string
  readonly root: ProfileElement
}

export interface ProfileElement {
  /** as ElementDefinition.id: `Observation.component:systolic.value[x]` */
  readonly id: string
  /** without `[x]`: `value` */
  readonly name: string
  /** types it may have here, as `types` names them */
  readonly types: readonly string[]
  readonly definition: ElementDefinition
  readonly children: ReadonlyMap<string, ProfileElement>
  /** by sliceName; those of a slice are its reslices */
  readonly slices: ReadonlyMap<string, ProfileElement>
}

/** A profile that cannot be used, with the reason: it is not held, or says what cannot be understood. */
export class UnusableProfile extends Error {}

/**
 * The profiles that can be validated against: those of the packages, or of any other place that gives
 * conformance resources by their URL.
 */
export class Profiles {
  private readonly lookup: (url: string) => unknown
  private readonly trees = new Map<string, ProfileTree | UnusableProfile>()

  /** @param lookup the conformance resource of a URL, without `|version` */
  constructor(lookup: (url: string) => unknown) {
    this.lookup = lookup
  }

  /**
   * A StructureDefinition.
   *
   * @param canonical its URL; with `|version` only that version is the right one
   * @returns undefined when it is not held
   */
  definition(canonical: string): StructureDefinition | undefined {
    const [url = '', version] = canonical.split('|')
    const found = this.lookup(url)
    if (!isStructureDefinition(found)) return undefined
    return version === undefined || version === found.version ? found : undefined
  }

  /**
   * The tree of a profile, made when it is first asked for. That of a type's own definition is empty:
   * what it says, the structural validation knows.
   *
   * @param canonical with or without `|version`
   * @throws UnusableProfile
   */
  tree(canonical: string): ProfileTree {
    const made = this.trees.get(canonical) ?? attempt(() => this.make(canonical, []))
    this.trees.set(canonical, made)
    if (made instanceof UnusableProfile) throw made
    return made
  }

  /** @param within the profiles that are being made on the way to this one */
  private make(canonical: string, within: readonly string[]): ProfileTree {
    const structure = this.definition(canonical)
    if (!structure) throw new UnusableProfile(`${canonical}: is not held`)
    const { type, url } = structure
    if (within.includes(url)) throw new UnusableProfile(`${url}: is based on itself`)
    if (!types.has(type)) throw new UnusableProfile(`${url}: constrains a type that R4 does not have`)
    if (structure.derivation !== 'constraint') return { url, type, root: node(type, type, [type]) }
    const root = structure.snapshot ? node(type, type, [type]) : this.baseOf(structure, within)
    layOver(root, structure.snapshot?.element ?? structure.differential?.element ?? [])
    return { url, type, root }
  }

  private baseOf({ baseDefinition, type, url }: StructureDefinition, within: readonly string[]): Node {
    if (baseDefinition === undefined) throw new UnusableProfile(`${url}: has neither snapshot nor base`)
    const base = this.make(baseDefinition, [...within, url])
    // an abstract base, Resource or DomainResource, says nothing of the elements of the type
    return base.type === type ? copy(base.root) : node(type, type, [type])
  }
}

/** Those of the packages in `fhir-profiles/`. */
export const heldProfiles = new Profiles((url) => byCanonical.get(url))

function isStructureDefinition(resource: unknown): resource is StructureDefinition {
  return (
    typeof resource === 'object' &&
    resource !== null &&
    'resourceType' in resource &&
    resource.resourceType === 'StructureDefinition'
  )
}

function attempt(make: () => ProfileTree): ProfileTree | UnusableProfile {
  try {
    return make()
  } catch (error) {
    if (error instanceof UnusableProfile) return error
    throw error
  }
}

// ---------------------------------------------------------------------------------------------

/** An element under construction. */
interface Node extends ProfileElement {
  types: readonly string[]
  definition: ElementDefinition
  readonly children: Map<string, Node>
  readonly slices: Map<string, Node>
  /** types of a choice that this profile, not one it is based on, names by their short names */
  readonly shortcuts: Set<string>
}

function node(id: string, name: string, ofTypes: readonly string[]): Node {
  return {
    id,
    name,
    types: ofTypes,
    definition: { path: id },
    children: new Map(),
    slices: new Map(),
    shortcuts: new Set(),
  }
}

function copy(element: ProfileElement): Node {
  const copyAll = (elements: ReadonlyMap<string, ProfileElement>) =>
    new Map([...elements].map(([name, one]) => [name, copy(one)]))
  return {
    ...element,
    children: copyAll(element.children),
    slices: copyAll(element.slices),
    shortcuts: new Set(),
  }
}

function layOver(root: Node, elements: readonly ElementDefinition[]): void {
  for (const { element, segments } of segmentsOf(elements)) {
    const target = segments.slice(1).reduce(step, root)
    refine(target, element)
  }
}

/** The element that a segment of an id leads to, made when it is the first to speak of it. */
function step(parent: Node, segment: Segment): Node {
  const properties = childProperties(parent.types, segment.name)
  const child = properties.length > 0 ? childOf(parent, segment.name, properties) : shortcut(parent, segment)
  return segment.slice === undefined ? child : sliceOf(child, segment.slice)
}

function childOf(parent: Node, name: string, properties: readonly PropertyDefinition[]): Node {
  const found = parent.children.get(name)
  if (found) return found
  const choice = properties.some((property) => property.choice !== undefined) ? '[x]' : ''
  const made = node(`${parent.id}.${name}${choice}`, name, [...new Set(properties.map(({ type }) => type))])
  parent.children.set(name, made)
  return made
}

/**
 * `Observation.valueQuantity` for `Observation.value[x]:valueQuantity`. As published snapshots have it, that
 * leaves no other type: those that a profile names in this way are all there are.
 */
function shortcut(parent: Node, { name }: Segment): Node {
  const property = parent.types.map((type) => types.get(type)?.properties.get(name)).find(Boolean)
  if (property?.choice === undefined) throw new UnusableProfile(`${parent.id}.${name}: no such element`)
  const child = childOf(parent, property.choice, childProperties(parent.types, property.choice))
  if (!child.shortcuts.has(property.type)) {
    const given = child.definition.type?.find(({ code }) => code === property.type)
    const before = child.shortcuts.size > 0 ? (child.definition.type ?? []) : []
    child.shortcuts.add(property.type)
    child.types = [...child.shortcuts]
    child.definition = { ...child.definition, type: [...before, given ?? { code: property.type }] }
  }
  return sliceOf(child, name)
}

/** Of `a/b` the slice `b` of the slice `a`, where there is one. */
function sliceOf(parent: Node, name: string): Node {
  const cut = name.lastIndexOf('/')
  const within = cut < 0 ? undefined : findSlice(parent, name.slice(0, cut))
  if (within) return sliceIn(within, name, parent)
  return sliceIn(parent, name, parent)
}

function findSlice(parent: Node, name: string): Node | undefined {
  const direct = parent.slices.get(name)
  const cut = name.lastIndexOf('/')
  return direct ?? (cut < 0 ? undefined : findSlice(parent, name.slice(0, cut))?.slices.get(name))
}

function sliceIn(owner: Node, name: string, element: Node): Node {
  const found = owner.slices.get(name)
  if (found) return found
  const typed = element.types.filter((type) => element.name + type[0]?.toUpperCase() + type.slice(1) === name)
  const made = node(`${element.id}:${name}`, element.name, typed.length > 0 ? typed : owner.types)
  owner.slices.set(name, made)
  return made
}

/** The properties that an element name stands for: of `value` all of its choice. */
export function childProperties(ofTypes: readonly string[], name: string): readonly PropertyDefinition[] {
  return ofTypes.flatMap((type) =>
    [...(types.get(type)?.properties.values() ?? [])].filter(
      (property) => (property.choice ?? property.name) === name,
    ),
  )
}

/** What a definition says takes the place of what was said before; invariants come on top. */
function refine(target: Node, element: ElementDefinition): void {
  const { definition } = target
  const fresh = (element.constraint ?? []).filter(
    ({ key }) => !definition.constraint?.some((one) => one.key === key),
  )
  const slicing = element.slicing && { slicing: { ...definition.slicing, ...element.slicing } }
  const constraint = [...(definition.constraint ?? []), ...fresh]
  target.definition = { ...definition, ...element, ...slicing, constraint, path: definition.path }
  if (element.type) target.types = narrowed(target, element.type)
}

function narrowed(target: Node, given: NonNullable<ElementDefinition['type']>): readonly string[] {
  const found = given.flatMap(({ code }) => {
    // backbone elements and the System types go by other names here
    const isNameOfKind = code === 'BackboneElement' || code === 'Element' || code.includes('/')
    return isNameOfKind ? target.types : [code]
  })
  const unknown = found.find((type) => !types.has(type))
  if (unknown !== undefined) throw new UnusableProfile(`${target.id}: is of a type that R4 does not have`)
  return found
}
