import { typeDefinition, type PropertyDefinition } from '../fhir/definitions.ts'
import { roomFor, type Coarsening } from './room.ts'

/**
 * What happens to an element when a resource is laid down: the identity split of every R4 type, drawn
 * from the definitions. Free text and everything that names a person is sealed unless a line below
 * says why not; what no rule knows is sealed.
 */
export type SplitRule =
  | 'keep'
  | 'seal'
  /** kept only when it repeats the code beside it */
  | 'unit'
  /** a local reference is kept, by key where it points at a patient; any other is sealed */
  | 'reference'
  /** a resource inside this one, by the rules of its own type */
  | 'resource'
  /** sealed, and a coarser value stays in its place */
  | { readonly coarsen: Coarsening }
  /** an object, by the rules of its type */
  | { readonly type: string }

const cache = new Map<string, ReadonlyMap<string, SplitRule>>()

/** The rules of a type by JSON property name; a name that is not there is sealed. */
export function splitRules(type: string): ReadonlyMap<string, SplitRule> {
  let rules = cache.get(type)
  if (!rules) {
    const properties = [...typeDefinition(type).properties.values()]
    rules = new Map(properties.map((property) => [property.name, ruleOf(type, property)]))
    cache.set(type, rules)
  }
  return rules
}

/** Datatypes that name, reach or depict a person, or hold text that may. */
const sealedTypes: ReadonlySet<string> = new Set([
  ...['HumanName', 'ContactPoint', 'Address', 'Identifier', 'Attachment', 'Signature'],
  ...['Annotation', 'Narrative', 'xhtml', 'markdown', 'base64Binary'],
])

/**
 * Elements sealed for what they say of a person, although their datatype alone would be kept: by type and
 * JSON name, each with the reason. None of them is read by a search parameter or released by a permit.
 */
export const sealedElements: Readonly<Record<string, string>> = {
  'FamilyMemberHistory.deceasedDate': 'a relative is known by the day of death as by that of birth',
  'MolecularSequence.repository.url': 'leads to the sequence of one person, often with a query that names it',
  'CoverageEligibilityResponse.insurance.item.authorizationUrl': "leads to the insurer's file on the person",
  'DetectedIssue.reference': 'leads to anything that was written on the issue',
}

/** Answers and parameters of any kind: the question decides whether a date is of birth, a URL a person's. */
const openValues: ReadonlySet<string> = new Set([
  ...['QuestionnaireResponse.item.answer.value[x]', 'Contract.term.offer.answer.value[x]'],
  ...['Task.input.value[x]', 'Task.output.value[x]'],
])

/** Primitives that name nobody whatever was asked. */
const namelessTypes: ReadonlySet<string> = new Set([
  ...['boolean', 'integer', 'positiveInt', 'unsignedInt', 'decimal'],
])

function ruleOf(type: string, property: PropertyDefinition): SplitRule {
  const coarsen = roomFor(type).sealed?.[property.name]
  if (coarsen) return { coarsen }
  if (isSealedPlace(type, property) || sealedTypes.has(property.type)) return 'seal'
  if (property.type === 'string') return stringRule(property)
  if (property.path === 'Reference.reference') return 'reference'
  if (property.type === 'Resource') return property.name === 'contained' ? 'resource' : 'seal'
  return property.primitive ? 'keep' : { type: property.type }
}

function stringRule(property: PropertyDefinition): SplitRule {
  if (property.path === 'Reference.reference') return 'reference'
  if (property.path.endsWith('.unit')) return 'unit'
  if (property.binding?.strength === 'required') return 'keep'
  return 'seal'
}

/** Places whose content can be anything, whatever its datatype. */
function isSealedPlace(type: string, property: PropertyDefinition): boolean {
  if (property.name === 'extension') return true
  // of a modifierExtension the url stays: de-identification refuses what it does not know
  if (type === 'Extension') return property.name !== 'url'
  if (sealedElements[`${type}.${property.name}`] !== undefined) return true
  if (openValues.has(property.path) && property.primitive) return !namelessTypes.has(property.type)
  if (property.name === 'birthDate' || property.path === 'FamilyMemberHistory.born[x]') return true
  // a stored Bundle or Parameters is a letter: inside, ids and URLs name patients
  if (type.startsWith('Bundle')) return property.type === 'uri'
  return property.path === 'Parameters.parameter.value[x]' || property.path === 'Reference.identifier'
}
