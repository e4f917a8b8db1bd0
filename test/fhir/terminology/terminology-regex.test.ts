import fc from 'fast-check'
import { compileRegex } from '../../../src/fhir/terminology/regex.ts'

describe('a regular expression', () => {
  it.each([
    ['[A-Z]\\d{2}(\\.\\d{1,2})?', ['A00', 'E11.9', 'Z99.12'], ['A0', 'a00', 'E11.', 'E11.123', 'xE11']],
    ['^(?:ab|cd)+$', ['ab', 'cdab'], ['', 'a', 'abc']],
    ['[^\\s-]+', ['abc'], ['a-b', 'a b', '']],
    ['.*', ['', 'any thing'], ['two\nlines']],
    ['a{2,}b?', ['aa', 'aaab'], ['a', 'aabb']],
    ['\\w+\\|\\$', ['a_1|$'], ['|$']],
    ['', [''], ['a']],
  ])('%s fits whole texts', (source, fitting, others) => {
    const regex = compileRegex(source)
    expect(fitting.filter((text) => !regex?.fits(text))).toEqual([])
    expect(others.filter((text) => regex?.fits(text))).toEqual([])
  })

  it.each([
    '(?=a)b',
    '(?<!a)b',
    '(a)\\1',
    'a\\b',
    'a^b',
    'a**',
    '(',
    'a)',
    '[a',
    '[z-a]',
    '{2}',
    'a{3,2}',
    '\\p{L}',
    'a{999}',
    '((a{30}){30}){30}',
    'a'.repeat(500),
  ])('is not guessed at where it is not known, or too large: %s', (source) => {
    expect(compileRegex(source)).toBeUndefined()
  })

  it.each(['(a+)+', '(a|a)*', '(a*)*b', '.*.*.*.*x'])('takes no longer for being hostile: %s', (source) => {
    const regex = compileRegex(source)
    const started = performance.now()
    expect(regex?.fits('a'.repeat(2_000) + '!')).toBe(false)
    expect(performance.now() - started).toBeLessThan(500)
  })

  it('agrees with JavaScript, for whatever both know', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '(a|b)', '(?:ab)', '1')
    const piece = fc
      .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,}', '{0,2}'))
      .map((two) => two.join(''))
    const source = fc
      .array(fc.oneof(piece, fc.constant('|')), { maxLength: 6 })
      .map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(
        source,
        fc.string({ unit: fc.constantFrom('a', 'b', '1', 'c'), maxLength: 6 }),
        (one, text) => {
          expect(compileRegex(one)?.fits(text)).toBe(new RegExp(`^(?:${one})$`).test(text))
        },
      ),
    )
  })
})
