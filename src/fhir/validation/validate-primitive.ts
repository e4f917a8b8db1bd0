import type { PropertyDefinition } from '../definitions.ts'
import { isObject, type Json, type JsonObject } from '../json.ts'
import { primitiveFormat } from '../primitive.ts'
import { bindingCheck, bindingRule } from './validate-binding.ts'
import { elementName, type MemberCheck, type Report, type ValueCheck } from './validate-report.ts'

/**
 * The checks of a primitive element's two JSON members: `given` with the values, `_given` with their
 * ids and extensions. In arrays the two are aligned by position; null fills a place on one side only
 * where the other has something. A side may end early: what is beyond its end counts as null, as the
 * common libraries write it.
 *
 * @param checkElement the check of the type Element: `{ id?, extension? }`
 * @see FHIR R4 § JSON Representation, "JSON representation of primitive elements"
 */
export function primitiveMembers(
  property: PropertyDefinition,
  checkElement: ValueCheck,
): { value: MemberCheck; sibling: MemberCheck } {
  const check = valueCheck(property)
  const checkSibling = siblingCheck(checkElement)
  return property.array
    ? { value: repeatingValue(property, check), sibling: repeatingSibling(property, checkSibling) }
    : { value: singleValue(property, check), sibling: singleSibling(property, checkSibling) }
}

/** Format and required binding of one value. */
function valueCheck(property: PropertyDefinition): ValueCheck {
  const { accepts, expected } = primitiveFormat(property.type)
  const inSet = bindingCheck(property)
  const isUri = property.type === 'uri' || property.type === 'canonical' || property.type === 'url'
  return (value, path, report) => {
    if (!accepts(value)) return report.add('value', path, `${expected} expected`)
    if (inSet && !inSet(value)) report.add('code-invalid', path, bindingRule(property))
    if (isUri && (value as string).startsWith('#')) report.localReference(value as string, path, false)
  }
}

function singleValue(property: PropertyDefinition, check: ValueCheck): MemberCheck {
  const element = elementName(property)
  return (value, ownerPath, report) => {
    const path = `${ownerPath}.${element}`
    if (Array.isArray(value)) report.add('structure', path, 'must not repeat: no array expected')
    else check(value, path, report)
  }
}

function singleSibling(property: PropertyDefinition, check: SiblingCheck): MemberCheck {
  const element = elementName(property)
  return (value, ownerPath, report, owner) => {
    check(value, owner[property.name] !== undefined, `${ownerPath}.${element}`, report)
  }
}

function repeatingValue(property: PropertyDefinition, check: ValueCheck): MemberCheck {
  const element = elementName(property)
  const siblingName = `_${property.name}`
  return (value, ownerPath, report, owner) => {
    const path = `${ownerPath}.${element}`
    if (!isFilledArray(value, path, report)) return
    for (let index = 0; index < value.length; index++) {
      const one = value[index] as Json
      if (one !== null) check(one, `${path}[${index}]`, report)
      else if (isNullAt(owner, siblingName, index)) reportNull(`${path}[${index}]`, report)
    }
  }
}

function repeatingSibling(property: PropertyDefinition, check: SiblingCheck): MemberCheck {
  const element = elementName(property)
  return (value, ownerPath, report, owner) => {
    const path = `${ownerPath}.${element}`
    if (!isFilledArray(value, path, report)) return
    value.forEach((one, index) => {
      const alone = isNullAt(owner, property.name, index)
      if (one !== null) check(one, !alone, `${path}[${index}]`, report)
      else if (alone && owner[property.name] === undefined) reportNull(`${path}[${index}]`, report)
    })
  }
}

type SiblingCheck = (value: Json, valued: boolean, path: string, report: Report) => void

/** Without a value beside it, a sibling must have an extension; an id alone says nothing. */
function siblingCheck(checkElement: ValueCheck): SiblingCheck {
  return (value, valued, path, report) => {
    checkElement(value, path, report)
    if (valued || !isObject(value) || value.extension !== undefined) return
    report.add('invariant', path, 'an element must have a value or children (ele-1)')
  }
}

function isFilledArray(value: Json, path: string, report: Report): value is Json[] {
  if (!Array.isArray(value)) report.add('structure', path, 'may repeat: an array expected')
  else if (value.length === 0) report.add('structure', path, 'an array must not be empty')
  else return true
  return false
}

function isNullAt(owner: JsonObject, name: string, index: number): boolean {
  const array = owner[name]
  return !Array.isArray(array) || (array[index] ?? null) === null
}

function reportNull(path: string, report: Report): void {
  report.add('structure', path, 'null stands only where the value or its extensions are on the other side')
}
