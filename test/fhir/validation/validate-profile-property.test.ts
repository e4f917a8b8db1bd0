import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { profilesOn } from '../../../src/fhir/definitions.ts'
import { isObject, parseJson, type Json, type JsonObject, type Resource } from '../../../src/fhir/json.ts'
import { validateProfile } from '../../../src/fhir/validation/validate-profile.ts'

const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
const examples = readdirSync(folder)
  .filter((file) =>
    /^(?:Observation|Patient|DiagnosticReport|Condition|Questionnaire|Bundle)-.*\.json$/.test(file),
  )
  .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
  .filter((text) => text.length < 8000)

/** What must never be seen in an issue; of a form that many strings, codes and URLs may have. */
const planted = 'Zq7Planted'

interface Place {
  readonly owner: JsonObject | Json[]
  readonly name: string | number
}

/** Every member and item of a value. */
function placesOf(value: Json): Place[] {
  if (!isObject(value) && !Array.isArray(value)) return []
  const names = Array.isArray(value) ? value.keys() : Object.keys(value)
  return [...names].flatMap((name) => [
    ...(name === 'resourceType' ? [] : [{ owner: value, name }]),
    ...placesOf((value as Record<string | number, Json>)[name] ?? null),
  ])
}

function change({ owner, name }: Place, how: 'gone' | 'planted' | 'twice'): void {
  const holder = owner as Record<string | number, Json>
  const value = holder[name] ?? null
  if (how === 'twice' && Array.isArray(value)) holder[name] = [...value, ...value]
  else if (how === 'planted' && typeof value === 'string') holder[name] = planted
  else if (how === 'gone' && !Array.isArray(owner)) Reflect.deleteProperty(owner, name)
}

describe('validation in full', () => {
  it('comes to an end and repeats nothing of a resource, whatever is done to it', () => {
    let told = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...examples),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('gone', 'planted', 'twice')), { maxLength: 3 }),
        (text, changes) => {
          const resource = parseJson(text) as Resource
          for (const [at, how] of changes) {
            const places = placesOf(resource)
            const place = places[at % places.length]
            if (place) change(place, how)
          }
          const issues = validateProfile(resource, { against: profilesOn(resource.resourceType) })
          told += issues.length
          expect(JSON.stringify(issues)).not.toContain(planted)
        },
      ),
      { numRuns: 80 },
    )
    expect(told).toBeGreaterThan(150)
  })
})
