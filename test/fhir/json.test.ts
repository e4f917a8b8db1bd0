import fc from 'fast-check'
import { Decimal, isNumber, parseJson, stringifyJson } from '../../src/fhir/json.ts'
import { FhirError } from '../../src/fhir/outcome.ts'

describe('JSON that keeps the digits', () => {
  it.each(['1.50', '0.00', '-0', '1e3', '1E-7', '12345678901234567890', '0.1234567890123456789', '1e400'])(
    'writes the number %s as it was',
    (number) => {
      expect(stringifyJson(parseJson(`{"value":${number}}`))).toBe(`{"value":${number}}`)
    },
  )

  it('gives plain numbers where JavaScript would write the same digits, Decimals otherwise', () => {
    expect(parseJson('[0, -5, 1.5, 1.50]')).toEqual([0, -5, 1.5, new Decimal('1.50')])
    expect(Number(new Decimal('1.50'))).toBe(1.5)
    expect([1, new Decimal('1.0'), '1', null].map(isNumber)).toEqual([true, true, false, false])
  })

  it('writes any number token that JSON allows as it was', () => {
    const token = fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?$/)
    fc.assert(fc.property(token, (number) => expect(stringifyJson(parseJson(number))).toBe(number)))
  })

  it('reads and writes every value as JSON.parse and JSON.stringify do', () => {
    const value = fc.jsonValue().filter((one) => readable(JSON.stringify(one)))
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (one, indent) => {
        const text = JSON.stringify(one, undefined, indent)
        expect(JSON.parse(stringifyJson(parseJson(text)))).toEqual(JSON.parse(text))
      }),
      { numRuns: 1_000 },
    )
  })

  it('writes a member name that needs escaping', () => {
    const text = '{"a\\"b\\\\c":1,"é":2}'
    expect(stringifyJson(parseJson(text))).toBe(text)
  })
})

describe('text that is refused', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '<Patient/>'],
    ['half a body', '{"resourceType":"Patient","name":[{"fam'],
    ['text after the document', '{} {}'],
    ['a trailing comma', '{"a":1,}'],
    ['a comment', '{/* a */}'],
    ['single quotes', "{'a':1}"],
    ['a leading zero', '{"a":01}'],
    ['a number that is none', '{"a":NaN}'],
    ['a bare decimal point', '{"a":1.}'],
    ['a control character in a string', '{"a":"\u0001"}'],
    ['NUL in a string', '{"a":"\\u0000"}'],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['a bad escape', '{"a":"\\x"}'],
    ['a backslash at the end', '{"a":"\\'],
    ['a member twice', '{"a":1,"a":2}'],
    ['a member twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['__proto__', '{"__proto__":{}}'],
    ['__proto__, escaped', '{"\\u005f_proto__":{}}'],
    ['more than 1,000 members', `{${Array.from({ length: 1001 }, (_, n) => `"${n}":1`).join()}}`],
    ['more than 200 levels', '['.repeat(201) + ']'.repeat(201)],
  ])('%s', (_, text) => {
    expect(() => parseJson(text)).toThrow(FhirError)
    expect(() => parseJson(text)).toThrow(/^not JSON that can be read: .* at offset \d+$/)
  })

  it('more than 5 million values, which would take a gigabyte', () => {
    expect(() => parseJson(`[${'0,'.repeat(4_999_998)}0]`)).not.toThrow()
    expect(() => parseJson(`[${'0,'.repeat(4_999_999)}0]`)).toThrow('more than 5000000 values')
  })

  it('is not repeated in the message', () => {
    fc.assert(
      fc.property(fc.nat(40), (length) => {
        const text = '{"family":"Zq7Planted","value":1.50,"ok":true}'.slice(0, length)
        expect(messageOf(text)).not.toContain('Zq7')
      }),
    )
  })
})

function messageOf(text: string): string {
  try {
    parseJson(text)
    return ''
  } catch (error) {
    return JSON.stringify((error as FhirError).issues)
  }
}

/** What FHIR does not take and JSON.parse does: NUL, lone surrogates, `__proto__`. */
function readable(text: string): boolean {
  return !/\\u0000|\\ud[89a-f]|__proto__/i.test(text)
}
