/**
 * Shapes of the codes in French hospitals' data, under every URI their terminologies go by: none of them is
 * in HL7's package, so a code cannot be looked up.
 *
 * URIs: the CodeSystem resources of the Agence du numérique en santé (`https://smt.esante.gouv.fr/…`, also
 * met with a slash at the end), the OIDs of CI-SIS, the medication guide of HL7 France for UCD, and HL7's
 * `icd-10-[x]` for the national edition. Shapes: what each terminology says of its codes, named beside it.
 */

/**
 * WHO ICD-10; ATIH's CIM-10 for PMSI adds up to two characters, `+` holding an empty place, and leaves the
 * point out at times: `I10`, `J45.9`, `I841`, `M62.8+0`. No letter after the first one but the placeholder x.
 */
export const icd10 = /^[A-Z]\d{2}(?:\.?[0-9Xx+]{1,5})?\*?$/

/** WHO ATC, from group to substance: `C`, `C09`, `C09AA05`. */
export const atc = /^[A-Z](?:\d{2}(?:[A-Z](?:[A-Z](?:\d{2})?)?)?)?$/

/**
 * CCAM (Assurance maladie): topography, action and approach in four letters, three digits; ATIH adds an
 * extension, bills an activity and a phase: `ZBQK002`, `HFFC0044`, `HFFC004-01`, `HFFC004-1-0`.
 */
const ccam = /^[A-Z]{4}\d{3}(?:-?\d(?:-?\d)?)?$/

/** NABM (Assurance maladie): acts have four digits, the first may be 0; its chapters are nobody's result. */
const nabm = /^\d{4}$/

/** CIS (ANSM): eight digits, the first is 6. */
const cis = /^6\d{7}$/

/** CIP, a package (arrêté of 30 December 2021, annex): 13 digits from 3400, 34008 aside; before 2009, seven. */
const cip = /^3400[0-79]\d{8}$|^[2-6]\d{6}$/

/** UCD, what a hospital dispenses (the same annex): 13 digits from 34008; before, seven from 9. */
const ucd = /^34008\d{8}$|^9\d{6}$/

const ans = (name: string) => [`https://smt.esante.gouv.fr/${name}`, `https://smt.esante.gouv.fr/${name}/`]

const urisOf: readonly (readonly [shape: RegExp, uris: readonly string[]])[] = [
  // 1.2.250.1.213.2.5 is the older one of CCAM's two OIDs and still common
  [ccam, [...ans('terminologie-ccam'), 'urn:oid:1.2.250.1.215.300.1', 'urn:oid:1.2.250.1.213.2.5']],
  [nabm, [...ans('terminologie-nabm'), 'urn:oid:1.2.250.1.215.300.2']],
  [icd10, [...ans('terminologie-cim-10'), 'http://hl7.org/fhir/sid/icd-10-fr']],
  [icd10, ['urn:oid:2.16.840.1.113883.6.3', 'urn:oid:1.2.250.1.213.2.67']],
  [atc, [...ans('terminologie-atc'), 'urn:oid:2.16.840.1.113883.6.73']],
  [cis, ['urn:oid:1.2.250.1.213.2.3.1']],
  [cip, ['urn:oid:1.2.250.1.213.2.3.2']],
  [ucd, ['http://data.esante.gouv.fr/ansm/medicament/UCD', 'urn:oid:1.2.250.1.213.2.61']],
  // the database of medicines holds specialities and their packages; the other one packages and units
  [either(cis, cip), ans('terminologie-bdpm')],
  [either(cip, ucd), ans('terminologie-cip_ucd')],
]

function either(one: RegExp, other: RegExp): RegExp {
  return new RegExp(`${one.source}|${other.source}`)
}

/** By code system URI. */
export const frenchCodes: ReadonlyMap<string, RegExp> = new Map(
  urisOf.flatMap(([shape, uris]) => uris.map((uri) => [uri, shape] as const)),
)
