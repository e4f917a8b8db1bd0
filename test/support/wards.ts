/** The wards of an imaginary hospital as terminology, and Observations coded by them. */

interface Stored {
  readonly resourceType: string
  readonly id: string
  readonly [element: string]: unknown
}

export const wards = 'http://example.org/wards'

/** Two of its concepts are special: SURG is inactive, ALL only groups. */
export const wardSystem = {
  resourceType: 'CodeSystem',
  id: 'wards',
  url: wards,
  version: '2024',
  name: 'Wards',
  status: 'active',
  content: 'complete',
  caseSensitive: true,
  hierarchyMeaning: 'is-a',
  property: [{ code: 'beds', type: 'decimal' }],
  concept: [
    {
      code: 'MED',
      display: 'Medicine',
      definition: 'All that is no surgery',
      designation: [{ language: 'fr', value: 'Médecine' }],
      concept: [
        {
          code: 'CARD',
          display: 'Cardiology',
          designation: [{ language: 'fr-FR', value: 'Cardiologie' }],
          property: [{ code: 'beds', valueDecimal: 20.5 }],
        },
        { code: 'NEPH', display: 'Nephrology' },
      ],
    },
    { code: 'SURG', display: 'Surgery', property: [{ code: 'inactive', valueBoolean: true }] },
    { code: 'ALL', display: 'All wards', property: [{ code: 'notSelectable', valueBoolean: true }] },
  ],
}

/** MED, CARD, NEPH */
export const medicine = {
  resourceType: 'ValueSet',
  id: 'medicine',
  url: 'http://example.org/ValueSet/medicine',
  version: '1',
  status: 'active',
  compose: {
    include: [{ system: wards, filter: [{ property: 'concept', op: 'is-a', value: 'MED' }] }],
  },
}

/** Cannot be listed: LOINC is not held. */
export const mixed = {
  ...medicine,
  id: 'mixed',
  url: 'http://example.org/ValueSet/mixed',
  compose: {
    include: [{ valueSet: [medicine.url] }, { system: 'http://loinc.org' }],
  },
}

/** Excludes all that it includes. */
export const none = {
  ...medicine,
  id: 'none',
  url: 'http://example.org/ValueSet/none',
  compose: { include: medicine.compose.include, exclude: [{ system: wards }] },
}

/** An Observation with this code, and its patient `of-…`; `''`: a text instead of a code. */
export function observed(id: string, code: string, gender: string): Stored[] {
  return [
    { resourceType: 'Patient', id: `of-${id}`, gender },
    {
      resourceType: 'Observation',
      id,
      status: 'final',
      code: code === '' ? { text: 'no code' } : { coding: [{ system: wards, code }] },
      subject: { reference: `Patient/of-${id}` },
    },
  ]
}
