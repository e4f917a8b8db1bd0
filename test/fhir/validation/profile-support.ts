import type { Json, JsonObject } from '../../../src/fhir/json.ts'
import { byCanonical } from '../../../src/fhir/definitions.ts'
import { Profiles } from '../../../src/fhir/validation/profile-tree.ts'
import { validateProfile } from '../../../src/fhir/validation/validate-profile.ts'

export const base = 'https://example.org/StructureDefinition/'

/** A profile with a differential alone, as it is written by hand. */
export function profile(
  name: string,
  type: string,
  elements: readonly { path: string; [member: string]: unknown }[],
  more: object = {},
) {
  return {
    ...{ resourceType: 'StructureDefinition', url: base + name, name, type, kind: 'resource' },
    ...{ derivation: 'constraint', baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}` },
    differential: { element: elements },
    ...more,
  }
}

/** The definitions of the packages, and these beside them. */
export function profilesWith(...definitions: readonly { url: string }[]): Profiles {
  const own = new Map(definitions.map((one) => [one.url, one]))
  return new Profiles((url) => own.get(url) ?? byCanonical.get(url))
}

/**
 * What a resource is told against the first of the profiles: `severity code expression`, each once, sorted.
 * That a narrative is missing is not among them.
 */
export function told(resource: JsonObject, ...definitions: readonly { url: string }[]): string[] {
  const [first] = definitions
  const against = first ? [first.url] : []
  const issues = validateProfile(resource, { against, profiles: profilesWith(...definitions) })
  const lines = issues
    .filter(({ diagnostics }) => !diagnostics.includes('(dom-6)'))
    .map(({ severity, code, expression }) => `${severity} ${code} ${expression?.[0]}`)
  return [...new Set(lines)].sort()
}

export const observation: JsonObject = {
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
  subject: { reference: 'Patient/1' },
}

export const quantity = (value: Json, code: string): JsonObject => ({
  ...{ value, unit: code, code },
  system: 'http://unitsofmeasure.org',
})
