import { readFileSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { typeDefinition, types, type PropertyDefinition } from '../../../src/fhir/definitions.ts'
import { isObject, parseJson, type Json, type JsonObject, type Resource } from '../../../src/fhir/json.ts'
import { codes } from '../../../src/fhir/terminology/terminology.ts'
import { validate } from '../../../src/fhir/validation/validate.ts'

/** A place in a resource: the object that owns it, and for elements the property's definition. */
interface Site {
  readonly owner: JsonObject
  readonly ownerPath: string
  readonly type: string
  readonly property: PropertyDefinition | undefined
  /** FHIRPath of the element, of its first repetition where it repeats */
  readonly path: string
}

/** What a break puts in, and what must never be seen in an issue. */
const planted = 'Zq7Planted'

/** Each changes one site and says where the issue must point; undefined: it cannot be done there. */
const breaks: Readonly<Record<string, (site: Site) => string | undefined>> = {
  'an unknown member': ({ owner, ownerPath }) => {
    owner.notAnElement = planted
    return `${ownerPath}.notAnElement`
  },
  'the wrong JSON type': ({ owner, property, path }) => {
    if (!property || property.type === 'Resource') return undefined
    const wrong: Json = property.primitive ? { planted } : planted
    owner[property.name] = property.array ? [wrong] : wrong
    return path
  },
  'a required element removed': ({ owner, ownerPath, type }) => {
    const required = typeDefinition(type).required[0]
    if (!required) return undefined
    for (const name of required.names) {
      delete owner[name]
      delete owner[`_${name}`]
    }
    return `${ownerPath}.${required.element.replace('[x]', '')}`
  },
  'one value for an array, or an array for one value': ({ owner, property, ownerPath }) => {
    if (!property) return undefined
    const value = owner[property.name] as Json
    owner[property.name] = Array.isArray(value) ? (value[0] as Json) : [value]
    return `${ownerPath}.${property.choice ?? property.name}`
  },
  'a day that is not in the calendar': ({ owner, property, path }) => {
    if (!property || !['date', 'dateTime', 'instant'].includes(property.type)) return undefined
    owner[property.name] = property.array ? ['2023-02-30'] : '2023-02-30'
    return path
  },
  'a code outside its required value set': ({ owner, property, path }) => {
    if (property?.type !== 'code' || property.binding?.strength !== 'required') return undefined
    if (codes(property.binding.valueSet) === undefined) return undefined
    owner[property.name] = property.array ? [planted] : planted
    return path
  },
  'a second type of a choice': ({ owner, property, ownerPath, type }) => {
    if (property?.choice === undefined) return undefined
    const other = [...typeDefinition(type).properties.values()].find(
      ({ choice, name, type }) =>
        choice === property.choice && name !== property.name && type !== 'Reference',
    )
    if (!other) return undefined
    owner[other.name] = planted
    return `${ownerPath}.${property.choice}`
  },
}

/** Every object and element of a resource, by the definitions, first repetitions only. */
function sitesOf(owner: JsonObject, type: string, ownerPath: string): Site[] {
  const sites: Site[] = [{ owner, ownerPath, type, property: undefined, path: ownerPath }]
  for (const property of typeDefinition(type).properties.values()) {
    const value = owner[property.name]
    if (value === undefined) continue
    const path = `${ownerPath}.${property.choice ?? property.name}${property.array ? '[0]' : ''}`
    sites.push({ owner, ownerPath, type, property, path })
    const first = Array.isArray(value) ? value[0] : value
    if (property.primitive || !isObject(first)) continue
    const inner = property.type === 'Resource' ? (first as Resource).resourceType : property.type
    sites.push(...sitesOf(first, inner, path))
  }
  return sites
}

const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
/** Small valid examples of all types: two per type. */
const examples = [...types.values()]
  .filter(({ kind, abstract }) => kind === 'resource' && !abstract)
  .flatMap(({ name: type }) => {
    const names = readdirSync(folder).filter((name) => name.startsWith(`${type}-`))
    const texts = names.slice(0, 8).map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    return texts.filter((text) => text.length < 20_000 && validate(parseJson(text)).length === 0).slice(0, 2)
  })

it.each(Object.entries(breaks))('one break makes an example invalid, there: %s', (_, damage) => {
  let done = 0
  fc.assert(
    fc.property(fc.constantFrom(...examples), fc.nat(), (text, pick) => {
      const resource = parseJson(text) as Resource
      const type = resource.resourceType
      const sites = sitesOf(resource, type, type)
      const from = pick % sites.length
      const where = firstDefined([...sites.slice(from), ...sites.slice(0, from)], damage)
      if (where === undefined) return
      done++
      const issues = validate(resource)
      expect(issues.map((issue) => issue.expression?.[0])).toContain(where)
      expect(JSON.stringify(issues)).not.toContain(planted)
    }),
    { numRuns: 300 },
  )
  expect(done).toBeGreaterThan(100)
})

function firstDefined<T, R>(list: readonly T[], read: (one: T) => R | undefined): R | undefined {
  for (const one of list) {
    const found = read(one)
    if (found !== undefined) return found
  }
  return undefined
}
