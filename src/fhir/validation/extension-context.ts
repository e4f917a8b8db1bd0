import type { Item } from '../element-item.ts'
import { isA } from '../search/expression-type.ts'
import { isObject } from '../json.ts'
import type { ExtensionContext } from './structure-definition.ts'

/**
 * Whether an extension may stand on an element.
 *
 * @param owner the element that has it
 * @param contexts where its definition says it may; none: anywhere
 * @returns undefined when only a FHIRPath could tell
 * @see FHIR R4 § StructureDefinition.context
 */
export function mayExtend(owner: Item, contexts: readonly ExtensionContext[]): boolean | undefined {
  if (contexts.length === 0) return true
  const names = namesOf(owner)
  const url = isObject(owner.value) ? owner.value['url'] : undefined
  for (const { type, expression } of contexts) {
    if (type === 'element' && names.has(expression.replaceAll('[x]', ''))) return true
    if (type === 'extension' && owner.type === 'Extension' && url === expression) return true
  }
  return contexts.some(({ type }) => type === 'fhirpath') ? undefined : false
}

/** All that an element goes by: `Patient.name.family`, `HumanName.family`, `string`, `Element`. */
function namesOf(owner: Item): ReadonlySet<string> {
  const names = new Set<string>()
  const isResource = owner.resource === owner.value
  for (const general of isResource ? ['Resource', 'DomainResource'] : ['Element']) names.add(general)
  if (owner.type.includes('.')) names.add('BackboneElement')
  if (isA(owner.type, 'Quantity')) names.add('Quantity')
  let below = ''
  for (let item: Item | undefined = owner; item; item = item.holder?.item) {
    names.add(item.type + below)
    const { holder }: Item = item
    if (!holder || item.resource === item.value) break
    below = `.${holder.property.choice ?? holder.property.name}${below}`
  }
  return names
}
