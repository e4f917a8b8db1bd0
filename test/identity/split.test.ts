import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { isResourceType, types } from '../../src/fhir/definitions.ts'
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
