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
  /** an extension, by its URL and the type of its value (`extension-split.ts`) */
  | 'extension'
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
    rules = withPrimitiveExtensions(properties, (property) => ruleOf(type, property))
    cache.set(type, rules)
  }
  return rules
}

/** Rules by JSON property name, extensions of primitives (`_status`) beside those that stay. */
export function withPrimitiveExtensions(
  properties: readonly PropertyDefinition[],
  ruleOf: (property: PropertyDefinition) => SplitRule,
): Map<string, SplitRule> {
  const rules = new Map<string, SplitRule>()
  for (const property of properties) {
    const rule = ruleOf(property)
    rules.set(property.name, rule)
    if (rule === 'keep') rules.set(`_${property.name}`, { type: 'Element' })
  }
  return rules
}

/** Datatypes that name, reach or depict a person, or hold text that may: sealed whole. */
export const sealedTypes: ReadonlySet<string> = new Set([
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

/** Answers and parameters of any kind. */
const openValues: ReadonlySet<string> = new Set([
  ...['QuestionnaireResponse.item.answer.value[x]', 'Contract.term.offer.answer.value[x]'],
  ...['Task.input.value[x]', 'Task.output.value[x]'],
])

/** Primitives that name nobody whatever was asked. */
const namelessTypes: ReadonlySet<string> = new Set([
  ...['boolean', 'integer', 'positiveInt', 'unsignedInt', 'decimal'],
])

/** Elements sealed for where they stand, whatever their datatype. */
export interface SealedPlace {
  readonly what: string
  readonly why: string
  /** @param type the type that the element is part of */
  readonly holds: (type: string, property: PropertyDefinition) => boolean
}

export const sealedPlaces: readonly SealedPlace[] = [
  {
    what: '`birthDate` of anybody, and `FamilyMemberHistory.born[x]`',
    why: 'a person is known by the day of birth, the patient or another',
    holds: (_type, { name, path }) => name === 'birthDate' || path === 'FamilyMemberHistory.born[x]',
  },
  {
    what: `${[...openValues].map((path) => `\`${path}\``).join(', ')}: primitives but booleans and numbers`,
    why: "the question decides whether a date is of birth, a URL a person's",
    holds: (_type, { path, primitive, type }) =>
      openValues.has(path) && primitive && !namelessTypes.has(type),
  },
  {
    what: 'every `uri` of a Bundle and its entries',
    why: 'a stored Bundle is a letter: its URLs name patients',
    holds: (type, property) => type.startsWith('Bundle') && property.type === 'uri',
  },
  {
    what: '`Parameters.parameter.value[x]`',
    why: 'stored Parameters are what somebody asked, of anybody',
    holds: (_type, { path }) => path === 'Parameters.parameter.value[x]',
  },
  {
    what: 'extensions within a Bundle or Parameters',
    why: 'the same as what they stand beside',
    holds: (type, property) => /^(Bundle|Parameters)/.test(type) && property.type === 'Extension',
  },
  {
    what: 'a resource within a Bundle or Parameters, whole',
    why: 'ids in it name patients, and no key can stand for them',
    holds: (_type, { name, type }) => type === 'Resource' && name !== 'contained',
  },
  {
    what: '`Reference.identifier`',
    why: 'a number of the hospital in the place of a URL',
    holds: (_type, { path }) => path === 'Reference.identifier',
  },
]

function ruleOf(type: string, property: PropertyDefinition): SplitRule {
  const coarsen = roomFor(type).sealed?.[property.name]
  if (coarsen) return { coarsen }
  if (sealedTypes.has(property.type) || sealedElements[`${type}.${property.name}`] !== undefined)
    return 'seal'
  if (sealedPlaces.some(({ holds }) => holds(type, property))) return 'seal'
  if (property.path === 'Reference.reference') return 'reference'
  if (property.type === 'string') return stringRule(property)
  if (property.type === 'Resource') return 'resource'
  if (property.type === 'Extension') return 'extension'
  return property.primitive ? 'keep' : { type: property.type }
}

function stringRule(property: PropertyDefinition): SplitRule {
  if (property.path.endsWith('.unit')) return 'unit'
  return property.binding?.strength === 'required' ? 'keep' : 'seal'
}
