import fc from 'fast-check'
import { areCommensurable, convert, inUnit, isUcum } from '../../../src/fhir/search/ucum.ts'

describe('A UCUM code', () => {
  it.each(['mg', 'mg/dL', 'mg/dl', '10*3/uL', '{cells}/uL', '%', '1', 'Cel', '[degF]', 'm[iU]/L', 'mm[Hg]'])(
    'is %s',
    (code) => expect(isUcum(code)).toBe(true),
  )

  it.each([
    '',
    'milligram',
    'mg /L',
    'g{x',
    'MMOL/L',
    'constructor',
    '__proto__',
    'm/toString',
    '('.repeat(60),
  ])('is not %p', (code) => expect(isUcum(code)).toBe(false))
})

describe('A conversion between UCUM units', () => {
  it.each([
    [5.4, 'mmol/L', 'umol/L', 5400],
    [1, '10*3/uL', '10*9/L', 1],
    [37, 'Cel', 'K', 310.15],
    [37, 'Cel', '[degF]', 98.6],
    [98.6, '[degF]', 'Cel', 37],
    [0, 'K', 'Cel', -273.15],
    [120, 'mm[Hg]', 'kPa', 15.99864],
    [2.5, 'm[iU]/L', 'u[iU]/mL', 2.5],
    [1, 'a', 'mo', 12],
    [0.5, '1', '%', 50],
    [1, '{cells}/uL', '/uL', 1],
    [1, 'mg', 'mg', 1],
  ])('makes %d %s into %s', (value, from, to, expected) => {
    expect(convert(value, from, to)).toBe(expected)
  })

  it.each([
    ['mmol/L', 'mg/dL'],
    ['mol', 'g'],
    ['mg', 'mL'],
    ['[iU]', 'mg'],
    ['[iU]/cd', '[iU]'],
    ['mg', 'nonsense'],
  ])('is not there between %s and %s', (from, to) => {
    expect(convert(1, from, to)).toBeUndefined()
    expect(areCommensurable(from, to)).toBe(false)
  })

  it('comes back to where it began, and keeps the order of numbers', () => {
    const units = fc.constantFrom('mg/dL', 'g/L', 'kg/m3', 'ug/mL')
    const numbers = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(units, units, numbers, numbers, (from, to, a, b) => {
        const [inA, inB] = [convert(a, from, to) ?? NaN, convert(b, from, to) ?? NaN]
        expect(convert(inA, to, from)).toBeCloseTo(a, 3)
        if (a < b) expect(inA).toBeLessThanOrEqual(inB)
      }),
    )
  })

  it('takes the range with the number that stands for it', () => {
    const asked = { prefix: 'eq', number: 5.4, low: 5.35, high: 5.45 }
    expect(inUnit(asked, 'mmol/L', 'umol/L')).toEqual({ prefix: 'eq', number: 5400, low: 5350, high: 5450 })
    expect(inUnit(asked, 'mmol/L', 'mg')).toBeUndefined()
    expect(inUnit({ ...asked, low: -Infinity }, 'mmol/L', 'mol/L')?.low).toBe(-Infinity)
  })
})
