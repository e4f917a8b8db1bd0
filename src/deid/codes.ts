import { byCanonical } from '../fhir/definitions.ts'
import { atc, frenchCodes, icd10 } from './french-codes.ts'

/**
 * Which codes may leave. A local system can hold a name where the code should be, so a code goes out
 * only when it is a member of a list HL7 publishes whole, or looks like a code of its system.
 */

const systems = new Map<string, ReadonlySet<string> | undefined>()

/** The shape of the codes of systems that HL7 does not publish as a list. Case as the system writes it. */
const shapes: ReadonlyMap<string, RegExp> = new Map([
  ['http://snomed.info/sct', /^[1-9]\d{5,17}$/],
  ['http://loinc.org', /^(?:\d{1,7}|L[APG]\d{1,7})-\d$/],
  ['http://hl7.org/fhir/sid/icd-10', icd10],
  ['http://hl7.org/fhir/sid/icd-10-cm', /^[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?$/],
  ['http://hl7.org/fhir/sid/icd-9-cm', /^[EV]?\d{2,4}(?:\.?\d{1,2})?$/],
  ['http://www.whocc.no/atc', atc],
  ['http://www.nlm.nih.gov/research/umls/rxnorm', /^\d{1,8}$/],
  ['http://hl7.org/fhir/sid/ndc', /^\d{4,6}-\d{3,4}-\d{1,2}$|^\d{11}$/],
  ['http://hl7.org/fhir/sid/cvx', /^\d{1,3}$/],
  ['http://dicom.nema.org/resources/ontology/DCM', /^(?:[A-Z]{2,8}|\d{6})$/],
  ['http://www.radlex.org', /^RP?ID\d{1,6}$/],
  ['urn:iso:std:iso:11073:10101', /^\d{1,8}$/],
  ...frenchCodes,
])

/**
 * For systems of the allow-list that we know nothing else about: ASCII, no white space, at most three
 * words of at most eight letters. The allow-list is what keeps a free-text system out; this catches the rest.
 */
const unknownShape = /^[A-Za-z0-9]{1,20}(?:[._:/+-][A-Za-z0-9]{1,20}){0,5}$/
const longestWord = /[A-Za-z]{9}/

/**
 * Whether a code looks like one of its system.
 *
 * @returns false for white space, more than 64 characters, and codes that a system published whole lacks
 */
export function isCodeOf(system: string, code: string): boolean {
  if (code.length > 64) return false
  const members = codesOfSystem(system)
  if (members) return members.has(code)
  const shape = shapes.get(system)
  return shape ? shape.test(code) : unknownShape.test(code) && !longestWord.test(code)
}

/** The whole-list systems and those whose codes have a known shape: a fair start for a permit's allow-list. */
export const knownCodeSystems: ReadonlySet<string> = new Set([
  ...shapes.keys(),
  ...[...byCanonical.keys()].filter((url) => codesOfSystem(url) !== undefined),
])

interface Concept {
  readonly code: string
  readonly concept?: readonly Concept[]
}

/** All codes of a system the definitions hold whole; undefined when they hold none or a part of it. */
function codesOfSystem(system: string): ReadonlySet<string> | undefined {
  if (!systems.has(system)) systems.set(system, readSystem(system))
  return systems.get(system)
}

function readSystem(system: string): ReadonlySet<string> | undefined {
  const found = byCanonical.get(system)
  if (found?.resourceType !== 'CodeSystem' || found['content'] !== 'complete') return undefined
  return new Set(flatten(found['concept'] as readonly Concept[] | undefined))
}

function flatten(concepts: readonly Concept[] = []): string[] {
  return concepts.flatMap((concept) => [concept.code, ...flatten(concept.concept)])
}
