import fc from 'fast-check'
import { setAddedParameters, typeDefinition, type SearchParameter } from '../../src/fhir/definitions.ts'
import { Decimal, parseJson, stringifyJson, type Json, type Resource } from '../../src/fhir/json.ts'
import {
  decodeFragments,
  encodeFragments,
  join,
  split,
  type ReferenceSplit,
} from '../../src/identity/split.ts'
import { isBlind } from '../../src/resources/blind-parameters.ts'
import { sealedExtensions } from '../../src/resources/extension-split.ts'

const core = 'http://hl7.org/fhir/StructureDefinition'
const unknown = 'http://example.org/extension'

const keepLocal: ReferenceSplit = (text) =>
  /^[A-Z]\w+\/[\w.-]+$/.test(text) ? { clear: text, restored: true } : undefined

/** What lies in clear, once it has been seen that what was written comes back. */
function clearOf(resource: Json): string {
  const { clear, fragments } = split(resource as Resource, keepLocal)
  expect(join(clear, decodeFragments(encodeFragments(fragments)))).toBe(stringifyJson(resource))
  expect(() => parseJson(clear)).not.toThrow()
  return clear
}

const condition = (extension: Json) => ({ resourceType: 'Condition', extension })
const extensionsOf = (resource: Json) => (parseJson(clearOf(resource)) as { extension: Json }).extension

describe('the identity split of an extension', () => {
  it('keeps codes, numbers, booleans and local references, without the words beside them', () => {
    const kept: Record<string, [written: Json, clear: Json]> = {
      valueBoolean: [true, true],
      valueCode: ['abc', 'abc'],
      valueInteger: [3, 3],
      valuePositiveInt: [3, 3],
      valueUnsignedInt: [0, 0],
      valueDecimal: [new Decimal('1.50'), new Decimal('1.50')],
      valueCoding: [
        { system: 'http://loinc.org', code: '718-7', display: 'word' },
        { system: 'http://loinc.org', code: '718-7' },
      ],
      valueCodeableConcept: [
        { coding: [{ code: 'a', display: 'word' }], text: 'word' },
        { coding: [{ code: 'a' }] },
      ],
      valueQuantity: [
        { value: 3, unit: 'word', code: 'mg' },
        { value: 3, code: 'mg' },
      ],
      valueAge: [
        { value: 3, code: 'a' },
        { value: 3, code: 'a' },
      ],
      valueCount: [{ value: 3 }, { value: 3 }],
      valueDistance: [
        { value: 3, code: 'm' },
        { value: 3, code: 'm' },
      ],
      valueDuration: [
        { value: 3, code: 'd' },
        { value: 3, code: 'd' },
      ],
      valueMoney: [
        { value: 3, currency: 'EUR' },
        { value: 3, currency: 'EUR' },
      ],
      valueRange: [{ low: { value: 3 } }, { low: { value: 3 } }],
      valueRatio: [{ numerator: { value: 3 } }, { numerator: { value: 3 } }],
      valueReference: [
        { reference: 'Location/one', display: 'word', identifier: { value: 'word' } },
        { reference: 'Location/one' },
      ],
    }
    const all = [...typeDefinition('Extension').properties.values()].filter(
      ({ choice }) => choice === 'value',
    )
    expect(all.length).toBe(50)
    for (const { name } of all) {
      const [written, clear] = kept[name] ?? [
        name.endsWith('Timing') ? { event: ['2024'] } : 'word',
        undefined,
      ]
      const found = extensionsOf(condition([{ url: unknown, [name]: written }]))
      const left = { url: unknown, ...(clear === undefined ? {} : { [name]: clear }) }
      expect(stringifyJson(found)).toBe(stringifyJson([left]))
    }
  })

  it('keeps a date where its definition is at hand and the resource is not about a person', () => {
    const dated = (url: string) => [
      { url, valueDateTime: '2024-05-06' },
      { url, valuePeriod: { start: '2024-05-06' } },
    ]
    const bare = (url: string) => [{ url }, { url }]
    const asserted = `${core}/condition-assertedDate`
    expect(extensionsOf(condition(dated(asserted)))).toEqual(dated(asserted))
    expect(extensionsOf(condition(dated(unknown)))).toEqual(bare(unknown))
    for (const resourceType of ['Patient', 'Person', 'RelatedPerson', 'Practitioner', 'FamilyMemberHistory'])
      expect(extensionsOf({ resourceType, extension: dated(asserted) })).toEqual(bare(asserted))
    const contained = [{ resourceType: 'Patient', extension: dated(asserted) }]
    const around = { ...condition(dated(asserted)), contained }
    expect(clearOf(around).match(/2024/g)).toHaveLength(2)
  })

  it('seals what tells who somebody is, whatever the type of its value', () => {
    for (const url of Object.keys(sealedExtensions)) {
      const inside = [{ url: 'latitude', valueDecimal: new Decimal('48.1147') }]
      const written = [
        { url, valueCode: 'word' },
        { url, extension: inside },
      ]
      expect(extensionsOf({ resourceType: 'Patient', extension: written })).toEqual([{ url }, { url }])
    }
  })

  it('goes by what is around it where its URL is a mere name', () => {
    const nationality = (url: string) => {
      const period = { url: 'period', valuePeriod: { start: '2024' } }
      return [
        { url, extension: [{ url: 'code', valueCode: 'FRA' }, { url: 'word', valueString: 'word' }, period] },
      ]
    }
    const clear = (url: string, ...period: Json[]) => [
      {
        url,
        extension: [
          { url: 'code', valueCode: 'FRA' },
          { url: 'word' },
          { url: 'period', ...(period[0] as object) },
        ],
      },
    ]
    const known = `${core}/patient-nationality`
    expect(extensionsOf(condition(nationality(known)))).toEqual(
      clear(known, { valuePeriod: { start: '2024' } }),
    )
    expect(extensionsOf(condition(nationality(unknown)))).toEqual(clear(unknown))
    expect(extensionsOf({ resourceType: 'Patient', extension: nationality(known) })).toEqual(clear(known))
  })

  it('is the same for a modifierExtension and for one in a datatype or a backbone element', () => {
    const extension = [
      { url: unknown, valueCode: 'abc', _valueCode: { id: 'word' } },
      { url: unknown, id: 'word', valueString: 'word' },
    ]
    const clear =
      '[{"url":"http://example.org/extension","valueCode":"abc","_valueCode":{}},{"url":"http://example.org/extension"}]'
    expect(clearOf({ resourceType: 'Condition', modifierExtension: extension })).toContain(
      `"modifierExtension":${clear}`,
    )
    expect(clearOf({ resourceType: 'Condition', code: { extension } })).toContain(
      `"code":{"extension":${clear}}`,
    )
    expect(clearOf({ resourceType: 'Condition', stage: [{ extension }] })).toContain(
      `"stage":[{"extension":${clear}}]`,
    )
  })

  it('of a primitive goes the way of the primitive: sealed with it, or by the same rules', () => {
    const extension = [{ url: unknown, valueCode: 'abc' }]
    const patient = {
      resourceType: 'Patient',
      _gender: { extension },
      birthDate: '1937-11-23',
      _birthDate: { extension },
      name: [{ _family: { extension } }],
      _active: { id: 'word', extension },
    }
    expect(parseJson(clearOf(patient))).toEqual({
      ...{ resourceType: 'Patient', _gender: { extension }, birthDate: '1937' },
      _active: { extension },
    })
    const listed = {
      resourceType: 'Condition',
      meta: { profile: [null, 'http://a'], _profile: [{ extension }, null] },
    }
    expect(clearOf(listed)).toBe(stringifyJson(listed))
  })

  it('leaves nothing of a stored Bundle, nor of Parameters', () => {
    const extension = [{ url: unknown, valueCode: 'abc' }]
    expect(clearOf({ resourceType: 'Bundle', type: 'collection', entry: [{ extension }] })).not.toContain(
      'abc',
    )
    expect(clearOf({ resourceType: 'Parameters', parameter: [{ name: 'one', extension }] })).not.toContain(
      'abc',
    )
  })

  it('gives back a row that was laid down when extensions were sealed whole', () => {
    const clear = '{"resourceType":"Condition","code":{}}'
    const fragments = [
      { at: 27, drop: 0, text: ',"extension":[{"url":"http://example.org/extension","valueCode":"abc"}]' },
    ]
    expect(join(clear, decodeFragments(encodeFragments(fragments)))).toBe(
      stringifyJson({ ...condition([{ url: unknown, valueCode: 'abc' }]), code: {} }),
    )
  })

  it('gives any tree of extensions back as it was written, and leaves no word of it in clear', () => {
    fc.assert(
      fc.property(
        fc.array(extension, { maxLength: 4 }),
        fc.constantFrom('Condition', 'Patient'),
        (all, resourceType) => {
          expect(clearOf({ resourceType, extension: all, _language: { extension: all } })).not.toMatch(
            /word|1937/,
          )
        },
      ),
    )
  })
})

it('a search parameter that reads an extension is answered from the vault, coded or not', () => {
  const parameter = (code: string, expression: string): SearchParameter => ({
    ...{ url: `http://example.org/${code}`, code, base: ['Patient'], type: 'token', expression },
    ...{ target: [], component: [] },
  })
  const added = [
    parameter('plain', 'Patient.extension.value as Coding'),
    parameter('named', 'Patient.extension.valueCoding'),
    parameter('of-one', `Patient.extension('${unknown}').value as Coding`),
    parameter('bare', `address.extension.where(url='${unknown}').value`),
  ]
  setAddedParameters([...added, parameter('sex', 'Patient.gender')])
  for (const { code } of added) expect([code, isBlind('Patient', code)]).toEqual([code, true])
  expect(isBlind('Patient', 'sex')).toBe(false)
  setAddedParameters(added.map((one) => ({ ...one, state: 'ready' })))
  for (const { code } of added) expect([code, isBlind('Patient', code)]).toEqual([code, true])
})

const urls = [unknown, `${core}/condition-assertedDate`, `${core}/geolocation`, 'part']
const values: [name: string, value: Json][] = [
  ...(['valueString', 'valueUri', 'valueId', 'valueMarkdown'] as const).map((name): [string, Json] => [
    name,
    'word',
  ]),
  ['valueDecimal', new Decimal('1.0e2')],
  [
    'valueCodeableConcept',
    { text: 'word', coding: [{ display: 'word', code: 'a', _display: { id: 'word' } }] },
  ],
  ['valueHumanName', { family: 'word', _family: { extension: [{ url: 'part', valueCode: 'word' }] } }],
  ['valueReference', { display: 'word', reference: 'urn:word', type: 'Patient' }],
  ['valueAnnotation', { time: '1937', text: 'word' }],
]
/** The tree of an extension, with the word wherever text may stand. */
const { extension } = fc.letrec<{ extension: Json }>((tie) => ({
  extension: fc.oneof(
    { depthSize: 'small' },
    fc
      .tuple(fc.constantFrom(...urls), fc.constantFrom(...values))
      .map(([url, [name, value]]): Json => ({ url, [name]: value })),
    fc
      .tuple(fc.constantFrom(...urls), fc.array(tie('extension'), { maxLength: 3 }), fc.boolean())
      .map(([url, inner, isFirst]): Json =>
        isFirst ? { extension: inner, url, id: 'word' } : { id: 'word', url, extension: inner },
      ),
  ),
}))
