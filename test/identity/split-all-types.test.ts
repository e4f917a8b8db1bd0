import { resourceTypes } from '../../src/fhir/definitions.ts'
import { parseJson, stringifyJson } from '../../src/fhir/json.ts'
import { decodeFragments, encodeFragments, join, split, type SplitText } from '../../src/identity/split.ts'
import { Canaries, canaryResource, stem, variantsOf } from '../support/canaries.ts'
import { find, needles } from '../support/canary-search.ts'

/** How many variants of the choice elements of each type are tried; `Infinity` tries all. */
const variants = Number(process.env['SPLIT_VARIANTS'] ?? 1)
const forbidden = needles([stem])

interface Laid {
  readonly type: string
  readonly written: string
  readonly text: SplitText
}

function* laidDown(): Generator<Laid> {
  const canaries = new Canaries()
  const subject = { patient: 'known', day: '2024-05-06' }
  for (const type of resourceTypes) {
    for (let variant = 0; variant < Math.min(variants, variantsOf(type)); variant++) {
      const resource = canaryResource(canaries, type, 'one', subject, variant)
      const text = split(resource, (reference) =>
        /^(#|Patient\/known$)/.test(reference) ? { clear: reference, restored: true } : undefined,
      )
      yield { type, written: stringifyJson(resource), text }
    }
  }
}

/** The forms in which a canary stands in the text of a type. */
function leaks(type: string, text: string): string[] {
  return find(type, Buffer.from(text), forbidden)
}

it('splits each of the R4 types so that no canary stays in clear, in any form, and gives back what was written', () => {
  const seen = new Set<string>()
  for (const { type, written, text } of laidDown()) {
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
