import { codes, codeSyntax, display, expansion } from '../../../src/fhir/terminology/terminology.ts'

describe('the codes of a ValueSet', () => {
  it('are those of a whole CodeSystem when nothing narrows it', () => {
    expect([...(codes('http://hl7.org/fhir/ValueSet/administrative-gender') ?? [])]).toEqual([
      'male',
      'female',
      'other',
      'unknown',
    ])
  })

  it('do not depend on the version in the canonical', () => {
    expect(codes('http://hl7.org/fhir/ValueSet/observation-status|4.0.1')?.has('final')).toBe(true)
  })

  it('are the listed ones when compose lists them', () => {
    const labels = codes('http://hl7.org/fhir/ValueSet/yesnodontknow')
    expect(labels?.has('asked-unknown')).toBe(true) // one of many codes of data-absent-reason
    expect(labels?.has('masked')).toBe(false)
  })

  it('include those of nested value sets', () => {
    const union = codes('http://hl7.org/fhir/ValueSet/event-or-request-resource-types')
    expect(union).toEqual(
      new Set([
        ...(codes('http://hl7.org/fhir/ValueSet/event-resource-types') ?? []),
        ...(codes('http://hl7.org/fhir/ValueSet/request-resource-types') ?? []),
      ]),
    )
    expect(union?.has('Observation') && union.has('ServiceRequest')).toBe(true)
  })

  it('follow is-a through the hierarchy of v3 code systems, the ancestor included', () => {
    const classes = codes('http://terminology.hl7.org/ValueSet/v3-ActEncounterCode')
    expect(classes?.has('IMP')).toBe(true)
    expect(classes?.has('ACUTE')).toBe(true)
    expect(classes?.has('VEGAN')).toBe(false)
  })

  it('leave out what compose excludes', () => {
    // is-a _ActEncounterCode, without _ActEncounterCode itself
    expect(codes('http://terminology.hl7.org/ValueSet/v3-ActEncounterCode')?.has('_ActEncounterCode')).toBe(
      false,
    )
  })

  it('belong to their system', () => {
    const status = expansion('http://hl7.org/fhir/ValueSet/observation-status')
    expect(status?.has('http://hl7.org/fhir/observation-status', 'final')).toBe(true)
    expect(status?.has('http://example.org', 'final')).toBe(false)
    expect(status?.has(undefined, 'final')).toBe(false)
  })

  it.each([
    'http://hl7.org/fhir/ValueSet/ucum-units',
    'http://hl7.org/fhir/ValueSet/mimetypes',
    'http://hl7.org/fhir/ValueSet/condition-code',
    // nests one that is not held
    'http://hl7.org/fhir/ValueSet/action-participant-role',
    'http://example.org/ValueSet/not-held',
  ])('are not guessed where the packages do not hold them: %s', (url) => {
    expect(codes(url)).toBeUndefined()
  })
})

it('knows the syntax of MIME types, languages and currencies', () => {
  const mime = codeSyntax('http://hl7.org/fhir/ValueSet/mimetypes|4.0.1')
  expect(
    ['text/plain', 'application/fhir+json; fhirVersion=4.0', 'json'].every((code) => mime?.test(code)),
  ).toBe(true)
  expect(['plain', 'text/', '/plain', 'a/b c'].some((code) => mime?.test(code))).toBe(false)
  expect(codeSyntax('http://hl7.org/fhir/ValueSet/all-languages')?.test('fr-FR')).toBe(true)
  expect(codeSyntax('http://hl7.org/fhir/ValueSet/currencies')?.test('Euro')).toBe(false)
})

it('gives the display of a code from its CodeSystem, never one that it does not hold', () => {
  expect(display('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory')).toBe(
    'Laboratory',
  )
  expect(display('http://terminology.hl7.org/CodeSystem/observation-category', 'nothing')).toBeUndefined()
  expect(display('http://loinc.org', '718-7')).toBeUndefined()
})
