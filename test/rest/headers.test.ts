import fc from 'fast-check'
import { parseVersionTag } from '../../src/interactions/preconditions.ts'
import { readPrefer } from '../../src/rest/headers.ts'
import { formatOf } from '../../src/rest/format.ts'
import { pretty } from '../../src/rest/pretty.ts'

describe('Prefer', () => {
  it.each([
    [undefined, 'representation', 'strict', false],
    ['return=minimal', 'minimal', 'strict', false],
    ['handling=lenient; return=OperationOutcome', 'OperationOutcome', 'lenient', false],
    ['respond-async, RETURN="minimal"', 'minimal', 'strict', true],
    [['return=minimal', 'handling=lenient'], 'minimal', 'lenient', false],
    ['return=everything', 'representation', 'strict', false],
  ])('%j means return=%s, handling=%s, async=%s', (header, returns, handling, async) => {
    expect(readPrefer(header)).toEqual({ return: returns, handling, async })
  })
})

describe('If-Match', () => {
  it.each([['W/"3"'], ['"3"'], ['3'], [' W/"3" ']])('reads %s as version 3', (text) => {
    expect(parseVersionTag(text, 'If-Match')).toBe(3)
  })

  it.each(['*', 'W/"x"', 'W/"1", W/"2"', '"1', ''])('refuses %j', (text) => {
    expect(() => parseVersionTag(text, 'If-Match')).toThrow(expect.objectContaining({ status: 400 }) as Error)
  })
})

describe('Accept', () => {
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'

  it.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['application/fhir+json', 'json'],
    ['application/json;q=0.5', 'json'],
    ['application/fhir+json; fhirVersion=4.0', 'json'],
    ['application/fhir+xml', 'xml'],
    ['text/xml, application/json;q=0.9', 'xml'],
    ['application/fhir+xml;q=0.5, application/fhir+json', 'json'],
    ['application/fhir+xml, application/fhir+json', 'xml'],
    ['application/fhir+json, application/fhir+xml', 'json'],
    ['*/*, APPLICATION/FHIR+XML', 'xml'],
    ['application/fhir+xml;q=0.2, */*', 'json'],
    ['application/json;q=0, */*;q=0.1', 'xml'],
    ['application/fhir+json; fhirVersion=5.0, application/xml; fhirVersion=4.0.1', 'xml'],
    ['image/png, application/*;q=0.8', 'json'],
    [browser, 'json'],
  ])('%j gets %s', (accept, kind) => {
    expect(formatOf(accept, []).kind).toBe(kind)
  })

  it.each([
    'text/html',
    'text/turtle',
    'application/json;q=0',
    'application/fhir+json; fhirVersion=5.0',
    'constructor',
    '',
  ])('%j is refused with 406', (accept) => {
    expect(() => formatOf(accept, [])).toThrow(expect.objectContaining({ status: 406 }) as Error)
  })

  it('gives way to _format, whose raw + arrives as a blank', () => {
    expect(formatOf('text/html', [['_format', 'application/fhir json']]).kind).toBe('json')
    expect(formatOf('application/json', [['_format', 'xml']]).kind).toBe('xml')
    expect(() => formatOf('*/*', [['_format', 'html']])).toThrow()
  })

  it('of a browser, or _pretty, has the answer laid out for people', () => {
    expect(formatOf(browser, []).isPretty).toBe(true)
    expect(formatOf(browser, [['_pretty', 'false']]).isPretty).toBe(false)
    expect(formatOf('*/*', []).isPretty).toBe(false)
    expect(formatOf('*/*', [['_pretty', 'true']]).isPretty).toBe(true)
  })
})

describe('_pretty', () => {
  it('means the same, in any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const text = JSON.stringify(JSON.parse(json))
        expect(JSON.parse(pretty(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  it('lays it out as JSON.stringify would', () => {
    const value = { a: [1, { b: 'x{,:}"\\' }], c: {}, d: [], e: null }
    expect(pretty(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
  })
})
