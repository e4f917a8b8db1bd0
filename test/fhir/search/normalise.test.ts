import fc from 'fast-check'
import { implicitRange } from '../../../src/fhir/search/implicit-range.ts'
import { normalise } from '../../../src/fhir/search/normalise.ts'

describe('Strings are compared', () => {
  it.each([
    ['Éléonore', 'eleonore'],
    ['E\u0301le\u0301onore', 'eleonore'],
    ['JEAN-RÉMI  d’Œuvre', 'jean remi d oeuvre'],
    ["O'Brien", 'o brien'],
    ['Straße', 'strasse'],
    ['Ægir Þórsson', 'aegir thorsson'],
    ['Łukasz Øst', 'lukasz ost'],
    ['İstanbul', 'istanbul'],
    ['ＤＵＰＯＮＴ', 'dupont'],
    ['Nguyễn', 'nguyen'],
    ['\tde  la\n Tour. ', 'de la tour'],
    ['Ὀδυσσεύς', 'οδυσσευσ'],
    ['김', '김'.normalize('NFKD')],
    ['...', ''],
    ['', ''],
  ])('%j as %j', (text, expected) => {
    expect(normalise(text)).toBe(expected)
  })

  it('in one form that is its own normal form, however it was composed or cased', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const normal = normalise(text)
        expect(normalise(normal)).toBe(normal)
        expect(normalise(text.normalize('NFD'))).toBe(normal)
        expect(normal).toMatch(/^(?:[\p{L}\p{N}]+(?: [\p{L}\p{N}]+)*)?$/u)
      }),
    )
  })
})

describe('The implicit precision of numbers (R4 § Search, "number")', () => {
  it.each([
    ['100', 99.5, 100.5],
    ['100.00', 99.995, 100.005],
    ['1e2', 95, 105],
    ['1.0e2', 95, 105],
    ['1.00e2', 99.5, 100.5],
    ['5.4', 5.35, 5.45],
    ['5.40e-3', 0.005395, 0.005405],
    ['-5.4', -5.45, -5.35],
    ['0', -0.5, 0.5],
    ['+7', 6.5, 7.5],
    ['0.1', 0.05, 0.15],
  ])('%s stands for [%d, %d)', (text, low, high) => {
    expect(implicitRange(text)).toEqual({ number: Number(text), low, high })
  })

  it.each(['', '.5', '5.', '1,5', '0x10', 'Infinity', 'NaN', '1e999', '1e', '--1', '9'.repeat(65), ' 1'])(
    '%j is no decimal',
    (text) => {
      expect(implicitRange(text)).toBeUndefined()
    },
  )

  it('holds the number itself, and lies in that of the number with fewer digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -99_999, max: 99_999 }),
        fc.integer({ min: 1, max: 4 }),
        (whole, digits) => {
          const short = `${whole}.${'0'.repeat(digits)}`
          const [outer, inner] = [implicitRange(short), implicitRange(`${short}0`)]
          expect(outer?.low).toBeLessThan(inner?.low ?? NaN)
          expect(inner?.low).toBeLessThan(whole)
          expect(inner?.high).toBeGreaterThan(whole)
          expect(inner?.high).toBeLessThan(outer?.high ?? NaN)
        },
      ),
    )
  })
})
