import fc from 'fast-check'
import { parseJson, stringifyJson, type Json, type Resource } from '../../src/fhir/json.ts'
import { replacedSource, replacingTarget, withoutMerge } from '../../src/interactions/merge/patients.ts'
import { moveOver, placesOf, putBack } from '../../src/interactions/merge/redirect.ts'

const base = 'https://hospital.example/fhir'
const ids = { source: 'a', target: 'b', base }
const forms = ['Patient/a', 'Patient/b', 'Patient/c', `${base}/Patient/a`, 'Patient/a/_history/2', '#a']
const references = fc.constantFrom(...forms).map((reference) => ({ reference }))
const observations = fc.record({
  resourceType: fc.constant('Observation'),
  id: fc.constant('o'),
  contained: fc.array(fc.record({ resourceType: fc.constant('Device'), patient: references }), {
    maxLength: 2,
  }),
  extension: fc.array(fc.record({ url: fc.constant('urn:x'), valueReference: references }), { maxLength: 2 }),
  subject: references,
  performer: fc.array(references, { maxLength: 4 }),
  note: fc.array(fc.record({ text: fc.constant('Patient/a'), authorReference: references }), {
    maxLength: 2,
  }),
})
const copy = (value: unknown) => parseJson(JSON.stringify(value)) as Resource
const text = (value: Json) => stringifyJson(value)

describe('moving references from a Patient to another', () => {
  it('leaves none to the source, but for its versions, and changes nothing else', () => {
    fc.assert(
      fc.property(observations, (given) => {
        const { resource } = moveOver(copy(given), ids)
        expect(placesOf(resource, 'a', base)).toEqual([])
        const expected = JSON.stringify(given).replace(/(?<="reference":"[^"]*)Patient\/a"/g, 'Patient/b"')
        expect(text(resource)).toBe(expected)
      }),
    )
  })

  it('is undone to the very resource that was there', () => {
    fc.assert(
      fc.property(observations, (given) => {
        const { resource, paths } = moveOver(copy(given), ids)
        expect(text(putBack(resource, ids, paths))).toBe(JSON.stringify(given))
      }),
    )
  })

  it('is undone after edits: what was the source’s goes back wherever it stands, what was edited stays', () => {
    const performers = fc.array(fc.constantFrom('Patient/a', 'Patient/c'), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(performers, fc.array(fc.nat(9)), (given, swaps) => {
        const before = copy({
          ...{ resourceType: 'Observation', subject: { reference: 'Patient/b' } },
          performer: given.map((reference) => ({ reference })),
        })
        const { resource, paths } = moveOver(before, ids)
        const edit = (one: Resource): Resource => {
          const performer = [...(one['performer'] as Json[])]
          for (const n of swaps) performer.push(...performer.splice(n % performer.length, 1))
          return { ...one, status: 'amended', performer }
        }
        expect(text(putBack(edit(resource), ids, paths))).toBe(text(edit(before)))
      }),
    )
  })
})

describe('the two Patients of a merge', () => {
  const identifier = (value: string) => ({ system: 'urn:ipp', value })
  const a = copy({
    resourceType: 'Patient',
    id: 'a',
    identifier: [identifier('1'), identifier('2')],
    birthDate: '1980',
  })
  const b = copy({
    resourceType: 'Patient',
    id: 'b',
    identifier: [identifier('2'), identifier('3')],
    link: [{ other: { reference: 'Patient/a' }, type: 'seealso' }],
  })

  it('are linked, the source inactive, its identifiers old ones of the target', () => {
    expect(replacedSource(a, 'b', base)).toEqual({
      ...a,
      active: false,
      link: [{ other: { reference: 'Patient/b' }, type: 'replaced-by' }],
    })
    expect(replacingTarget(b, a, base)).toEqual({
      ...b,
      identifier: [identifier('2'), identifier('3'), { ...identifier('1'), use: 'old' }],
      link: [{ other: { reference: 'Patient/a' }, type: 'replaces' }],
    })
  })

  it('are as they were when the merge is undone, with what was edited since', () => {
    for (const [before, merged] of [
      [a, replacedSource(a, 'b', base)],
      [b, replacingTarget(b, a, base)],
    ] as const) {
      expect(withoutMerge(before, merged, merged)).toEqual(before)
      const own = before['identifier'] as Json[]
      const edited = {
        ...merged,
        gender: 'female',
        identifier: [...(merged['identifier'] as Json[]), identifier('9')],
      }
      expect(withoutMerge(before, merged, edited)).toEqual({
        ...before,
        gender: 'female',
        identifier: [...own, identifier('9')],
      })
    }
  })
})
