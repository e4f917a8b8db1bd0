import fc from 'fast-check'
import { equalJson } from '../../src/fhir/json-equal.ts'
import { parseJson, stringifyJson } from '../../src/fhir/json.ts'

describe('equalJson', () => {
  it.each([
    ['members in another order', '{"a":1,"b":[2]}', '{"b":[2],"a":1}', true],
    ['items in another order', '[1,2]', '[2,1]', false],
    ['other digits of a number', '{"value":1.50}', '{"value":1.5}', false],
    ['the same digits', '{"value":1.50}', '{"value":1.50}', true],
    ['a member more', '{"a":1}', '{"a":1,"b":null}', false],
    ['an empty object and an empty array', '{}', '[]', false],
    ['a number and its text', '1', '"1"', false],
    ['a member of the prototype', '{"toString":1}', '{"valueOf":1}', false],
  ])('compares %s', (_what, left, right, isEqual) => {
    expect(equalJson(parseJson(left), parseJson(right))).toBe(isEqual)
    expect(equalJson(parseJson(right), parseJson(left))).toBe(isEqual)
  })

  it('holds whatever is written and read again equal', () => {
    const json = fc.jsonValue().map((value) => parseJson(JSON.stringify(value).replaceAll('__proto__', 'p')))
    fc.assert(fc.property(json, (value) => equalJson(value, parseJson(stringifyJson(value)))))
  })
})
