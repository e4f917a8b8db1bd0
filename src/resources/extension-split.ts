import { byCanonical, typeDefinition, type PropertyDefinition } from '../fhir/definitions.ts'
import type { Json } from '../fhir/json.ts'
import { withPrimitiveExtensions, type SplitRule } from './identity-split.ts'

/**
 * What of an extension lies in clear. Anybody may define one, so the type of its value decides, from a list
 * of what may stay; the URL stays always, because it names a definition as `Coding.system` does.
 *
 * - `url`: nothing else. The extensions inside are sealed with it
 * - `codes`: codes, numbers, booleans and references, by the rules of their types
 * - `dates`: dates and times too
 */
export type ExtensionSplit = 'url' | 'codes' | 'dates'

/** Extensions that tell who somebody is whatever the type of their value: by URL, each with the reason. */
export const sealedExtensions: Readonly<Record<string, string>> = {
  'http://hl7.org/fhir/StructureDefinition/patient-birthPlace': 'a trait of the French identity (INS)',
  'http://hl7.org/fhir/StructureDefinition/patient-birthTime': 'says the birth date again, to the minute',
  'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName': 'a name',
  'http://hl7.org/fhir/StructureDefinition/patient-congregation': 'a small group that knows its members',
  'http://hl7.org/fhir/StructureDefinition/patient-importance': 'singles out who is known to the public',
  'http://hl7.org/fhir/StructureDefinition/geolocation': 'numbers that lead to a door',
  'https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code':
    'a commune, which may be a hamlet; of an address the département stays',
  'https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-person-birth-place':
    'where a professional was born',
}

/** Types about a person, of whom a date may say when they were born or where they were. */
export const datesOfPersons: ReadonlySet<string> = new Set([
  ...['Patient', 'Person', 'RelatedPerson', 'Practitioner', 'FamilyMemberHistory'],
])

/** Values that stay wherever the extension is not sealed by name. */
export const codedValues: ReadonlySet<string> = new Set([
  ...['boolean', 'integer', 'positiveInt', 'unsignedInt', 'decimal', 'code', 'Coding', 'CodeableConcept'],
  ...['Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money', 'Range', 'Ratio', 'Reference'],
])

/** Values that stay where dates do. */
export const datedValues: ReadonlySet<string> = new Set([
  ...['date', 'dateTime', 'instant', 'time', 'Period', 'Timing'],
])

/**
 * How far an extension is sealed. Its dates stay when its definition is at hand, so that somebody has said
 * what they are of, and the resource is not about a person: else they may be of a birth.
 *
 * @param url of an extension inside another one it may be a mere name: then it is as known as that one
 * @param within the type of the resource; of a contained one, its own
 * @param around what holds for the extension around it
 */
export function extensionSplit(
  url: Json | undefined,
  within: string,
  around: ExtensionSplit | undefined,
): ExtensionSplit {
  if (typeof url !== 'string') return 'url'
  if (Object.hasOwn(sealedExtensions, url)) return 'url'
  if (around !== undefined && !url.includes(':')) return around
  return byCanonical.has(url) && !datesOfPersons.has(within) ? 'dates' : 'codes'
}

/** The rules of an extension by JSON property name; a name that is not there is sealed. */
export function extensionRules(extent: ExtensionSplit): ReadonlyMap<string, SplitRule> {
  return rules[extent]
}

const rules: Readonly<Record<ExtensionSplit, ReadonlyMap<string, SplitRule>>> = {
  url: new Map([['url', 'keep']]),
  codes: rulesOf((type) => codedValues.has(type)),
  dates: rulesOf((type) => codedValues.has(type) || datedValues.has(type)),
}

function rulesOf(stays: (type: string) => boolean): ReadonlyMap<string, SplitRule> {
  const properties = [...typeDefinition('Extension').properties.values()]
  return withPrimitiveExtensions(properties, (property) => ruleOf(property, stays))
}

function ruleOf({ name, type, primitive }: PropertyDefinition, stays: (type: string) => boolean): SplitRule {
  if (name === 'url') return 'keep'
  if (name === 'extension') return 'extension'
  if (!stays(type)) return 'seal'
  return primitive ? 'keep' : { type }
}
