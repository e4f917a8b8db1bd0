import fc from 'fast-check'
import { parseJson, stringifyJson, type Resource } from '../../src/fhir/json.ts'
import { referencesOf, rewriteLinks } from '../../src/interactions/references.ts'

const resource = parseJson(`{
  "resourceType": "Observation", "id": "o", "status": "final",
  "identifier": [{ "system": "urn:a", "value": "urn:a" }],
  "code": { "coding": [{ "system": "urn:a" }], "text": "urn:a" },
  "subject": { "reference": "urn:a", "display": "urn:a" },
  "performer": [{ "reference": "urn:b" }, { "reference": "#c" }],
  "valueQuantity": { "value": 1.50 },
  "_status": { "extension": [{ "url": "http://example.org", "valueReference": { "reference": "urn:a" } }] },
  "contained": [{ "resourceType": "Patient", "id": "c", "managingOrganization": { "reference": "urn:b" } }],
  "note": [{ "text": "urn:a" }],
  "text": { "status": "generated", "div": "<div xmlns=\\"http://www.w3.org/1999/xhtml\\">urn:a</div>" }
}`) as Resource

describe('rewriting links', () => {
  it('reaches references and uris at every depth, and no text, value or narrative', () => {
    const written = rewriteLinks(resource, (link) => (link === 'urn:a' ? 'Patient/1' : undefined))
    expect(JSON.parse(stringifyJson(written))).toMatchObject({
      identifier: [{ system: 'Patient/1', value: 'urn:a' }],
      code: { coding: [{ system: 'Patient/1' }], text: 'urn:a' },
      subject: { reference: 'Patient/1', display: 'urn:a' },
      _status: { extension: [{ valueReference: { reference: 'Patient/1' } }] },
      note: [{ text: 'urn:a' }],
      text: { div: expect.stringContaining('urn:a') as string },
    })
  })

  it('lists references in their order', () => {
    expect(referencesOf(resource)).toEqual(['urn:a', 'urn:b', '#c', 'urn:a', 'urn:b'])
  })

  it('leaves the resource that it was given, and every digit, as they were', () => {
    const before = stringifyJson(resource)
    fc.assert(
      fc.property(fc.string(), (target) => {
        const written = stringifyJson(rewriteLinks(resource, () => target))
        return stringifyJson(resource) === before && written.includes('1.50')
      }),
    )
    expect(stringifyJson(rewriteLinks(resource, () => undefined))).toBe(before)
  })
})
