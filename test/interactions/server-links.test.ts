import fc from 'fast-check'
import { parseJson, stringifyJson, type Resource } from '../../src/fhir/json.ts'
import { keepServerLinks, linkGround, withServerLinks } from '../../src/interactions/server-links.ts'

const own = fc.constantFrom('a', 'b', 'c').map((id) => ({
  ...{ other: { reference: `Patient/${id}` }, type: 'refer' },
}))
const links = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('x', 'y', 'z'),
    ground: fc.constantFrom('ins' as const, 'steward' as const),
  }),
  { selector: ({ id }) => id, maxLength: 3 },
)
const patients = fc
  .record(
    {
      resourceType: fc.constant('Patient'),
      active: fc.boolean(),
      link: fc.array(own, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['resourceType'] },
  )
  .map((patient) => parseJson(JSON.stringify(patient)) as Resource)

describe('links of the server in a Patient', () => {
  it('are taken out to the byte', () => {
    fc.assert(
      fc.property(patients, links, (patient, wanted) => {
        const linked = withServerLinks(patient, wanted)
        expect(stringifyJson(withServerLinks(linked, []))).toBe(stringifyJson(patient))
      }),
    )
  })

  it('are there as they are wanted, each once, whatever was there before', () => {
    fc.assert(
      fc.property(patients, links, links, (patient, former, wanted) => {
        const linked = withServerLinks(withServerLinks(patient, former), wanted)
        const ids = [
          ...stringifyJson(linked).matchAll(/"valueCode":"(\w+)"\}\],"other":\{"reference":"Patient\/(\w)"/g),
        ]
        expect(ids.map(([, ground, id]) => `${id} ${ground}`).sort()).toEqual(
          wanted.map(({ id, ground }) => `${id} ${ground}`).sort(),
        )
      }),
    )
  })

  it('stay when a client writes the Patient with all of them, some, none, or with its own', () => {
    fc.assert(
      fc.property(patients, patients, links, links, (before, written, there, sent) => {
        const kept = keepServerLinks(withServerLinks(written, sent), withServerLinks(before, there))
        expect(sorted(kept)).toEqual(sorted(withServerLinks(written, there)))
      }),
    )
  })

  it('leave a Patient without them as it is', () => {
    fc.assert(
      fc.property(patients, fc.option(patients, { nil: undefined }), (written, before) => {
        expect(keepServerLinks(written, before)).toBe(written)
      }),
    )
  })

  it('cannot be brought along by a client', () => {
    const link = [
      {
        extension: [{ url: linkGround, valueCode: 'ins' }],
        other: { reference: 'Patient/a' },
        type: 'seealso',
      },
    ]
    expect(keepServerLinks({ resourceType: 'Patient', link }, undefined)).toEqual({ resourceType: 'Patient' })
  })
})

/** Links in no order. */
function sorted(patient: Resource): object {
  const items = Array.isArray(patient['link']) ? patient['link'] : []
  return { ...patient, link: items.map((one) => stringifyJson(one)).sort() }
}
