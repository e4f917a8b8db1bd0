import { types, type PropertyDefinition } from '../definitions.ts'
import { itemsIn, type Item } from '../element-item.ts'
import { mayExtend } from './extension-context.ts'
import { invariantCheck, type InvariantCheck } from './invariant.ts'
import { isObject } from '../json.ts'
import { bindingCheckOf } from './profile-binding.ts'
import { heldProfiles } from './profile-tree.ts'
import { definitionOf, type Constraint, type ExtensionContext } from './structure-definition.ts'
import { noteUnchecked, type Run } from './validate-run.ts'

/**
 * What R4's own definitions say of a resource beyond its structure, element by element: invariants,
 * bindings that only recommend, and the definitions of the extensions that are used.
 */
export function checkElements(item: Item, run: Run): void {
  if (item.primitive) return checkMembers(item, run)
  for (const check of invariantsAt(item.type)) check(item, run)
  checkMembers(item, run)
}

function checkMembers(item: Item, run: Run): void {
  const object = item.primitive ? item.sibling : item.value
  if (!isObject(object)) return
  const members = membersOf(item.primitive ? 'Element' : item.type)
  for (const name in object) {
    const member = members.get(name.startsWith('_') ? name.slice(1) : name)
    // of `given` and `_given` one look is enough
    if (!member || (name.startsWith('_') && object[name.slice(1)] !== undefined)) continue
    if (member.isPlain && object[`_${member.property.name}`] === undefined) continue
    for (const child of itemsIn(item, object, member.property)) {
      for (const check of member.checks) check(child, run)
      checkElements(child, run)
    }
  }
}

interface Member {
  readonly property: PropertyDefinition
  readonly checks: readonly InvariantCheck[]
  /** a primitive that nothing is said of: only extensions could be looked at */
  readonly isPlain: boolean
}

const memberCache = new Map<string, ReadonlyMap<string, Member>>()

function membersOf(type: string): ReadonlyMap<string, Member> {
  let members = memberCache.get(type)
  if (!members) {
    const properties = [...(types.get(type)?.properties.values() ?? [])]
    members = new Map(properties.map((property) => [property.name, memberOf(property)]))
    memberCache.set(type, members)
  }
  return members
}

function memberOf(property: PropertyDefinition): Member {
  const { binding, path, primitive, type } = property
  // a backbone element's own invariants are those of its type
  const own = type === path ? [] : invariantsAt(path)
  // the structural validation has required bindings
  const bound = binding && binding.strength !== 'required' ? bindingCheckOf(binding) : undefined
  const more = type === 'Extension' ? [checkExtension] : type === 'Resource' ? [checkClaims] : []
  const checks = [...own, ...(bound ? [bound] : []), ...more]
  return { property, checks, isPlain: primitive && checks.length === 0 }
}

/** A warning: R4's own definitions bear extensions in places that those do not name. */
function checkContext(item: Item, contexts: readonly ExtensionContext[], run: Run): void {
  if (run.errorsOnly) return
  const owner = item.holder?.item
  const isAllowed = owner && mayExtend(owner, contexts)
  if (isAllowed === undefined) noteUnchecked(run, item.path, 'whether this extension may stand here')
  else if (!isAllowed)
    run.report.note('warning', 'structure', item.path, 'this extension is not for this element')
}

/**
 * The profiles that a resource claims. One that is not held cannot be checked: on a write that is an
 * error, else a warning.
 *
 * @see FHIR R4 § Resource.meta.profile: "an assertion that the content conforms"
 */
export function checkClaims(item: Item, run: Run): void {
  const meta = isObject(item.value) ? item.value['meta'] : undefined
  const claims = isObject(meta) && Array.isArray(meta['profile']) ? meta['profile'] : []
  for (const [index, profile] of claims.entries()) {
    if (typeof profile !== 'string') continue
    if (run.profiles.definition(profile)) run.check(item, profile)
    else {
      const path = `${item.path}.meta.profile[${index}]`
      const severity = run.errorsOnly ? 'error' : 'warning'
      run.report.note(severity, 'not-supported', path, 'this profile is not held: it was not checked')
    }
  }
}

/** An extension by the definition of its url; nested ones are named in the definition around them. */
function checkExtension(item: Item, run: Run): void {
  const url = isObject(item.value) ? item.value['url'] : undefined
  if (typeof url !== 'string' || item.holder?.item.type === 'Extension') return
  const definition = run.profiles.definition(url)
  if (definition?.type === 'Extension') {
    checkContext(item, definition.context ?? [], run)
    return run.check(item, url)
  }
  if (run.errorsOnly) return
  const isModifier = item.holder?.property.name === 'modifierExtension'
  const severity = isModifier ? 'warning' : 'information'
  run.report.note(severity, 'not-supported', item.path, 'the definition of this extension is not held')
}

// ---------------------------------------------------------------------------------------------

let constraints: ReadonlyMap<string, readonly Constraint[]> | undefined

/** The constraints that R4 puts on an element, by its path: `Period`, `Observation.component`. */
export function constraintsAt(path: string): readonly Constraint[] {
  constraints ??= readConstraints()
  return constraints.get(path) ?? []
}

function readConstraints(): Map<string, readonly Constraint[]> {
  const found = new Map<string, readonly Constraint[]>()
  for (const type of types.keys()) {
    if (type.includes('.')) continue
    for (const { path, constraint } of heldProfiles.definition(definitionOf(type))?.snapshot?.element ?? []) {
      if (constraint && constraint.length > 0) found.set(path, constraint)
    }
  }
  return found
}

const byPath = new Map<string, readonly InvariantCheck[]>()

function invariantsAt(path: string): readonly InvariantCheck[] {
  let checks = byPath.get(path)
  if (!checks) {
    checks = constraintsAt(path).flatMap((constraint) => invariantCheck(constraint) ?? [])
    byPath.set(path, checks)
  }
  return checks
}
