import { typeDefinition, types } from '../fhir/definitions.ts'
import { splitRules } from './identity-split.ts'

/**
 * Whether a search parameter's expression reads, on this type, nothing but what stands in the clinical
 * rows. Only plain paths are understood: `Observation.component.code`, `Observation.value as Quantity`,
 * `Patient.link.other.where(resolve() is Patient)`. All else is taken to read what is sealed.
 *
 * @param expression FHIRPath, `|` between its parts; parts of other types do not count
 */
export function readsClear(type: string, expression: string): boolean {
  const parts = expression.split('|').map((part) => part.trim())
  return parts
    .filter((part) => !isOfAnotherType(part, type))
    .every((part) => {
      const [, of, path = '', cast] = plainPath.exec(part) ?? []
      return of === type && isClear(type, path.slice(1).split('.'), cast)
    })
}

const plainPath =
  /^(\w+)((?:\.\w+(?!\w*\())+)(?:(?: as |\.as\(|\.ofType\()(\w+)\)?|\.where\(resolve\(\) is \w+\))?$/

function isOfAnotherType(part: string, type: string): boolean {
  const [first = ''] = /^\w+(?=\.)/.exec(part) ?? []
  return first !== type && first !== 'Resource' && first !== 'DomainResource' && types.has(first)
}

/** Data types of which extraction reads codes, references, numbers and dates alone. */
const structured: ReadonlySet<string> = new Set([
  ...['CodeableConcept', 'Coding', 'Reference', 'Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money'],
  ...['Period', 'Timing', 'Range', 'SampledData'],
])

function isClear(type: string, [name = '', ...rest]: readonly string[], cast: string | undefined): boolean {
  const properties = [...typeDefinition(type).properties.values()].filter(
    (property) =>
      (property.choice ?? property.name) === name &&
      (rest.length > 0 || cast === undefined || property.type === cast),
  )
  return (
    properties.length > 0 &&
    properties.every((property) => {
      const rule = splitRules(type).get(property.name)
      if (rule === 'keep' || rule === 'reference') return rest.length === 0
      if (typeof rule !== 'object' || 'coarsen' in rule) return false
      return rest.length === 0 ? structured.has(property.type) : isClear(rule.type, rest, cast)
    })
  )
}
