import { isCodeOf, knownCodeSystems } from '../../src/deid/codes.ts'
import { countryCode, departement } from '../../src/deid/place.ts'
import { inYears, isUcum, isUnit } from '../../src/deid/unit.ts'

describe('a code of its system', () => {
  it.each([
    ['http://snomed.info/sct', '38341003'],
    ['http://loinc.org', '718-7'],
    ['http://loinc.org', 'LA6576-8'],
    ['http://hl7.org/fhir/sid/icd-10', 'I10'],
    ['http://hl7.org/fhir/sid/icd-10', 'C50.9'],
    ['http://www.whocc.no/atc', 'C09AA05'],
    ['http://dicom.nema.org/resources/ontology/DCM', 'CT'],
    ['http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory'],
    ['https://chu.example/codes', 'NFS'],
    ['https://chu.example/codes', 'HB-12.3'],
  ])('%s|%s is one', (system, code) => expect(isCodeOf(system, code)).toBe(true))

  it.each([
    ['http://snomed.info/sct', 'Dupont'],
    ['http://loinc.org', '718'],
    ['http://hl7.org/fhir/sid/icd-10', 'Dupont'],
    ['http://dicom.nema.org/resources/ontology/DCM', 'Dupont'],
    ['http://terminology.hl7.org/CodeSystem/observation-category', 'dupont'],
    ['https://chu.example/codes', 'Jean Dupont'],
    ['https://chu.example/codes', ' '],
    ['https://chu.example/codes', ''],
    ['https://chu.example/codes', 'NFS\n'],
    ['https://chu.example/codes', 'appendicite'],
    ['https://chu.example/codes', 'Hervé'],
    ['https://chu.example/codes', '1'.repeat(65)],
  ])('%s|%j is none', (system, code) => expect(isCodeOf(system, code)).toBe(false))

  it('is known of the systems HL7 publishes whole and of the great terminologies', () => {
    expect(knownCodeSystems.has('http://terminology.hl7.org/CodeSystem/v3-ActCode')).toBe(true)
    expect(knownCodeSystems.has('http://snomed.info/sct')).toBe(true)
    expect(knownCodeSystems.has('https://chu.example/codes')).toBe(false)
  })
})

describe('a unit', () => {
  it.each([
    ...[
      'mg/dL',
      'mmol/L',
      'mm[Hg]',
      '{score}',
      'kg',
      'kg/m2',
      'fL',
      '%',
      '10*3/uL',
      '10*12/L',
      'U/L',
      'mL/min/{1.73_m2}',
    ],
    ...[
      '/min',
      '{beats}/min',
      'Cel',
      '[in_i]',
      '[lb_av]',
      'meq/L',
      'ug/kg/min',
      '[IU]/mL',
      'm[IU]/L',
      'mo',
      'a',
      'g/cm-2',
    ],
    ...[
      '{INR}',
      'mm/h',
      'nmol/L',
      'pg',
      'ng/mL',
      'mosm/kg',
      '1',
      '[pH]',
      'cm[H2O]',
      'kPa',
      'L/min',
      'mg/g{creat}',
    ],
  ])('%s is UCUM', (text) => expect(isUcum(text)).toBe(true))

  it.each([
    'Dupont',
    'dupont',
    'Marie',
    'Lea',
    '{Dupont}',
    'mg{Dupont}',
    'mg Dupont',
    'mg/Dupont',
    '',
    ' ',
    'mg\n',
    '1850578006048',
    'kg/',
  ])('%j is none', (text) => {
    expect(isUcum(text)).toBe(false)
    expect(isUnit(text)).toBe(false)
  })

  it.each(['mmHg', 'ans', '°C', 'UI/L', 'G/L', 'beats/minute', 'jours', 'µmol/L'])(
    '%s is printed so',
    (text) => expect(isUnit(text)).toBe(true),
  )

  it('measures an age in years, months, weeks, days or hours', () => {
    expect(['a', 'ans', 'mo', 'wk', 'd', 'h', 'mg'].map((unit) => inYears(unit)?.toFixed(4))).toEqual([
      '1.0000',
      '1.0000',
      '0.0833',
      '0.0192',
      '0.0027',
      '0.0001',
      undefined,
    ])
  })
})

describe('a place', () => {
  it.each([
    ['FR', 'FR'],
    ['fr', 'FR'],
    ['FRA', 'FR'],
    ['France', 'FR'],
    ['Allemagne', 'DE'],
    ['Germany', 'DE'],
    ['US', 'US'],
    ['Dupont', undefined],
    ['ZZ', undefined],
    ['', undefined],
  ])('in %j is in the country %p', (text, code) => expect(countryCode(text)).toBe(code))

  it.each([
    ['35000', '35'],
    ['01000', '01'],
    ['20090', '20'],
    ['2A', '20'],
    ['97411', '97'],
    ['974', '97'],
    ['98', '98'],
    ['00000', undefined],
    ['96000', undefined],
    ['3999', undefined],
    ['35000 Rennes', undefined],
  ])('with the postal code %j is in the département %p', (text, code) => expect(departement(text)).toBe(code))
})
