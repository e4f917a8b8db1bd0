import fc from 'fast-check'
import type { Resource } from '../../src/fhir/json.ts'
import { typeDefinition } from '../../src/fhir/definitions.ts'
import { validate } from '../../src/fhir/validation/validate.ts'
import { demandWhole, isSubsetted, parseShape, shaped } from '../../src/interactions/summary.ts'

const patient: Resource = {
  resourceType: 'Patient',
  id: 'p',
  meta: { versionId: '1', tag: [{ code: 'x' }] },
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
  active: true,
  name: [{ family: 'x' }],
  birthDate: '1970',
  _birthDate: { extension: [{ url: 'http://example.org', valueString: 'x' }] },
  contact: [{ name: { family: 'y' } }],
  communication: [{ language: { text: 'fr' }, preferred: true }],
  link: [{ other: { reference: 'Patient/2' }, type: 'seealso' }],
}

const names = (resource: Resource) => Object.keys(resource).sort()
const always = ['id', 'meta', 'resourceType']

describe('_summary', () => {
  it('true keeps the elements that the definitions mark, modifiers among them', () => {
    const summary = shaped(patient, { summary: 'true', elements: undefined })
    expect(names(summary)).toEqual([...always, '_birthDate', 'active', 'birthDate', 'link', 'name'].sort())
  })

  it('text keeps the narrative and what is mandatory, data all but the narrative', () => {
    const text = shaped(patient, { summary: 'text', elements: undefined })
    expect(names(text)).toEqual([...always, 'active', 'link', 'text'].sort())
    const data = shaped(patient, { summary: 'data', elements: undefined })
    expect(names(data)).toEqual(names(patient).filter((name) => name !== 'text'))
  })

  it('false keeps everything and does not tag it', () => {
    expect(shaped(patient, { summary: 'false', elements: undefined })).toBe(patient)
  })
})

describe('_elements', () => {
  it('keeps a tag that was there beside SUBSETTED', () => {
    const { meta } = shaped(patient, { summary: undefined, elements: ['name'] })
    expect(meta).toMatchObject({ versionId: '1', tag: [{ code: 'x' }, { code: 'SUBSETTED' }] })
  })

  it('tags a resource SUBSETTED once, however often it is cut', () => {
    const once = shaped(patient, { summary: undefined, elements: ['name'] })
    expect(shaped(once, { summary: 'true', elements: undefined }).meta).toEqual(once.meta)
    expect([isSubsetted(patient), isSubsetted(once)]).toEqual([false, true])
  })

  it('leaves a resource that must not be written back', () => {
    const cut = shaped(patient, { summary: undefined, elements: ['name'] })
    expect(() => demandWhole(patient)).not.toThrow()
    expect(() => demandWhole(cut)).toThrow(expect.objectContaining({ status: 422 }) as Error)
  })

  it('leaves a valid resource, and only elements that were asked for, mandatory or modifiers', () => {
    const properties = [...typeDefinition('Patient').properties.values()]
    fc.assert(
      fc.property(fc.subarray(properties.map(({ name }) => name)), (elements) => {
        const left = shaped(patient, { summary: undefined, elements })
        const unasked = names(left).filter((name) => {
          const property = properties.find((one) => one.name === name.replace(/^_/, ''))
          return (
            property && !always.includes(name) && !elements.includes(property.name) && !property.isModifier
          )
        })
        return unasked.length === 0 && validate(left).length === 0
      }),
    )
  })

  it.each([[['_elements', 'colour']], [['_summary', 'count']], [['name', 'x']]] as const)(
    'refuses %j on a read',
    (parameter) => {
      expect(() => parseShape('Patient', [parameter])).toThrow(
        expect.objectContaining({ status: 400 }) as Error,
      )
    },
  )
})
