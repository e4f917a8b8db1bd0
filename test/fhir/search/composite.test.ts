import { resourceTypes, searchParameters } from '../../../src/fhir/definitions.ts'
import { extractParameter, isSupported } from '../../../src/fhir/search/extract.ts'
import type { IndexValue } from '../../../src/fhir/search/index-value.ts'
import { parseJson, type Resource } from '../../../src/fhir/json.ts'

const options = { zone: 'Europe/Paris', base: 'https://hospital.example/fhir' }

/** Each focus with what its components find, and whether it is the resource itself. */
function foci(code: string, resource: object): unknown[] {
  const parsed = parseJson(JSON.stringify(resource)) as Resource
  return extractParameter(parsed, code, options).map((value) => {
    if (value.kind !== 'composite') throw new TypeError('a focus expected')
    return { root: value.root, components: value.components.map((found) => found.map(short)) }
  })
}

function short(value: IndexValue): string {
  switch (value.kind) {
    case 'token':
      return `${value.parameter} ${value.system ?? ''}|${value.code ?? ''}`
    case 'reference':
      return `${value.parameter} ${value.type ?? ''}/${value.id ?? ''}`
    case 'string':
      return `${value.parameter} ${value.text}`
    case 'number':
    case 'quantity':
    case 'date':
      return `${value.parameter} ${value.low}–${value.high}`
    default:
      return value.kind
  }
}

const bloodPressure = {
  resourceType: 'Observation',
  code: { coding: [{ system: 'l', code: '85354-9', display: 'Blood pressure' }] },
  component: [
    { code: { coding: [{ system: 'l', code: '8480-6' }] }, valueQuantity: { value: 140, code: 'mm[Hg]' } },
    { code: { coding: [{ system: 'l', code: '8462-4' }] }, valueQuantity: { value: 80 } },
    { code: { coding: [{ system: 'l', code: 'x' }] }, dataAbsentReason: { text: 'unknown' } },
  ],
}

describe('A composite parameter (R4 § Search, "composite")', () => {
  it('reads its components within one focus, and passes over a focus that lacks one', () => {
    const expected = [
      { root: false, components: [['component-code l|8480-6'], ['component-value-quantity 140–140']] },
      { root: false, components: [['component-code l|8462-4'], ['component-value-quantity 80–80']] },
    ]
    expect(foci('component-code-value-quantity', bloodPressure)).toEqual(expected)
    expect(foci('code-value-quantity', bloodPressure)).toEqual([])
  })

  it('may have the resource and its parts for foci', () => {
    const resource = { ...bloodPressure, valueQuantity: { value: 7 } }
    expect(foci('combo-code-value-quantity', resource)).toEqual([
      { root: true, components: [['combo-code l|85354-9'], ['combo-value-quantity 7–7']] },
      { root: false, components: [['combo-code l|8480-6'], ['combo-value-quantity 140–140']] },
      { root: false, components: [['combo-code l|8462-4'], ['combo-value-quantity 80–80']] },
    ])
  })

  it.each([
    [
      'code-value-date',
      {
        resourceType: 'Observation',
        code: { coding: [{ code: 'a' }] },
        valueDateTime: '2024-01-01T00:00:00Z',
      },
      [['code |a'], [`value-date ${Date.UTC(2024, 0, 1)}–${Date.UTC(2024, 0, 1, 0, 0, 1)}`]],
    ],
    [
      'code-value-string',
      { resourceType: 'Observation', code: { coding: [{ code: 'a' }] }, valueString: 'Trace' },
      [['code |a'], ['value-string Trace']],
    ],
    [
      'relationship',
      {
        resourceType: 'DocumentReference',
        relatesTo: [{ code: 'replaces', target: { reference: 'DocumentReference/1' } }],
      },
      [
        ['relatesto DocumentReference/1'],
        ['relation http://hl7.org/fhir/document-relationship-type|replaces'],
      ],
    ],
    [
      'chromosome-variant-coordinate',
      {
        resourceType: 'MolecularSequence',
        referenceSeq: { chromosome: { coding: [{ code: '1' }] } },
        variant: [{ start: 5, end: 9 }],
      },
      [['chromosome |1'], ['variant-start 5–5'], ['variant-end 9–9']],
    ],
    [
      'characteristic-value',
      { resourceType: 'Group', characteristic: [{ code: { coding: [{ code: 'a' }] }, valueBoolean: true }] },
      [['characteristic |a'], ['value http://hl7.org/fhir/special-values|true']],
    ],
    [
      'context-type-value',
      {
        resourceType: 'ValueSet',
        useContext: [{ code: { code: 'venue' }, valueCodeableConcept: { coding: [{ code: 'icu' }] } }],
      },
      [['context-type |venue'], ['context |icu']],
    ],
  ])('%s', (code, resource, components) => {
    expect(foci(code, resource)).toMatchObject([{ components }])
  })

  it('is there for every type that R4 defines one for', () => {
    const composites = resourceTypes.flatMap((type) =>
      [...searchParameters(type).values()]
        .filter((parameter) => parameter.type === 'composite')
        .map(({ code }) => ({ type, code })),
    )
    expect(composites.length).toBeGreaterThan(70)
    expect(composites.filter(({ type, code }) => !isSupported(type, code))).toEqual([])
  })
})

describe('A position (R4 § Location, "near")', () => {
  const found = (position: object) =>
    extractParameter(
      parseJson(JSON.stringify({ resourceType: 'Location', position })) as Resource,
      'near',
      options,
    )

  it('is indexed in degrees, unless it lies off the globe', () => {
    expect(found({ latitude: 48.11, longitude: -1.68 })).toEqual([
      { kind: 'position', parameter: 'near', latitude: 48.11, longitude: -1.68 },
    ])
    expect(found({ latitude: 91, longitude: 0 })).toEqual([])
    expect(found({ latitude: 0, longitude: -180.5 })).toEqual([])
  })
})

describe('Search by sound (R4 § Patient, "phonetic")', () => {
  it('indexes each word of a name as it sounds', () => {
    const patient: Resource = { resourceType: 'Patient', name: [{ family: 'Le Goff', given: ['Anne'] }] }
    expect(extractParameter(patient, 'phonetic', options)).toEqual(
      ['l', 'kf', 'an'].map((text) => ({ kind: 'string', parameter: 'phonetic', text })),
    )
    const organization: Resource = { resourceType: 'Organization', name: 'CHU Rennes' }
    expect(extractParameter(organization, 'phonetic', options)).toHaveLength(2)
  })
})
