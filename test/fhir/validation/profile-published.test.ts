import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { byCanonical } from '../../../src/fhir/definitions.ts'
import { parseJson, type Json, type JsonObject } from '../../../src/fhir/json.ts'
import { heldProfiles, Profiles } from '../../../src/fhir/validation/profile-tree.ts'
import { validateProfile } from '../../../src/fhir/validation/validate-profile.ts'

/** HL7's profiles as published, with snapshots; those in our package have their differentials alone. */
const folder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'))
const files = readdirSync(folder).sort()

interface Published {
  readonly url: string
  readonly type: string
  readonly kind: string
  readonly derivation: string
  readonly snapshot?: object
}

const published = files
  .filter((file) => file.startsWith('StructureDefinition-'))
  .map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Published)
  .filter(({ derivation, url }) => derivation === 'constraint' && url.startsWith('http://hl7.org/fhir/'))
const byUrl = new Map(published.map((one) => [one.url, one]))
const fromSnapshots = new Profiles((url) => byUrl.get(url) ?? byCanonical.get(url))

function errors(resource: Json, url: string, profiles: Profiles): string[] {
  const issues = validateProfile(resource, { against: [url], errorsOnly: true, profiles })
  return [...new Set(issues.map(({ code, expression }) => `${code} ${expression?.[0]}`))].sort()
}

/** The shortest example of a type, whole and with each of its members gone. */
function variants(type: string): JsonObject[] {
  const texts = files
    .filter((file) => file.startsWith(`${type}-`) && file.endsWith('.json'))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
  const [shortest] = texts.toSorted((left, right) => left.length - right.length)
  if (shortest === undefined) return []
  const whole = parseJson(shortest) as JsonObject
  const names = Object.keys(whole).filter((name) => !['resourceType', 'id', 'text', 'meta'].includes(name))
  return [whole, ...names.map((gone) => ({ ...whole, [gone]: undefined as unknown as Json }))].map(
    (one) => parseJson(JSON.stringify(one)) as JsonObject,
  )
}

const values: readonly JsonObject[] = [
  { valueBoolean: true },
  { valueString: 'x' },
  { valueCodeableConcept: { text: 'x' } },
  { valueReference: { reference: 'Patient/1' } },
  { extension: [{ url: 'x', valueCode: 'x' }] },
]

describe('a snapshot that is made from a differential', () => {
  const ofResources = published.filter(({ kind, type }) => kind === 'resource' && type !== 'Extension')
  const ofExtensions = published.filter(({ type }) => type === 'Extension')

  it('says what the published one says, of the profiles of R4', () => {
    const ofType = new Map(
      [...new Set(ofResources.map(({ type }) => type))].map((type) => [type, variants(type)]),
    )
    expect(ofResources.length).toBeGreaterThan(40)
    const told = ofResources.flatMap(({ url, type }) =>
      (ofType.get(type) ?? []).map((one) => ({
        made: [url, ...errors(one, url, heldProfiles)],
        published: [url, ...errors(one, url, fromSnapshots)],
      })),
    )
    expect(told.filter(({ published: [, first] }) => first !== undefined).length).toBeGreaterThan(100)
    expect(told.map(({ made }) => made)).toEqual(told.map((one) => one.published))
  })

  it('says what the published one says, of the extensions of R4', () => {
    expect(ofExtensions.length).toBeGreaterThan(300)
    const told = ofExtensions.flatMap(({ url }) =>
      values.map((value) => {
        const one = { resourceType: 'Basic', code: { text: 'x' }, extension: [{ url, ...value }] }
        const tell = (profiles: Profiles) => [
          url,
          ...errors(one, 'http://hl7.org/fhir/StructureDefinition/Basic', profiles),
        ]
        return { made: tell(heldProfiles), published: tell(fromSnapshots) }
      }),
    )
    expect(told.filter(({ published: [, first] }) => first !== undefined).length).toBeGreaterThan(300)
    expect(told.map(({ made }) => made)).toEqual(told.map((one) => one.published))
  })
})
