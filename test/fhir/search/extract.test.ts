import { extractParameter } from '../../../src/fhir/search/extract.ts'
import type { IndexValue } from '../../../src/fhir/search/index-value.ts'
import { parseJson, type Resource } from '../../../src/fhir/json.ts'

const options = { zone: 'Europe/Paris', base: 'https://hospital.example/fhir' }

/** What one parameter finds, without the parts that say which. */
function found(code: string, resource: object): unknown[] {
  const parsed = parseJson(JSON.stringify(resource)) as Resource
  return extractParameter(parsed, code, options).map((value) => {
    const { kind, parameter, ...rest }: IndexValue = value
    expect(parameter.split(':')[0]).toBe(code)
    return { [parameter === code ? kind : parameter]: rest }
  })
}

const ms = (iso: string) => Date.parse(iso)
const token = (system: string | undefined, code: string | undefined) => ({ token: { system, code } })
const reference = (type?: string, id?: string, url?: string) => ({ reference: { type, id, url } })

describe('Tokens (R4 § Search, "token")', () => {
  it.each([
    [
      'a Coding by system and code, in lower case',
      'code',
      {
        resourceType: 'Observation',
        code: { coding: [{ system: 'http://loinc.org', code: 'LA6-X' }, { code: 'B' }] },
      },
      [token('http://loinc.org', 'la6-x'), token(undefined, 'b')],
    ],
    [
      'a CodeableConcept of text alone as there, without a code',
      'code',
      { resourceType: 'Observation', code: { text: 'Blood' } },
      [token(undefined, undefined), { 'code:text': { text: 'Blood' } }],
    ],
    [
      'the words beside a code, for :text',
      'code',
      {
        resourceType: 'Observation',
        code: { text: 'Blood', coding: [{ code: 'a', display: 'Sang' }, { code: 'b' }] },
      },
      [
        token(undefined, 'a'),
        { 'code:text': { text: 'Sang' } },
        token(undefined, 'b'),
        { 'code:text': { text: 'Blood' } },
      ],
    ],
    [
      'an Identifier with the codes and the text of its type',
      'identifier',
      {
        resourceType: 'Patient',
        identifier: [{ value: 'C', type: { text: 'Dossier', coding: [{ system: 's', code: 'MR' }, {}] } }],
      },
      [
        token(undefined, 'C'),
        { 'identifier:text': { text: 'Dossier' } },
        { 'identifier:of-type': { system: 's', code: 'MR', value: 'C' } },
      ],
    ],
    [
      'an Identifier by system and value, with its case',
      'identifier',
      { resourceType: 'Patient', identifier: [{ system: 'urn:oid:1.2', value: 'Ab' }, { value: 'C' }] },
      [token('urn:oid:1.2', 'Ab'), token(undefined, 'C')],
    ],
    [
      'a ContactPoint by its value, of the kind asked for',
      'phone',
      {
        resourceType: 'Patient',
        telecom: [
          { system: 'phone', value: '0299' },
          { system: 'email', value: 'a@b' },
        ],
      },
      [token(undefined, '0299')],
    ],
    [
      'a code under the system of its value set',
      'gender',
      { resourceType: 'Patient', gender: 'female' },
      [token('http://hl7.org/fhir/administrative-gender', 'female')],
    ],
    [
      'a boolean under its implicit system',
      'active',
      { resourceType: 'Patient', active: false },
      [token('http://hl7.org/fhir/special-values', 'false')],
    ],
    [
      'death by the fact',
      'deceased',
      { resourceType: 'Patient', deceasedDateTime: '2024' },
      [token('http://hl7.org/fhir/special-values', 'true')],
    ],
    [
      'no news of death as none',
      'deceased',
      { resourceType: 'Patient' },
      [token('http://hl7.org/fhir/special-values', 'false')],
    ],
    ['a logical id', '_id', { resourceType: 'Patient', id: 'Ab' }, [token(undefined, 'Ab')]],
    [
      'a tag',
      '_tag',
      { resourceType: 'Patient', meta: { tag: [{ system: 'http://x.example', code: 't' }] } },
      [token('http://x.example', 't')],
    ],
    [
      'a string that is searched as a token',
      'version',
      { resourceType: 'ValueSet', version: '1.A' },
      [token(undefined, '1.a')],
    ],
  ])('index %s', (_, code, resource, expected) => {
    expect(found(code, resource)).toEqual(expected)
  })
})

describe('Strings (R4 § Search, "string")', () => {
  it('index all string parts of a HumanName, and of an Address', () => {
    const patient = {
      resourceType: 'Patient',
      name: [
        { use: 'official', text: 'T', family: 'F', given: ['G', null, 'H'], prefix: ['P'], suffix: ['S'] },
      ],
      address: [{ use: 'home', line: ['1 rue X'], city: 'Rennes', postalCode: '35000', country: 'FR' }],
    }
    const texts = (code: string) =>
      found(code, patient).map((value) => Object.values(value as object)[0] as unknown)
    expect(texts('name')).toEqual(['T', 'F', 'G', 'H', 'P', 'S'].map((text) => ({ text })))
    expect(texts('given')).toEqual([{ text: 'G' }, { text: 'H' }])
    expect(texts('address')).toEqual(['1 rue X', 'Rennes', '35000', 'FR'].map((text) => ({ text })))
    expect(texts('address-city')).toEqual([{ text: 'Rennes' }])
  })
})

describe('Dates (R4 § Search, "date")', () => {
  const observation = { resourceType: 'Observation' }
  it.each([
    [
      'a dateTime by its precision',
      { ...observation, effectiveDateTime: '2024-02-29' },
      [{ date: { low: ms('2024-02-28T23:00Z'), high: ms('2024-02-29T23:00Z') } }],
    ],
    [
      'an instant',
      { ...observation, effectiveInstant: '2024-02-29T10:00:00.000Z' },
      [{ date: { low: ms('2024-02-29T10:00Z'), high: ms('2024-02-29T10:00Z') + 1 } }],
    ],
    [
      'a Period from the beginning of its start to the end of its end',
      { ...observation, effectivePeriod: { start: '2024-01-01T00:00:00Z', end: '2024-02-01' } },
      [{ date: { low: ms('2024-01-01T00:00Z'), high: ms('2024-02-01T23:00Z') } }],
    ],
    [
      'a Period without end as open',
      { ...observation, effectivePeriod: { start: '2024-01-01T00:00:00Z' } },
      [{ date: { low: ms('2024-01-01T00:00Z'), high: Infinity } }],
    ],
    [
      'a Period without start as open',
      { ...observation, effectivePeriod: { end: '2024-01-01T00:00:00Z' } },
      [{ date: { low: -Infinity, high: ms('2024-01-01T00:00:01Z') } }],
    ],
    [
      'a Timing by its outer limits',
      {
        ...observation,
        effectiveTiming: {
          event: ['2024-03-01T00:00:00Z', '2023-12-31T00:00:00Z'],
          repeat: { boundsPeriod: { start: '2024-01-01T00:00:00Z', end: '2024-02-01T00:00:00Z' } },
        },
      },
      [{ date: { low: ms('2023-12-31T00:00Z'), high: ms('2024-03-01T00:00:01Z') } }],
    ],
    ['no Timing without a date', { ...observation, effectiveTiming: { repeat: { frequency: 2 } } }, []],
  ])('index %s', (_, resource, expected) => {
    expect(found('date', resource)).toEqual(expected)
  })
})

describe('Numbers and quantities (R4 § Search, "number", "quantity")', () => {
  const ucum = 'http://unitsofmeasure.org'
  const mg = { system: ucum, code: 'mg', unit: 'milligrammes' }
  const observation = { resourceType: 'Observation' }

  it.each([
    [
      'an exact value',
      { ...observation, valueQuantity: { value: 5.4, ...mg } },
      [{ low: 5.4, high: 5.4, ...mg }],
    ],
    [
      'a value up to a limit',
      { ...observation, valueQuantity: { value: 5, comparator: '<=', ...mg } },
      [{ low: -Infinity, high: 5, ...mg }],
    ],
    [
      'a value from a limit on',
      { ...observation, valueQuantity: { value: 5, comparator: '>=', ...mg } },
      [{ low: 5, high: Infinity, ...mg }],
    ],
    [
      'samples from the lowest to the highest',
      {
        ...observation,
        valueSampledData: {
          origin: { value: 2, ...mg },
          period: 10,
          factor: 0.5,
          dimensions: 1,
          data: '0 -2 E 6',
        },
      },
      [{ low: 1, high: 5, ...mg }],
    ],
    ['no unit without a value', { ...observation, valueQuantity: { ...mg } }, []],
  ])('index %s', (_, resource, expected) => {
    expect(found('value-quantity', resource)).toEqual(expected.map((quantity) => ({ quantity })))
  })

  it('leave the limit itself out of < and >', () => {
    const [below] = extractParameter(
      { ...observation, valueQuantity: { value: 5, comparator: '<' } },
      'value-quantity',
      options,
    )
    expect(below).toMatchObject({ low: -Infinity, high: expect.closeTo(5, 12) as number })
    expect(below?.kind === 'quantity' && below.high < 5).toBe(true)
  })

  it('index Money under its currency, a Range with open ends, a decimal by its digits', () => {
    expect(
      found('totalnet', { resourceType: 'Invoice', totalNet: { value: 9.99, currency: 'EUR' } }),
    ).toEqual([
      { quantity: { low: 9.99, high: 9.99, system: 'urn:iso:std:iso:4217', code: 'EUR', unit: undefined } },
    ])
    expect(
      found('onset-age', { resourceType: 'Condition', onsetRange: { low: { value: 5, ...mg } } }),
    ).toEqual([{ quantity: { low: 5, high: Infinity, ...mg } }])
    expect(
      extractParameter(
        parseJson('{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":0.50}]}') as Resource,
        'probability',
        options,
      ),
    ).toEqual([{ kind: 'number', parameter: 'probability', low: 0.5, high: 0.5 }])
  })
})

describe('References and URIs (R4 § Search, "reference", "uri")', () => {
  const observation = (subject: object) => ({ resourceType: 'Observation', subject })
  it.each([
    ['relative', { reference: 'Patient/1' }, [reference('Patient', '1')]],
    ['of a version', { reference: 'Patient/1/_history/2' }, [reference('Patient', '1')]],
    ['absolute, under our base', { reference: `${options.base}/Patient/1` }, [reference('Patient', '1')]],
    [
      'absolute, elsewhere',
      { reference: 'http://x.example/Patient/1' },
      [reference(undefined, undefined, 'http://x.example/Patient/1')],
    ],
    ['urn', { reference: 'urn:uuid:1' }, [reference(undefined, undefined, 'urn:uuid:1')]],
    ['contained', { reference: '#p' }, [reference()]],
    ['display alone', { display: 'Anne' }, [reference()]],
    [
      'logical',
      { identifier: { system: 'urn:oid:1.2', value: 'Ab' } },
      [reference(), { 'subject:identifier': { system: 'urn:oid:1.2', code: 'Ab' } }],
    ],
  ])('index a reference: %s', (_, subject, expected) => {
    expect(found('subject', observation(subject))).toEqual(expected)
  })

  it('keep to the type that the expression asks for', () => {
    expect(found('patient', observation({ reference: 'Patient/1' }))).toEqual([reference('Patient', '1')])
    expect(found('patient', observation({ reference: 'Group/1' }))).toEqual([])
    expect(found('patient', observation({ type: 'Patient', display: 'Anne' }))).toEqual([reference()])
    const contained = [{ resourceType: 'Patient', id: 'p' }]
    expect(found('patient', { ...observation({ reference: '#p' }), contained })).toEqual([reference()])
  })

  it('index a canonical with and without its version', () => {
    const questionnaire = 'http://x.example/q'
    expect(
      found('questionnaire', { resourceType: 'QuestionnaireResponse', questionnaire: `${questionnaire}|2` }),
    ).toEqual([
      reference(undefined, undefined, `${questionnaire}|2`),
      reference(undefined, undefined, questionnaire),
    ])
    expect(
      found('_profile', { resourceType: 'Patient', meta: { profile: ['http://x.example/p|1'] } }),
    ).toEqual([{ uri: { uri: 'http://x.example/p|1' } }, { uri: { uri: 'http://x.example/p' } }])
  })

  it('index the first entry of a document as a reference to it', () => {
    const entry = [{ resource: { resourceType: 'Composition', id: 'c' } }]
    expect(found('composition', { resourceType: 'Bundle', entry })).toEqual([reference('Composition', 'c')])
  })
})
