import type { Json, JsonObject } from '../../../src/fhir/json.ts'
import { base, observation, profile, told } from './profile-support.ts'

type Elements = Parameters<typeof profile>[2]

const patient = (members: JsonObject): JsonObject => ({ resourceType: 'Patient', ...members })
const errors = (lines: string[]) => lines.filter((line) => line.startsWith('error'))

/** A way to tell slices apart: the profile wants exactly one item in its slice. */
interface Discrimination {
  readonly by: string
  readonly elements: Elements
  readonly inSlice: JsonObject
  readonly other: JsonObject
  readonly issue: string
}

const sliced = (path: string, type: string, discriminatorPath: string) => ({
  path,
  slicing: { discriminator: [{ type, path: discriminatorPath }], rules: 'open' },
})

const ways: readonly Discrimination[] = [
  {
    by: 'a fixed value',
    elements: [
      sliced('Patient.identifier', 'value', 'system'),
      { path: 'Patient.identifier', sliceName: 'ipp', min: 1 },
      { path: 'Patient.identifier.system', fixedUri: 'urn:ipp' },
    ],
    inSlice: { identifier: [{ system: 'urn:a' }, { system: 'urn:ipp' }] },
    other: { identifier: [{ system: 'urn:a' }] },
    issue: 'error required Patient.identifier',
  },
  {
    by: 'a pattern above the path',
    elements: [
      sliced('Patient.identifier', 'value', 'type.coding.code'),
      { path: 'Patient.identifier', sliceName: 'nir', min: 1 },
      {
        path: 'Patient.identifier.type',
        patternCodeableConcept: { coding: [{ system: 'urn:t', code: 'INS' }] },
      },
    ],
    inSlice: { identifier: [{ type: { coding: [{ system: 'urn:t', code: 'INS' }] } }] },
    other: { identifier: [{ type: { coding: [{ system: 'urn:t', code: 'PI' }] } }] },
    issue: 'error required Patient.identifier',
  },
  {
    by: 'the pattern of the item itself',
    elements: [
      sliced('Patient.name', 'pattern', '$this'),
      { path: 'Patient.name', sliceName: 'birth', min: 1, patternHumanName: { use: 'official' } },
    ],
    inSlice: { name: [{ use: 'usual' }, { use: 'official', family: 'x' }] },
    other: { name: [{ use: 'usual' }] },
    issue: 'error required Patient.name',
  },
  {
    by: 'a required binding',
    elements: [
      sliced('Patient.contact', 'value', 'gender'),
      { path: 'Patient.contact', sliceName: 'known', min: 1 },
      {
        path: 'Patient.contact.gender',
        binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' },
      },
    ],
    inSlice: { contact: [{ name: { text: 'x' }, gender: 'male' }] },
    other: { contact: [{ name: { text: 'x' } }] },
    issue: 'error required Patient.contact',
  },
  {
    by: 'whether an element exists',
    elements: [
      sliced('Patient.contact', 'exists', 'organization'),
      { path: 'Patient.contact', sliceName: 'office', min: 1 },
      { path: 'Patient.contact.organization', min: 1 },
    ],
    inSlice: { contact: [{ organization: { display: 'x' } }] },
    other: { contact: [{ name: { text: 'x' } }] },
    issue: 'error required Patient.contact',
  },
  {
    by: 'the type of a choice',
    elements: [
      sliced('Patient.deceased[x]', 'type', '$this'),
      { path: 'Patient.deceased[x]', sliceName: 'deceasedDateTime', min: 1, type: [{ code: 'dateTime' }] },
    ],
    inSlice: { deceasedDateTime: '2024' },
    other: { deceasedBoolean: true },
    issue: 'error required Patient.deceased',
  },
  {
    by: 'the type that a reference leads to',
    elements: [
      sliced('Patient.generalPractitioner', 'type', 'resolve()'),
      {
        path: 'Patient.generalPractitioner',
        sliceName: 'person',
        min: 1,
        type: [
          ...[{ code: 'Reference', targetProfile: ['http://hl7.org/fhir/StructureDefinition/Practitioner'] }],
        ],
      },
    ],
    inSlice: { generalPractitioner: [{ reference: 'Organization/1' }, { reference: 'Practitioner/1' }] },
    other: { generalPractitioner: [{ reference: 'Organization/1' }] },
    issue: 'error required Patient.generalPractitioner',
  },
  {
    by: 'the value of an extension',
    elements: [
      sliced('Patient.identifier', 'value', "extension('urn:rank').value"),
      { path: 'Patient.identifier', sliceName: 'first', min: 1 },
      { path: 'Patient.identifier.extension', sliceName: 'rank' },
      { path: 'Patient.identifier.extension.url', fixedUri: 'urn:rank' },
      { path: 'Patient.identifier.extension.value[x]', fixedInteger: 1 },
    ],
    inSlice: { identifier: [{ extension: [{ url: 'urn:rank', valueInteger: 1 }] }] },
    other: { identifier: [{ extension: [{ url: 'urn:rank', valueInteger: 2 }] }] },
    issue: 'error required Patient.identifier',
  },
  {
    by: 'the url of an extension, without being told so',
    elements: [
      { path: 'Patient.extension', sliceName: 'insured', min: 1 },
      { path: 'Patient.extension.url', fixedUri: 'urn:insured' },
    ],
    inSlice: { extension: [{ url: 'urn:insured', valueBoolean: true }] },
    other: { extension: [{ url: 'urn:other', valueBoolean: true }] },
    issue: 'error required Patient.extension',
  },
]

describe('slices are told apart by', () => {
  it.each(ways)('$by', ({ elements, inSlice, other, issue }) => {
    const definition = profile('sliced', 'Patient', elements)
    expect(errors(told(patient(inSlice), definition))).toEqual([])
    expect(errors(told(patient(other), definition))).toEqual([issue])
  })

  it('the profile of what a reference leads to, when that was sent along', () => {
    const woman = profile('woman', 'Patient', [{ path: 'Patient.gender', fixedCode: 'female' }])
    const definition = profile('mother', 'Observation', [
      sliced('Observation.focus', 'profile', 'resolve()'),
      {
        path: 'Observation.focus',
        sliceName: 'her',
        min: 1,
        type: [{ code: 'Reference', targetProfile: [woman.url] }],
      },
    ])
    const about = (gender: string): JsonObject => ({
      ...observation,
      contained: [{ resourceType: 'Patient', id: 'p', gender }],
      focus: [{ reference: '#p' }],
    })
    expect(errors(told(about('female'), definition, woman))).toEqual([])
    expect(errors(told(about('male'), definition, woman))).toEqual(['error required Observation.focus'])
  })

  it('what cannot be told is said, not guessed', () => {
    const woman = profile('woman', 'Patient', [{ path: 'Patient.gender', fixedCode: 'female' }])
    const definition = profile('mother', 'Observation', [
      sliced('Observation.focus', 'profile', 'resolve()'),
      {
        path: 'Observation.focus',
        sliceName: 'her',
        min: 1,
        type: [{ code: 'Reference', targetProfile: [woman.url] }],
      },
    ])
    expect(told({ ...observation, focus: [{ reference: 'Patient/2' }] }, definition, woman)).toEqual([
      'warning not-supported Observation.focus[0]',
    ])
  })
})

describe('a slicing', () => {
  const named = (rules: string, ordered = false): Elements => [
    { path: 'Patient.name', slicing: { discriminator: [{ type: 'value', path: 'use' }], rules, ordered } },
    { path: 'Patient.name', sliceName: 'official', max: '1' },
    { path: 'Patient.name.use', fixedCode: 'official' },
    { path: 'Patient.name', sliceName: 'usual' },
    { path: 'Patient.name.use', fixedCode: 'usual' },
  ]
  const uses = (...names: string[]) => patient({ name: names.map((use) => ({ use })) })

  it.each<[string, Elements, string[], string[]]>([
    [
      'that is closed takes no item of no slice',
      named('closed'),
      ['usual', 'old'],
      ['structure Patient.name[1]'],
    ],
    ['that is open takes it', named('open'), ['usual', 'old'], []],
    ['open at the end takes it last', named('openAtEnd'), ['usual', 'old'], []],
    [
      'open at the end takes it only last',
      named('openAtEnd'),
      ['old', 'usual'],
      ['structure Patient.name[1]'],
    ],
    [
      'that is ordered wants the order',
      named('open', true),
      ['usual', 'official'],
      ['structure Patient.name[1]'],
    ],
    ['counts in each slice', named('open'), ['official', 'official'], ['structure Patient.name']],
  ])('%s', (_, elements, given, issues) => {
    const lines = errors(told(uses(...given), profile('names', 'Patient', elements)))
    expect(lines).toEqual(issues.map((one) => `error ${one}`))
  })

  it('can be sliced again', () => {
    const again = profile(
      'again',
      'Patient',
      [
        {
          id: 'Patient.name:usual',
          path: 'Patient.name',
          sliceName: 'usual',
          slicing: { discriminator: [{ type: 'exists', path: 'period' }] },
        },
        { id: 'Patient.name:usual/dated', path: 'Patient.name', sliceName: 'usual/dated', max: '1' },
        { id: 'Patient.name:usual/dated.period', path: 'Patient.name.period', min: 1 },
      ],
      { baseDefinition: `${base}names` },
    )
    const dated: Json = { use: 'usual', period: { start: '2020' } }
    const names = profile('names', 'Patient', named('open'))
    expect(errors(told(patient({ name: [dated, { use: 'usual' }] }), again, names))).toEqual([])
    expect(errors(told(patient({ name: [dated, dated] }), again, names))).toEqual([
      'error structure Patient.name',
    ])
  })
})

describe('an extension', () => {
  const insured = profile(
    'insured',
    'Extension',
    [
      { path: 'Extension.url', fixedUri: `${base}insured` },
      { path: 'Extension.value[x]', min: 1, type: [{ code: 'boolean' }] },
    ],
    { kind: 'complex-type' },
  )
  const any = profile('any', 'Patient', [])

  it('is checked against its definition wherever it stands', () => {
    const extension = [{ url: insured.url, valueString: 'yes' }]
    expect(told(patient({ name: [{ extension }] }), any, insured)).toEqual([
      'error structure Patient.name[0].extension[0].value',
    ])
  })

  it('whose definition is not held is named, a modifier as a warning', () => {
    const unknown = [{ url: 'urn:unknown', valueBoolean: true }]
    expect(told(patient({ extension: unknown, modifierExtension: unknown }), any)).toEqual([
      'information not-supported Patient.extension[0]',
      'warning not-supported Patient.modifierExtension[0]',
    ])
  })

  it.each<[string, string, JsonObject]>([
    ['a resource', 'Patient', { extension: [{ url: insured.url, valueBoolean: true }] }],
    ['a datatype', 'HumanName', { name: [{ extension: [{ url: insured.url, valueBoolean: true }] }] }],
    [
      'an element by its path',
      'Patient.name',
      { name: [{ extension: [{ url: insured.url, valueBoolean: true }] }] },
    ],
    ['a primitive', 'date', { _birthDate: { extension: [{ url: insured.url, valueBoolean: true }] } }],
    [
      'any element',
      'Element',
      { contact: [{ name: { text: 'x' }, extension: [{ url: insured.url, valueBoolean: true }] }] },
    ],
  ])('may stand where its definition says, on %s, elsewhere it is warned of', (_, expression, members) => {
    const on = (place: string) => ({ ...insured, context: [{ type: 'element', expression: place }] })
    expect(told(patient(members), any, on(expression))).toEqual([])
    expect(told(patient(members), any, on('Observation'))).toEqual([
      expect.stringMatching(/^warning structure Patient\b.*extension\[0\]$/),
    ])
  })

  it('is not held to a binding, which it cannot have, that a profile left on it', () => {
    const binding = { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' }
    const left = profile('left', 'Patient', [
      {
        path: 'Patient.extension',
        sliceName: 'insured',
        type: [{ code: 'Extension', profile: [insured.url] }],
        binding,
      },
    ])
    expect(told(patient({ extension: [{ url: insured.url, valueBoolean: true }] }), left, insured)).toEqual(
      [],
    )
  })

  it('is demanded by the profile that names its definition', () => {
    const type = [{ code: 'Extension', profile: [insured.url] }]
    const definition = profile('sure', 'Patient', [
      { path: 'Patient.extension', sliceName: 'insured', min: 1, type },
    ])
    expect(told(patient({}), definition, insured)).toEqual(['error required Patient.extension'])
    expect(
      told(patient({ extension: [{ url: insured.url, valueBoolean: true }] }), definition, insured),
    ).toEqual([])
  })
})
