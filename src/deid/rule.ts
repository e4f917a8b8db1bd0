/**
 * The rule codes of de-identification, and the constants the tables are written with. They follow
 * `rules.ts`, where each resource type has its table.
 */
export type Rule =
  /** keep: numbers, booleans, quantities, and codes whose required value set can be listed */
  | { readonly rule: 'K'; readonly always?: true }
  /** drop */
  | { readonly rule: 'D' }
  /** free text: dropped, too, until a permit can grant it */
  | { readonly rule: 'T' }
  /** generalise: a birth date to its year, capped at 90; an address to country and département */
  | { readonly rule: 'G' }
  /** project pseudonym: DICOM UIDs as `2.25.…`; SOP classes that are not DICOM's own */
  | { readonly rule: 'P' }
  /** shift by the patient's offset, precision kept */
  | { readonly rule: 'S' }
  /** codings of allowed systems with regenerated display; `masked`: says so when none is left */
  | { readonly rule: 'C'; readonly masked?: true; readonly always?: true }
  /** re-point at the pseudonym of the target; `about`: the resource goes only where its target goes */
  | { readonly rule: 'R'; readonly masked?: true; readonly about?: true }
  /** a backbone element or Dosage: its own table */
  | { readonly rule: 'within'; readonly table: Table }

export type Table = Readonly<Record<string, Rule>>

export const K: Rule = { rule: 'K' }
export const D: Rule = { rule: 'D' }
export const G: Rule = { rule: 'G' }
export const P: Rule = { rule: 'P' }
export const S: Rule = { rule: 'S' }
export const C: Rule = { rule: 'C' }
export const T: Rule = { rule: 'T' }
export const R: Rule = { rule: 'R' }
/** Stay whatever elements the permit names: without them a resource says the opposite of what was meant. */
export const KAlways: Rule = { rule: 'K', always: true }
export const CAlways: Rule = { rule: 'C', always: true }
/** Mandatory in FHIR: without an allowed coding or target the element says `masked` (data-absent-reason). */
export const COrMasked: Rule = { rule: 'C', masked: true }
export const ROrMasked: Rule = { rule: 'R', masked: true }
/** Whom the resource is about. Set and not in the release: the resource is refused. */
export const About: Rule = { rule: 'R', about: true }
export const within = (table: Table): Rule => ({ rule: 'within', table })
