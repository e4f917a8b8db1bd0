import {
  isResourceType,
  typeDefinition,
  type PropertyDefinition,
  type TypeDefinition,
} from '../definitions.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { bindingCheck, bindingRule } from './validate-binding.ts'
import { primitiveMembers } from './validate-primitive.ts'
import { checkReference } from './validate-reference.ts'
import { elementName, type MemberCheck, type Report, type ValueCheck } from './validate-report.ts'

interface Member {
  readonly check: MemberCheck
  /** position of the element's choice among those of the type; -1: no choice */
  readonly choice: number
  /** the typed name, `valueQuantity`, which `_valueString` shares with `valueString` */
  readonly name: string
  /** one bit per element with `min` > 0; 0: optional */
  readonly required: number
}

const checks = new Map<string, ValueCheck>()

/** The check of a complex type, backbone element or resource type, compiled when it is first asked for. */
export function checkOf(type: string): ValueCheck {
  const found = checks.get(type)
  if (found) return found
  const compiled = compile(typeDefinition(type))
  checks.set(type, compiled)
  return compiled
}

/** Checks a resource of any type that stands for itself: the root, a Bundle's entry, a parameter. */
export function checkResource(value: Json, path: string, report: Report): void {
  const type = resourceTypeOf(value, path, report)
  if (type !== undefined) report.insideResource(() => checkOf(type)(value, path, report))
}

/** @see FHIR R4 § DomainResource, constraints dom-2 to dom-5 */
function checkContained(value: Json, path: string, report: Report): void {
  const type = resourceTypeOf(value, path, report)
  if (type === undefined || !isObject(value)) return
  const id = typeof value.id === 'string' ? value.id : undefined
  report.insideContained(id, path, () => checkOf(type)(value, path, report))
  if (value.contained !== undefined) {
    report.add('invariant', `${path}.contained`, 'a contained resource must not contain others (dom-2)')
  }
  if (!isObject(value.meta)) return
  for (const element of ['versionId', 'lastUpdated', 'security']) {
    if (value.meta[element] === undefined) continue
    report.add('invariant', `${path}.meta.${element}`, 'not in a contained resource (dom-4, dom-5)')
  }
}

function resourceTypeOf(value: Json, path: string, report: Report): string | undefined {
  const type = isObject(value) ? value.resourceType : undefined
  if (typeof type === 'string' && isResourceType(type)) return type
  report.add('structure', path, 'a resource with the resourceType of an R4 type expected')
  return undefined
}

function compile(type: TypeDefinition): ValueCheck {
  const choices = [...new Set([...type.properties.values()].flatMap(({ choice }) => choice ?? []))]
  const members = compileMembers(type, choices)
  const allRequired = type.required.reduce((bits, _, index) => bits | bit(index), 0)
  const rule = rules[type.name]
  const isResource = type.kind === 'resource'
  // a plain Element is the `_name` beside a primitive value, where an id alone is content enough
  const idCounts = type.name === 'Element'
  return (value, path, report) => {
    if (!isObject(value)) return report.add('structure', path, 'an object expected')
    let found = 0
    let content = isResource
    let chosen: (string | undefined)[] | undefined
    for (const name in value) {
      if (idCounts || name !== 'id') content = true
      const member = members.get(name)
      if (member === undefined) {
        if (!isResource || name !== 'resourceType') reportUnknown(name, path, report)
        continue
      }
      found |= member.required
      if (member.choice >= 0) {
        chosen ??= []
        const first = (chosen[member.choice] ??= member.name)
        const element = choices[member.choice]
        if (first !== member.name) report.add('structure', `${path}.${element}`, 'one type of value only')
      }
      member.check(value[name] as Json, path, report, value)
    }
    if (!content) report.add('invariant', path, 'an element must have a value or children (ele-1)')
    if (found !== allRequired) reportMissing(type, found, path, report)
    rule?.(value, path, report)
  }
}

function compileMembers(type: TypeDefinition, choices: readonly string[]): Map<string, Member> {
  const members = new Map<string, Member>()
  for (const property of type.properties.values()) {
    const common = {
      name: property.name,
      choice: property.choice === undefined ? -1 : choices.indexOf(property.choice),
      required: type.required.reduce(
        (bits, { names }, index) => (names.includes(property.name) ? bits | bit(index) : bits),
        0,
      ),
    }
    if (!property.primitive) {
      members.set(property.name, { ...common, check: complexMember(property) })
      continue
    }
    const { value, sibling } = primitiveMembers(property, checkElement)
    members.set(property.name, { ...common, check: value })
    // Element.id, Extension.url and xhtml are no FHIR primitives: they have no id or extensions
    const plain = (property.name === 'id' && type.kind !== 'resource') || property.path === 'Extension.url'
    if (!plain && property.type !== 'xhtml') members.set(`_${property.name}`, { ...common, check: sibling })
  }
  return members
}

/** @throws TypeError when a type has more required elements than a bit set holds: none in R4 has ten */
function bit(index: number): number {
  if (index > 30) throw new TypeError('more required elements than bits')
  return 1 << index
}

const checkElement: ValueCheck = (value, path, report) => checkOf('Element')(value, path, report)

function complexMember(property: PropertyDefinition): MemberCheck {
  const element = elementName(property)
  const check = complexValue(property)
  if (!property.array) {
    return (value, ownerPath, report) => {
      const path = `${ownerPath}.${element}`
      if (Array.isArray(value)) report.add('structure', path, 'must not repeat: no array expected')
      else check(value, path, report)
    }
  }
  return (value, ownerPath, report) => {
    const path = `${ownerPath}.${element}`
    if (!Array.isArray(value)) return report.add('structure', path, 'may repeat: an array expected')
    if (value.length === 0) return report.add('structure', path, 'an array must not be empty')
    for (let index = 0; index < value.length; index++) {
      check(value[index] as Json, `${path}[${index}]`, report)
    }
  }
}

function complexValue(property: PropertyDefinition): ValueCheck {
  if (property.type === 'Resource') {
    return property.name === 'contained' ? checkContained : checkResource
  }
  let check: ValueCheck | undefined
  const inSet = bindingCheck(property)
  const targets = property.type === 'Reference' ? new Set(property.targets) : undefined
  return (value, path, report) => {
    check ??= checkOf(property.type)
    check(value, path, report)
    if (!isObject(value)) return
    if (targets) checkReference(value, targets, path, report)
    if (inSet && !inSet(value)) report.add('code-invalid', path, bindingRule(property))
  }
}

/** A member's name is the sender's text: it is repeated only when it could be the name of an element. */
function reportUnknown(name: string, path: string, report: Report): void {
  const bare = name.replace(/^_/, '')
  if (/^[A-Za-z][A-Za-z0-9]{0,63}$/.test(bare)) {
    report.add('structure', `${path}.${bare}`, `no such element: ${name}`)
  } else {
    report.add('structure', path, 'a member that is not the name of an element')
  }
}

function reportMissing(type: TypeDefinition, found: number, path: string, report: Report): void {
  type.required.forEach(({ element }, index) => {
    if ((found & bit(index)) !== 0) return
    report.add('required', `${path}.${element.replace('[x]', '')}`, 'must be there (minimum cardinality 1)')
  })
}

/** Invariants of single types that hold everywhere and cost nothing. */
const rules: Readonly<Record<string, (value: JsonObject, path: string, report: Report) => void>> = {
  Extension: (value, path, report) => {
    const nested = value.extension !== undefined
    let valued = false
    for (const name in value) if (name.startsWith('value') || name.startsWith('_value')) valued = true
    if (nested === valued) report.add('invariant', path, 'either a value or extensions, not both (ext-1)')
  },
}
