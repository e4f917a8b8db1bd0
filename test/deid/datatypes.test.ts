import { Decimal, type Json } from '../../src/fhir/json.ts'
import { become, hemoglobin, local, loinc, masked, typed } from './readable.ts'

describe('datatypes (C1)', () => {
  it.each<[string, string, Json, Json | undefined]>([
    [
      'a CodeableConcept keeps codings of allowed systems, display made anew',
      'code',
      typed,
      { coding: [hemoglobin] },
    ],
    [
      'a CodeableConcept of unknown systems is masked where FHIR demands one',
      'code',
      local,
      { coding: [masked] },
    ],
    ['a CodeableConcept of unknown systems is dropped where it does not', 'method', local, undefined],
    [
      'a mixed one loses the unknown',
      'method',
      { coding: [...local.coding, ...typed.coding] },
      { coding: [hemoglobin] },
    ],
    ['a CodeableConcept of text alone is dropped', 'method', { text: 'Dupont' }, undefined],
    [
      'a code that its system cannot have is dropped',
      'method',
      { coding: [{ ...loinc, code: 'Dupont' }] },
      undefined,
    ],
    ['a blank code is dropped', 'method', { coding: [{ ...loinc, code: ' ' }] }, undefined],
    [
      'a Reference is re-pointed, identifier and display dropped',
      'encounter',
      { reference: 'Encounter/7', type: 'Encounter', identifier: { value: '1' }, display: 'Dupont' },
      { reference: 'Encounter/p:7' },
    ],
    [
      'a versioned Reference loses its version',
      'encounter',
      { reference: 'Encounter/7/_history/3' },
      { reference: 'Encounter/p:7' },
    ],
    [
      'an absolute Reference is dropped',
      'encounter',
      { reference: 'https://chu.example/fhir/Encounter/7' },
      undefined,
    ],
    [
      'a urn:uuid Reference is dropped',
      'encounter',
      { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' },
      undefined,
    ],
    ['a urn:oid Reference is dropped', 'encounter', { reference: 'urn:oid:1.2.3' }, undefined],
    ['a conditional Reference is dropped', 'encounter', { reference: 'Encounter?identifier=1' }, undefined],
    ['a logical Reference is dropped', 'encounter', { identifier: { value: '1' } }, undefined],
    [
      'a Reference to what is not released is dropped',
      'encounter',
      { reference: 'Encounter/out' },
      undefined,
    ],
    ['a Reference to no FHIR type is dropped', 'encounter', { reference: 'Dupont/7' }, undefined],
    ['a dangling contained Reference is dropped', 'specimen', { reference: '#s' }, undefined],
    [
      'a Quantity keeps its digits',
      'valueQuantity',
      { value: new Decimal('13.50'), unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
      { value: new Decimal('13.50'), unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
    ],
    [
      'a Quantity keeps its comparator',
      'valueQuantity',
      { value: 5, comparator: '<' },
      { value: 5, comparator: '<' },
    ],
    ['a unit that may be a name is dropped', 'valueQuantity', { value: 5, unit: 'Dupont' }, { value: 5 }],
    ['a printed unit stays', 'valueQuantity', { value: 5, unit: 'mmHg' }, { value: 5, unit: 'mmHg' }],
    [
      'a UCUM code with a foreign annotation is dropped',
      'valueQuantity',
      { value: 5, system: 'http://unitsofmeasure.org', code: '{Dupont}' },
      { value: 5 },
    ],
    ['a Quantity without a value is dropped', 'valueQuantity', { unit: 'mg' }, undefined],
    [
      'a value longer than FHIR demands is dropped',
      'valueQuantity',
      { value: new Decimal('1850578006048.18505780060481850578') },
      undefined,
    ],
    [
      'years from 90 on are 90',
      'valueQuantity',
      { value: 97, system: 'http://unitsofmeasure.org', code: 'a' },
      { value: 90, system: 'http://unitsofmeasure.org', code: 'a' },
    ],
    [
      'years under a printed unit too',
      'valueQuantity',
      { value: 97, unit: 'ans' },
      { value: 90, unit: 'ans' },
    ],
    [
      'months from 1080 on are 1080',
      'valueQuantity',
      { value: 1200, unit: 'mo' },
      { value: 1080, unit: 'mo' },
    ],
    [
      'a Range is kept by its quantities',
      'valueRange',
      { low: { value: 1, unit: 'Dupont' }, high: { value: 2 } },
      { low: { value: 1 }, high: { value: 2 } },
    ],
    [
      'a Ratio is kept whole',
      'valueRatio',
      { numerator: { value: 1 }, denominator: { value: 128 } },
      { numerator: { value: 1 }, denominator: { value: 128 } },
    ],
    [
      'a Ratio that would lose a side is dropped',
      'valueRatio',
      { numerator: { value: 1 }, denominator: { unit: 'x' } },
      undefined,
    ],
    [
      'SampledData is dropped',
      'valueSampledData',
      { origin: { value: 0 }, period: 1, dimensions: 1, data: '1 2' },
      undefined,
    ],
    ['an Annotation is dropped', 'note', [{ text: 'Dupont' }], undefined],
    ['a string is dropped', 'valueString', 'Dupont', undefined],
    ['a time of day is dropped', 'valueTime', '08:30:00', undefined],
    ['an integer is kept', 'valueInteger', 3, 3],
    ['an integer of more than 32 bits is dropped', 'valueInteger', 1850578006048, undefined],
    ['a boolean is kept', 'valueBoolean', false, false],
    ['a dateTime is shifted', 'valueDateTime', '2024-03-01T08:30:00+01:00', '2024-03-11T07:30:00Z'],
    [
      'a Period is shifted',
      'valuePeriod',
      { start: '2024-03-01', end: '2024-03' },
      { start: '2024-03-11', end: '2024-03' },
    ],
    ['an instant is shifted', 'effectiveInstant', '2024-03-01T08:30:00.125Z', '2024-03-11T08:30:00.125Z'],
    [
      'a Timing loses weekdays and hours',
      'effectiveTiming',
      {
        event: ['2024-03-01'],
        repeat: {
          frequency: 1,
          period: 1,
          periodUnit: 'wk',
          dayOfWeek: ['mon'],
          timeOfDay: ['08:00:00'],
          boundsPeriod: { start: '2024-03-01' },
        },
      },
      {
        event: ['2024-03-11'],
        repeat: { boundsPeriod: { start: '2024-03-11' }, frequency: 1, period: 1, periodUnit: 'wk' },
      },
    ],
    ['text is dropped', 'text', { status: 'generated', div: '<div>Dupont</div>' }, undefined],
    ['an extension is dropped', 'extension', [{ url: 'http://x', valueString: 'Dupont' }], undefined],
    ['a sibling of a primitive is dropped', '_status', { id: 'Dupont' }, undefined],
    ['implicitRules is dropped', 'implicitRules', 'https://chu.example/rules', undefined],
    ['a language of the list is kept', 'language', 'fr', 'fr'],
    ['another language is dropped', 'language', 'dupont', undefined],
    ['an Identifier is dropped', 'identifier', [{ system: 'urn:x', value: '1' }], undefined],
    ['a member FHIR does not know is dropped', 'dupont', 'Dupont', undefined],
    ['an object where a string belongs is dropped', 'valueDateTime', { start: 'Dupont' }, undefined],
    ['a string where an array belongs is dropped', 'category', 'Dupont', undefined],
  ])('%s', (_title, element, value, expected) => {
    expect(become('Observation', element, value)).toEqual(expected)
  })

  it('replaces meta by the security label, the permit and nothing of the source', () => {
    const meta = {
      versionId: '7',
      lastUpdated: '2024-01-01T00:00:00Z',
      source: 'urn:his',
      profile: ['https://chu.example/p'],
      tag: [{ code: 'VIP' }],
      security: [{ code: 'R' }],
    }
    expect(become('Observation', 'meta', meta)).toEqual({
      security: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
          code: 'PSEUDED',
          display: 'pseudonymized',
        },
      ],
      tag: [{ system: 'urn:coffre:permit', code: 'P1' }],
    })
  })
})
