import { base, brief, parse } from '../../support/search.ts'

const token = (system: string | undefined, code: string | undefined) => ({ kind: 'token', system, code })
const string = (text: string) => ({ kind: 'string', text })
const near = (latitude: number, longitude: number, metres: number) => ({
  ...{ kind: 'near', latitude, longitude, metres },
})
const quantity = {
  kind: 'quantity',
  prefix: 'gt',
  number: 5,
  low: 4.5,
  high: 5.5,
  system: undefined,
  code: 'mg',
}

describe('Modifiers of token parameters (R4 § Search, "Modifiers")', () => {
  it.each([
    ['Observation?code:text=Créat', { 'code:text': [string('Créat')] }],
    ['Patient?identifier:text=dossier', { 'identifier:text': [string('dossier')] }],
    [
      'Patient?identifier:of-type=http://t.example|MR|A\\|1,s|b|C',
      {
        identifier: [
          { kind: 'of-type', system: 'http://t.example', code: 'MR', value: 'A|1' },
          { kind: 'of-type', system: 's', code: 'b', value: 'C' },
        ],
      },
    ],
    [
      'Observation?code:in=http://x.example/vs|2',
      { code: [{ kind: 'value-set', valueSet: 'http://x.example/vs|2' }] },
    ],
    [
      `Observation?code:not-in=ValueSet/a,${base}/ValueSet/b,urn:oid:1.2`,
      {
        'code:not': ['ValueSet/a', 'ValueSet/b', 'urn:oid:1.2'].map((valueSet) => ({
          kind: 'value-set',
          valueSet,
        })),
      },
    ],
    [
      'Observation?code:below=http://snomed.info/sct|A1',
      { code: [{ kind: 'concept', system: 'http://snomed.info/sct', code: 'A1', direction: 'below' }] },
    ],
    [
      'Patient?gender:above=s|male',
      { gender: [{ kind: 'concept', system: 's', code: 'male', direction: 'above' }] },
    ],
  ])('%s', (search, expected) => {
    expect(brief(parse(search).query)).toEqual([expected])
  })
})

describe('A composite parameter (R4 § Search, "composite")', () => {
  it.each([
    [
      'Observation?code-value-quantity=l|A$gt5||mg,b$gt5||mg',
      {
        'code-value-quantity': [
          [token('l', 'a'), quantity],
          [token(undefined, 'b'), quantity],
        ],
      },
    ],
    [
      'Observation?code-value-string=a\\$b$c\\,d',
      { 'code-value-string': [[token(undefined, 'a$b'), string('c,d')]] },
    ],
    [
      'DocumentReference?relationship=DocumentReference/1$replaces',
      {
        relationship: [
          [
            { kind: 'reference', type: 'DocumentReference', id: '1', url: undefined },
            token(undefined, 'replaces'),
          ],
        ],
      },
    ],
    [
      'Observation?combo-code-value-quantity:missing=true',
      { 'combo-code-value-quantity:missing': [[{ kind: 'missing', missing: true }]] },
    ],
  ])('%s', (search, expected) => {
    expect(brief(parse(search).query)).toEqual([expected])
  })
})

describe('Location.near (R4 § Location, "near")', () => {
  it.each([
    ['48.11|-1.68', near(48.11, -1.68, 50_000)],
    ['-48|180|5', near(-48, 180, 5000)],
    ['48|-1|5|km', near(48, -1, 5000)],
    ['48|-1|250|m', near(48, -1, 250)],
    ['48|-1|1|[mi_us]', near(48, -1, 1609.34721869)],
    ['48|-1|1|mi', near(48, -1, 1609.344)],
  ])('%s', (value, expected) => {
    expect(brief(parse(`Location?near=${value}`).query)).toEqual([{ near: [expected] }])
  })
})

describe('Search by sound (R4 § Patient, "phonetic")', () => {
  it('asks for the sound of each word', () => {
    expect(brief(parse('Patient?phonetic=Dupond,Renaud').query)).toEqual([
      { 'phonetic:exact': [string('tpn'), string('rn')] },
    ])
    expect(brief(parse('Patient?phonetic=Anne Dupond').query)).toEqual([
      { all: [{ 'phonetic:exact': [string('an')] }, { 'phonetic:exact': [string('tpn')] }] },
    ])
  })
})
