import { deidentify } from '../../src/deid/apply.ts'
import { residue } from '../../src/deid/residue.ts'
import { generatePatients } from '../../src/demo/generate.ts'
import { isObject, parseJson, stringifyJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { validate } from '../../src/fhir/validation/validate.ts'
import { split } from '../../src/identity/split.ts'
import { permit, textOf } from './support.ts'

/** What a French hospital's feed looks like: 24 synthetic patients, names and numbers in every free text. */
const sixTypes = ['Patient', 'Observation', 'ImagingStudy', 'DiagnosticReport', 'Encounter', 'Condition']
const resources = [...generatePatients({ seed: 20, patients: 24 })]
  .flat()
  .filter(({ resourceType }) => sixTypes.includes(resourceType))

/** The same resource as it lies at rest, what identifies sealed away: where a permit's release starts from. */
function atRest(resource: Resource): Resource {
  const { clear } = split(resource, (reference) => ({ clear: reference, restored: true }))
  return parseJson(clear) as Resource
}

const context = permit()

function release(form: (resource: Resource) => Resource): { source: Resource; out: Resource }[] {
  return resources.flatMap((source) => {
    const result = deidentify(form(source), context)
    return 'released' in result ? [{ source, out: result.released }] : []
  })
}

function countByType(of: readonly Resource[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { resourceType } of of) counts[resourceType] = (counts[resourceType] ?? 0) + 1
  return counts
}

/** One string leaf: the element it is in, the member it is, the object around it. */
interface Leaf {
  readonly path: string
  readonly name: string
  readonly text: string
  readonly parent: Json
}

function leavesOf(value: Json, path: string, name = '', parent: Json = null): Leaf[] {
  if (typeof value === 'string') return [{ path, name, text: value, parent }]
  if (Array.isArray(value)) return value.flatMap((item, i) => leavesOf(item, `${path}[${i}]`, name, parent))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, `${path}.${key}`, key, value))
}

/** Members whose words are FHIR's or a terminology's. */
const vocabulary = new Set(['resourceType', 'system', 'code', 'status', 'unit', 'use', 'gender', 'country'])
const isPartialDate = (text: string) => /^\d{4}(-\d\d)?$/.test(text)

/** All that a resource says in its own words: names, numbers, ids, references, UIDs, full dates, texts. */
function ownWordsOf(resource: Resource): string[] {
  return leavesOf(resource, resource.resourceType).flatMap(({ name, text, parent }) => {
    const isOfCoding = name === 'display' && isObject(parent) && 'code' in parent
    return vocabulary.has(name) || isOfCoding || isPartialDate(text) ? [] : [text.toLowerCase()]
  })
}

/** Names of the patient, relatives, staff, streets and towns, word by word. */
function personWordsOf(resource: Resource): string[] {
  const holders = ['family', 'given', 'line', 'city', 'display']
  return leavesOf(resource, resource.resourceType).flatMap(({ name, text, parent }) =>
    holders.includes(name) && !(isObject(parent) && 'code' in parent) ? wordsOf(text) : [],
  )
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}{4,}/gu) ?? []
}

/** What the rules drop: identifiers, relatives, staff, marital status; and the hospital's own visit types. */
const droppedElements =
  /^(Patient\.(maritalStatus|contact)|Encounter\.participant|\w+\.(meta|identifier))(\.|$)/
const localSystem = 'https://chu-broceliande.example/codes/type-venue'

/** `Observation.code.coding http://loinc.org|718-7` for each coding that should leave. */
function codingsOf(value: Json, path: string): string[] {
  if (droppedElements.test(path)) return []
  if (Array.isArray(value)) return value.flatMap((item) => codingsOf(item, path))
  if (!isObject(value)) return []
  const { system, code } = value
  if (typeof system === 'string' && typeof code === 'string') {
    return system === localSystem ? [] : [`${path} ${system}|${code} ${stringifyJson(value['value'] ?? '')}`]
  }
  return Object.entries(value).flatMap(([key, member]) => codingsOf(member, `${path}.${key}`))
}

const inFull = release((resource) => resource)

describe.each([
  { form: 'in full', released: inFull },
  { form: 'as they lie at rest', released: release(atRest) },
])('synthetic patients, released from what they are $form', ({ released }) => {
  it('leave with every resource of the six types', () => {
    const counts = countByType(resources)
    expect(Object.keys(counts).sort()).toEqual([...sixTypes].sort())
    expect(resources.length).toBeGreaterThan(1000)
    expect(countByType(released.map(({ out }) => out))).toEqual(counts)
  })

  it('keep every code of a known system, and every measured value to the digit', () => {
    const lost = released.filter(({ source, out }) => {
      const expected = codingsOf(source, source.resourceType)
      return String(codingsOf(out, out.resourceType).sort()) !== String(expected.sort())
    })
    expect(lost.map(({ source }) => source['id'])).toEqual([])
    expect(
      new Set(resources.flatMap((one) => codingsOf(one, '').map((text) => text.split(/[ |]/)[1]))).size,
    ).toBeGreaterThan(12)
  })

  it('repeat no name, number, id, reference, UID, date or text of their own', () => {
    const secrets = new Set(resources.flatMap(ownWordsOf).filter((text) => !isFullDate(text)))
    const repeated = released.flatMap(({ source, out }) => {
      const own = new Set(ownWordsOf(source))
      return leavesOf(out, out.resourceType).filter(
        ({ name, text }) =>
          !vocabulary.has(name) && (secrets.has(text.toLowerCase()) || own.has(text.toLowerCase())),
      )
    })
    expect(secrets.size).toBeGreaterThan(2000)
    expect(repeated.map(({ path }) => path)).toEqual([])
  })

  it('hold no identifier, telephone number, e-mail or name of anybody inside another text', () => {
    const numbers = new Set(
      resources.flatMap((resource) =>
        leavesOf(resource, '').flatMap(({ path, text }) =>
          /\.(identifier|telecom)\[\d+\]\.value$/.test(path) ? [text.toLowerCase()] : [],
        ),
      ),
    )
    const people = new Set(resources.flatMap(personWordsOf))
    const texts = released.map(({ out }) => textOf(out))
    expect([...numbers].filter((number) => texts.some((text) => text.includes(number)))).toEqual([])
    expect([...new Set(texts.flatMap(wordsOf))].filter((word) => people.has(word))).toEqual([])
    expect(numbers.size).toBeGreaterThan(200)
    expect(people.size).toBeGreaterThan(200)
  })

  it('leave no residue and are valid', () => {
    expect(released.flatMap(({ out }) => residue(out, context))).toEqual([])
    expect(released.flatMap(({ out }) => validate(out))).toEqual([])
  })

  it('keep the year of birth, the département and every interval of the course', () => {
    const patients = released.filter(({ source }) => source.resourceType === 'Patient')
    for (const { source, out } of patients) {
      const [address] = source['address'] as { postalCode: string }[]
      const [left] = out['address'] as { postalCode: string }[]
      expect(left?.postalCode).toBe(address?.postalCode.slice(0, 2))
      expect(out['birthDate']).toMatch(/^\d{4}$/)
    }
    const moves = released.flatMap(({ source, out }) => momentsOf(source, out))
    expect(moves.length).toBeGreaterThan(1000)
    expect([...new Set(moves)]).toEqual([context.shiftDays * 86_400_000])
  })
})

it('pseudonymises the Study Instance UID of a synthetic ImagingStudy and drops its accession number', () => {
  const studies = inFull.filter(({ out }) => out.resourceType === 'ImagingStudy')
  expect(studies.length).toBeGreaterThan(10)
  for (const { out } of studies) {
    expect(out['identifier']).toEqual([
      { system: 'urn:dicom:uid', value: expect.stringMatching(/^urn:oid:2\.25\.\d+$/) },
    ])
  }
})

function isFullDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text)
}

/** By how many ms each moment of a resource that is still there has moved. */
function momentsOf(source: Resource, out: Resource): number[] {
  const isMoment = ({ text }: Leaf) => /^\d{4}-\d\d-\d\dT/.test(text)
  const before = new Map(
    leavesOf(source, '')
      .filter(isMoment)
      .map((leaf) => [leaf.path, leaf.text]),
  )
  return leavesOf(out, '').flatMap((leaf) => {
    const was = before.get(leaf.path)
    return isMoment(leaf) && was !== undefined ? [Date.parse(leaf.text) - Date.parse(was)] : []
  })
}
