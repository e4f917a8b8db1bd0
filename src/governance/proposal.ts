/**
 * What a data access request asks for, and a permit then allows: purpose, people, cohort, data, end.
 * Searches are text here, as people wrote them; `data-definition.ts` reads them.
 */
export interface Proposal {
  readonly title: string
  readonly purpose: string
  readonly purposeCategory: PurposeCategory
  /** user ids of the people who will work with the data */
  readonly people: readonly string[]
  /** OAuth clients that may call the research base */
  readonly clientIds: readonly string[]
  /** searches on Patient, ANDed: `Patient?gender=female`; a bare `Patient` says everyone */
  readonly cohort: readonly string[]
  readonly data: readonly ProposedData[]
  /** of the data, by each type's clinical date; both days belong to it */
  readonly period?: { readonly start?: string; readonly end?: string }
  readonly freeText: boolean
  /** last day of the permit, `2027-06-30`, in the hospital's zone */
  readonly expiresOn: string
}

/** One resource type with the reason why it is needed (CNIL référentiel 5.4). */
export interface ProposedData {
  readonly type: string
  /** searches on that type, ORed: `Observation?category=laboratory` */
  readonly typeFilters: readonly string[]
  /** root elements by their FHIR names; absent: all that the de-identification rules let out */
  readonly elements?: readonly string[]
  readonly justification: string
}

export const purposeCategories = [
  'scientific-research',
  'care-evaluation',
  'quality-and-safety',
  'public-health',
  'hospital-planning',
  'teaching',
] as const
export type PurposeCategory = (typeof purposeCategories)[number]

/** Purposes that no committee can allow (CNIL référentiel 3.1.4): known, so that the refusal says why. */
export const refusedPurposes = ['product-promotion', 'insurance-exclusion', 'insurance-pricing'] as const

/** One text for equal proposals, whatever the order of members: what is hashed as evidence, and kept. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
