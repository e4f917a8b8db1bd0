/**
 * The values that random resources are made of: few, so that searches meet them, and chosen where
 * searches go wrong: letter case, accents, punctuation, clock changes, every precision, rounding, units
 * of one kind, characters that a search must escape.
 */

export const strings = [
  'Le Goff',
  'le goff',
  'Legoff',
  'Goff',
  'Jean-Rémi',
  'jean remi',
  'D’Œuvre',
  "O'Brien, Anne",
  'Müller|Strauß',
  'a\\b $c',
  'Łódź 2',
] as const

export const codes = ['718-7', 'A', 'a', 'B-1', 'b-1', 'final', 'x,y', 'p|q'] as const
export const codeSystems = ['http://loinc.org', 'http://example.org/fhir/cs', 'urn:oid:1.2.250.1'] as const
export const identifierSystems = ['urn:oid:1.2.250.1.213', 'https://hospital.example/ipp'] as const
export const identifierValues = ['A1', 'a1', 'IPP 4711', '0001', 'x,y', 'p|q', 'é$7'] as const
export const identifierTypes = ['MR', 'SB', 'NI'] as const

export const dates = [
  ...['2023', '2024', '2024-02', '2024-03', '2024-10', '1962-03-04'],
  ...['2024-02-29', '2024-03-30', '2024-03-31', '2024-10-26', '2024-10-27', '2024-12-31'],
] as const

/** Around the hours at which Paris changes its clocks, and in other zones. */
export const instants = [
  '2024-03-31T00:59:59Z',
  '2024-03-31T01:59:59.999+01:00',
  '2024-03-31T03:00:00+02:00',
  '2024-03-31T01:00:00.000Z',
  '2024-10-27T02:30:00+02:00',
  '2024-10-27T02:30:00+01:00',
  '2024-10-27T00:00:00Z',
  '2024-10-26T23:30:00.5-05:00',
  '2024-10-26T22:00:00Z',
  '2023-12-31T23:30:00Z',
  '2024-01-01T00:00:00+14:00',
  '2024-02-29T12:00:00.123Z',
] as const

export const decimals = [
  0, 1, 1.5, 1.25, 5.4, 5.35, 5.45, -3, 0.001, 99.5, 100, 100.5, 1000, 37, 310.15,
] as const
export const integers = [1, 2, 3, 5, 10, 100] as const

export const ucum = 'http://unitsofmeasure.org'
/** masses, concentrations, temperatures, lengths, times, and a number of nothing */
export const ucumUnits = [
  'g',
  'mg',
  'kg',
  'mmol/L',
  'mol/L',
  'Cel',
  'K',
  'cm',
  'm',
  'a',
  'd',
  'h',
  '{score}',
] as const
export const localUnits = 'urn:oid:1.2.250.1.9'

export const uris = [
  'http://example.org/fhir',
  'http://example.org/fhir/a',
  'http://example.org/fhir/a/b',
  'http://example.org/fhir/ab',
  'http://example.org/FHIR/a',
  'urn:oid:1.2.3.4',
] as const
export const canonicals = [...uris.slice(0, 4), `${uris[1]}|1`, `${uris[1]}|2`] as const

export const points = [
  [48.1173, -1.6778],
  [48.1212, -1.7103],
  [47.2184, -1.5536],
  [-33.8688, 151.2093],
  [0, 179.9],
  [0, -179.9],
] as const

/** Flat ones, nested ones, one of two systems */
export const valueSets = [
  'http://hl7.org/fhir/ValueSet/administrative-gender',
  'http://hl7.org/fhir/ValueSet/condition-clinical',
  'http://hl7.org/fhir/ValueSet/observation-status',
  'http://hl7.org/fhir/ValueSet/common-tags',
] as const
