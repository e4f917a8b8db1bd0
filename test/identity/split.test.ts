import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { isResourceType, searchParameters, types } from '../../src/fhir/definitions.ts'
import { isSupported } from '../../src/fhir/search/extract.ts'
import { sealedElements } from '../../src/resources/identity-split.ts'
import {
  Decimal,
  parseJson,
  stringifyJson,
  type Json,
  type JsonObject,
  type Resource,
} from '../../src/fhir/json.ts'
import {
  decodeFragments,
  encodeFragments,
  join,
  split,
  type ReferenceSplit,
} from '../../src/identity/split.ts'

const keepLocal: ReferenceSplit = (text) =>
  /^([A-Z]\w+\/[\w.-]+|#.*)$/.test(text) ? { clear: text, restored: true } : undefined

const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
const examples = readdirSync(folder)
  .filter((name) => isResourceType(name.split('-')[0] ?? ''))
  .filter(
    (name) => !/^(StructureDefinition|SearchParameter|ValueSet|CodeSystem|ConceptMap|Bundle)-/.test(name),
  )

const read = (name: string) => parseJson(readFileSync(`${folder}/${name}`, 'utf8')) as Resource

describe('the identity split', () => {
  it('gives every example back as it was written, digit by digit', () => {
    expect(examples.length).toBeGreaterThan(700)
    for (const name of examples) {
      const resource = read(name)
      const { clear, fragments } = split(resource, keepLocal)
      expect(join(clear, decodeFragments(encodeFragments(fragments)))).toBe(stringifyJson(resource))
      expect(() => parseJson(clear)).not.toThrow()
    }
  })

  it('leaves no free text, name, number or narrative of any example in clear', () => {
    let planted = 0
    for (const name of examples) {
      const canaries: string[] = []
      const resource = plant(read(name), canaries)
      planted += canaries.length
      const { clear } = split(resource, keepLocal)
      expect([name, ...(clear.match(/CANARY\d+X/g) ?? [])]).toEqual([name])
    }
    expect(planted).toBeGreaterThan(10_000)
  })

  it('keeps the year of a birth date and the département of an address, and nothing finer', () => {
    const { clear } = split(
      {
        resourceType: 'Patient',
        id: 'x',
        birthDate: '1957-03-12',
        address: [{ line: ['3 rue du Port'], city: 'Rennes', postalCode: '35042', country: 'FR' }],
      },
      keepLocal,
    )
    expect(parseJson(clear)).toEqual({
      resourceType: 'Patient',
      id: 'x',
      birthDate: '1957',
      address: [{ country: 'FR', postalCode: '35' }],
    })
  })

  it('seals what is no local reference: another server, a conditional reference, a urn', () => {
    for (const reference of [
      'http://other/fhir/Patient/MRN7',
      'Patient?identifier=MRN7',
      'urn:oid:1.2.MRN7',
    ]) {
      const { clear } = split({ resourceType: 'Observation', subject: { reference } }, keepLocal)
      expect(clear).toBe('{"resourceType":"Observation","subject":{}}')
    }
  })

  it('seals what tells of a person though its datatype does not, and keeps the number and the code beside it', () => {
    const days = { resourceType: 'FamilyMemberHistory', status: 'completed', deceasedDate: '1999-01-02' }
    const answer = [{ valueDate: '1937-11-23' }, { valueUri: 'urn:someone' }, { valueInteger: 4 }]
    const response = { resourceType: 'QuestionnaireResponse', status: 'completed', item: [{ answer }] }
    const input = [
      { valueId: 'someone' },
      { valueUrl: 'https://example.org/someone' },
      { valueBoolean: true },
    ]
    const task = { resourceType: 'Task', status: 'draft', input }
    const clear = [days, response, task].map((resource) => {
      const laid = split(resource, keepLocal)
      expect(join(laid.clear, laid.fragments)).toBe(stringifyJson(resource))
      return laid.clear
    })
    expect(clear).toEqual([
      '{"resourceType":"FamilyMemberHistory","status":"completed"}',
      '{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"answer":[{},{},{"valueInteger":4}]}]}',
      '{"resourceType":"Task","status":"draft","input":[{},{},{"valueBoolean":true}]}',
    ])
  })

  it('names only elements that the definitions know, and no search parameter reads', () => {
    for (const place of Object.keys(sealedElements)) {
      const end = place.lastIndexOf('.')
      expect([place, types.get(place.slice(0, end))?.properties.has(place.slice(end + 1))]).toEqual([
        place,
        true,
      ])
      const [type = ''] = place.split('.')
      const readers = [...searchParameters(type).values()].filter(({ expression }) =>
        (expression ?? '').split('|').some((part) => part.trim() === place),
      )
      expect([place, readers.map(({ code }) => code).filter((code) => isSupported(type, code))]).toEqual([
        place,
        [],
      ])
    }
  })

  it('gives back a row that was laid down when fewer elements were sealed', () => {
    const written = '{"resourceType":"DetectedIssue","detail":"seen","reference":"http://example.org/one"}'
    const clear = '{"resourceType":"DetectedIssue","reference":"http://example.org/one"}'
    const fragments = [{ at: clear.indexOf(',"reference"'), drop: 0, text: ',"detail":"seen"' }]
    expect(split(parseJson(written) as Resource, keepLocal).clear).toBe('{"resourceType":"DetectedIssue"}')
    expect(join(clear, decodeFragments(encodeFragments(fragments)))).toBe(written)
  })

  it('keeps a unit in clear only where it repeats the code', () => {
    const quantity = (unit: string) =>
      split({ resourceType: 'Observation', valueQuantity: { unit, code: 'mg' } }, keepLocal)
    expect(quantity('mg').clear).toContain('"unit":"mg"')
    expect(quantity('Mme Dupont').clear).not.toContain('Dupont')
  })
})

/** Replaces every value that may be text of a person's by a canary of its own. */
function plant(resource: Resource, canaries: string[]): Resource {
  return walk(resource, resource.resourceType) as Resource

  function walk(value: JsonObject, type: string): JsonObject {
    const properties = types.get(type)?.properties
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const property = properties?.get(name)
        if (!property) return [name, member]
        const inner = property.type === 'Resource' && name === 'contained' ? undefined : property.type
        return [name, Array.isArray(member) ? member.map((item) => one(item, inner)) : one(member, inner)]
      }),
    )
  }

  function one(value: Json, type: string | undefined): Json {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal)) {
      return walk(value, type ?? String(value['resourceType']))
    }
    if (typeof value !== 'string' || !['string', 'markdown', 'xhtml', 'base64Binary'].includes(type ?? ''))
      return value
    const canary = `CANARY${canaries.length}X`
    canaries.push(canary)
    return canary
  }
}
