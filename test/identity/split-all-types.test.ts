import { resourceTypes } from '../../src/fhir/definitions.ts'
import { isObject, parseJson, stringifyJson, type Json, type JsonObject } from '../../src/fhir/json.ts'
import { decodeFragments, encodeFragments, join, split, type SplitText } from '../../src/identity/split.ts'
import { extensionRules, extensionSplit } from '../../src/resources/extension-split.ts'
import { splitRules, type SplitRule } from '../../src/resources/identity-split.ts'
import { canaryBirthDate, Canaries, canaryResource, stem, variantsOf } from '../support/canaries.ts'
import { find, formsOfDay, needles } from '../support/canary-search.ts'

/** How many variants of the choice elements of each type are tried; `Infinity` tries all. */
const variants = Number(process.env['SPLIT_VARIANTS'] ?? 1)
const forbidden = needles([stem, ...formsOfDay(canaryBirthDate)])

interface Laid {
  readonly type: string
  readonly resource: JsonObject
  readonly written: string
  readonly text: SplitText
}

function* laidDown(extent: 'whole' | 'own'): Generator<Laid> {
  const canaries = new Canaries()
  const subject = { patient: 'known', day: '2024-05-06' }
  for (const type of resourceTypes) {
    for (let variant = 0; variant < Math.min(variants, variantsOf(type)); variant++) {
      const resource = canaryResource(canaries, type, 'one', subject, variant, extent)
      const text = split(resource, (reference) =>
        /^(#|Patient\/known$)/.test(reference) ? { clear: reference, restored: true } : undefined,
      )
      yield { type, resource, written: stringifyJson(resource), text }
    }
  }
}

/** The forms in which a canary stands in the text of a type. */
function leaks(type: string, text: string): string[] {
  return find(type, Buffer.from(text), forbidden)
}

it('splits each of the R4 types so that no canary stays in clear, in any form, and gives back what was written', () => {
  const seen = new Set<string>()
  for (const { type, written, text } of laidDown('whole')) {
    seen.add(type)
    const joined = join(text.clear, decodeFragments(encodeFragments(text.fragments)))
    expect([type, joined === written]).toEqual([type, true])
    expect(leaks(type, text.clear)).toEqual([])
    expect([type, written.includes(stem)]).toEqual([type, true])
    expect(parseJson(text.clear)).toMatchObject({ resourceType: type })
  }
  expect([...seen]).toEqual(resourceTypes)
  expect(seen.size).toBe(146)
}, 300_000)

/** Paths below an object of a type that are sealed whole, each with what stands there. */
function* sealedMembers(
  path: string,
  object: JsonObject,
  rules: ReadonlyMap<string, SplitRule>,
): Generator<[path: string, value: Json]> {
  for (const [name, value] of Object.entries(object)) {
    const rule = rules.get(name) ?? 'seal'
    if (value === undefined || name === 'resourceType') continue
    if (rule === 'seal') yield [`${path}.${name}`, value]
    const parts = (Array.isArray(value) ? value : [value]).filter(isObject)
    for (const part of parts) {
      const inner = rulesWithin(rule, part, path)
      if (inner) yield* sealedMembers(`${path}.${name}`, part, inner)
    }
  }
}

function rulesWithin(
  rule: SplitRule,
  part: JsonObject,
  path: string,
): ReadonlyMap<string, SplitRule> | undefined {
  const [type = ''] = path.split('.')
  if (rule === 'extension') return extensionRules(extensionSplit(part['url'], type, undefined))
  return typeof rule === 'object' && 'type' in rule ? splitRules(rule.type) : undefined
}

/** Values of these types have no room for a word, nor for a day. */
const wordless = /\.value(Uuid|Oid|Time)$/

it('is tried with a canary in each element that is sealed', () => {
  const bare = new Set<string>()
  let sealed = 0
  for (const { type, resource } of laidDown('own')) {
    for (const [path, value] of sealedMembers(type, resource, splitRules(type))) {
      sealed += 1
      const text = stringifyJson(value)
      const isCanary = [stem, canaryBirthDate].some(
        (one) => text.includes(one) || decoded(value).includes(one),
      )
      if (!isCanary && !wordless.test(path)) bare.add(path)
    }
  }
  expect([...bare]).toEqual([])
  expect(sealed).toBeGreaterThan(10_000)
}, 300_000)

/** What a base64Binary says. */
function decoded(value: Json): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : ''
}
