import { isId, parseReference } from '../../src/fhir/reference.ts'

const base = 'https://hospital.example/fhir'

describe('A reference is read by its text', () => {
  it.each([
    ['Patient/1', { kind: 'relative', type: 'Patient', id: '1', version: undefined }],
    ['Patient/1/_history/2', { kind: 'relative', type: 'Patient', id: '1', version: '2' }],
    ['#p1', { kind: 'contained', id: 'p1' }],
    ['#', { kind: 'contained', id: '' }],
    [
      `${base}/Patient/1`,
      {
        kind: 'absolute',
        url: `${base}/Patient/1`,
        local: true,
        type: 'Patient',
        id: '1',
        version: undefined,
      },
    ],
    [
      'http://other.example/r4/Patient/1/_history/3',
      {
        kind: 'absolute',
        url: 'http://other.example/r4/Patient/1/_history/3',
        local: false,
        type: 'Patient',
        id: '1',
        version: '3',
      },
    ],
    [
      `${base}x/Patient/1`,
      {
        kind: 'absolute',
        url: `${base}x/Patient/1`,
        local: false,
        type: 'Patient',
        id: '1',
        version: undefined,
      },
    ],
    [
      `${base}/metadata`,
      {
        kind: 'absolute',
        url: `${base}/metadata`,
        local: false,
        type: undefined,
        id: undefined,
        version: undefined,
      },
    ],
    [
      'urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7',
      { kind: 'urn', url: 'urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7' },
    ],
    ['Patient?identifier=x', { kind: 'other' }],
    ['Patint/1', { kind: 'other' }],
    ['DomainResource/1', { kind: 'other' }],
    ['Patient/a_b', { kind: 'other' }],
    ['Patient/1/2', { kind: 'other' }],
    ['/Patient/1', { kind: 'other' }],
    ['#a b', { kind: 'other' }],
    ['', { kind: 'other' }],
  ])('%s', (text, expected) => {
    expect(parseReference(text, base)).toEqual(expected)
  })

  it('takes nothing for local that only begins like our base', () => {
    expect(parseReference(`${base}xPatient/1`, base)).toMatchObject({ kind: 'absolute', local: false })
  })

  it('knows no local absolute references without a base', () => {
    expect(parseReference(`${base}/Patient/1`)).toMatchObject({ kind: 'absolute', local: false })
  })
})

it.each([
  ['a', true],
  ['A-b.9', true],
  ['x'.repeat(64), true],
  ['x'.repeat(65), false],
  ['', false],
  ['a_b', false],
  ['a\n', false],
  ['é', false],
])('whether %j is an id: %s', (text, expected) => {
  expect(isId(text)).toBe(expected)
})
