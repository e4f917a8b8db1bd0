import fc from 'fast-check'
import { parseVersionTag } from '../../src/interactions/preconditions.ts'
import { readPrefer } from '../../src/rest/headers.ts'
import { demandAcceptable } from '../../src/rest/media-type.ts'
import { pretty } from '../../src/rest/pretty.ts'

describe('Prefer', () => {
  it.each([
    [undefined, 'representation', 'strict'],
    ['return=minimal', 'minimal', 'strict'],
    ['handling=lenient; return=OperationOutcome', 'OperationOutcome', 'lenient'],
    ['respond-async, RETURN="minimal"', 'minimal', 'strict'],
    [['return=minimal', 'handling=lenient'], 'minimal', 'lenient'],
    ['return=everything', 'representation', 'strict'],
  ])('%j means return=%s, handling=%s', (header, returns, handling) => {
    expect(readPrefer(header)).toEqual({ return: returns, handling })
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
  it.each([
    undefined,
    '*/*',
    'application/fhir+json',
    'application/json;q=0.5',
    'text/html, application/*;q=0.8',
    'application/fhir+json; fhirVersion=4.0',
  ])('takes %j', (accept) => {
    expect(() => demandAcceptable(accept, [])).not.toThrow()
  })

  it.each([
    'application/fhir+xml',
    'text/html',
    'application/json;q=0',
    'application/fhir+json; fhirVersion=5.0',
  ])('refuses %j with 406', (accept) => {
    expect(() => demandAcceptable(accept, [])).toThrow(expect.objectContaining({ status: 406 }) as Error)
  })

  it('gives way to _format, whose raw + arrives as a blank', () => {
    expect(() => demandAcceptable('text/html', [['_format', 'application/fhir json']])).not.toThrow()
    expect(() => demandAcceptable('*/*', [['_format', 'xml']])).toThrow()
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
