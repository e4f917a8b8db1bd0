import fc from 'fast-check'
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

const smt = 'https://smt.esante.gouv.fr'

/** Each French terminology: the URIs it goes by, a pattern its codes follow, codes that are in it. */
const terminologies = [
  {
    name: 'CCAM',
    uris: [`${smt}/terminologie-ccam`, 'urn:oid:1.2.250.1.215.300.1', 'urn:oid:1.2.250.1.213.2.5'],
    pattern: /^[A-Z]{4}[0-9]{3}(-0[1-9]|[1-5]|-[1-5]-[0-3])?$/,
    codes: ['ZBQK002', 'HFFC0044', 'HFFC004-01', 'HFFC004-1-0'],
  },
  {
    name: 'NABM',
    uris: [`${smt}/terminologie-nabm`, 'urn:oid:1.2.250.1.215.300.2'],
    pattern: /^[0-9]{4}$/,
    codes: ['1208', '0014'],
  },
  {
    name: 'CIM-10',
    uris: [
      ...[`${smt}/terminologie-cim-10`, 'http://hl7.org/fhir/sid/icd-10'],
      ...['http://hl7.org/fhir/sid/icd-10-fr', 'urn:oid:2.16.840.1.113883.6.3', 'urn:oid:1.2.250.1.213.2.67'],
    ],
    pattern: /^[A-Z][0-9]{2}([.]?[0-9][+]?[0-9]{0,2})?$/,
    codes: ['I10', 'J45.9', 'I841', 'M62.8+0', 'E11.x0', 'G20.+0', 'F00.0*'],
  },
  {
    name: 'ATC',
    uris: ['http://www.whocc.no/atc', `${smt}/terminologie-atc`, 'urn:oid:2.16.840.1.113883.6.73'],
    pattern: /^[A-Z][0-9]{2}[A-Z]{2}[0-9]{2}$/,
    codes: ['C', 'C09', 'C09A', 'C09AA', 'C09AA05'],
  },
  {
    name: 'CIS',
    uris: ['urn:oid:1.2.250.1.213.2.3.1', `${smt}/terminologie-bdpm`],
    pattern: /^6[0-9]{7}$/,
    codes: ['63107752'],
  },
  {
    name: 'CIP',
    uris: ['urn:oid:1.2.250.1.213.2.3.2', ...[`${smt}/terminologie-bdpm`, `${smt}/terminologie-cip_ucd`]],
    pattern: /^(34009[0-9]{8}|[2-6][0-9]{6})$/,
    codes: ['3400933516390', '3351639'],
  },
  {
    name: 'UCD',
    uris: [
      ...['http://data.esante.gouv.fr/ansm/medicament/UCD', 'urn:oid:1.2.250.1.213.2.61'],
      `${smt}/terminologie-cip_ucd`,
    ],
    pattern: /^(34008[0-9]{8}|9[0-9]{6})$/,
    codes: ['3400893766521', '9376652'],
  },
].map((one) => ({
  ...one,
  uris: one.uris.flatMap((uri) => (uri.startsWith(smt) ? [uri, `${uri}/`] : [uri])),
}))

describe.each(terminologies)('a code of $name', ({ uris, pattern, codes }) => {
  it('may leave under every URI the terminology goes by', () => {
    expect(uris.filter((uri) => !knownCodeSystems.has(uri))).toEqual([])
    expect(uris.flatMap((uri) => codes.filter((code) => !isCodeOf(uri, code)))).toEqual([])
  })

  it('is recognised by its shape', () => {
    fc.assert(
      fc.property(fc.constantFrom(...uris), fc.stringMatching(pattern), (uri, code) => {
        expect(isCodeOf(uri, code)).toBe(true)
      }),
    )
  })

  it('is no name, in whatever case, with digits or a code before or after it', () => {
    // `C09` and two letters may be a code of ATC, `I10` and x one of ICD-10
    const letters = fc.stringMatching(/^[A-Za-zÀ-ÖØ-öø-ÿ]{3,12}$/).filter((name) => !/^x+$/i.test(name))
    const around = fc.constantFrom('', '1', '75', ' ', '-', '.', ...codes)
    fc.assert(
      fc.property(fc.constantFrom(...uris), around, letters, around, (uri, before, name, after) => {
        expect(isCodeOf(uri, before + name + after)).toBe(false)
      }),
    )
  })

  it('is no NIR, IPP, RPPS or telephone number', () => {
    const numbers = [
      /^[12][0-9]{12}$/,
      /^[12][0-9]{14}$/,
      /^80[0-9]{8}$/,
      /^899[0-9]{8}$/,
      /^0[1-9][0-9]{8}$/,
    ]
    const number = fc.oneof(...numbers.map((form) => fc.stringMatching(form)))
    fc.assert(
      fc.property(fc.constantFrom(...uris), number, (uri, text) => {
        expect(isCodeOf(uri, text)).toBe(false)
      }),
    )
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

  it.each(['mmHg', 'ans', '°C', 'UI/L', 'G/L', 'beats/minute', 'jours', 'j', 'µmol/L', 'mL/min/1,73 m²'])(
    '%s is printed so',
    (text) => expect(isUnit(text)).toBe(true),
  )

  it('measures an age in years, months, weeks, days or hours', () => {
    expect(['a', 'ans', 'mo', 'wk', 'd', 'j', 'h', 'mg'].map((unit) => inYears(unit)?.toFixed(4))).toEqual([
      '1.0000',
      '1.0000',
      '0.0833',
      '0.0192',
      '0.0027',
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
