import { deidentify, releasableTypes } from '../../src/deid/apply.ts'
import { residue } from '../../src/deid/residue.ts'
import { isObject, type Json, type JsonObject, type Resource } from '../../src/fhir/json.ts'
import { examplesOf, permit, release } from './support.ts'

const context = permit()
const examples = [...releasableTypes].flatMap(examplesOf)
const released = examples.flatMap(({ resource }) => {
  const result = deidentify(resource, context)
  return 'released' in result ? [result.released] : []
})

const observation = release({
  resourceType: 'Observation',
  id: '1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  subject: { reference: 'Patient/1' },
  encounter: { reference: 'Encounter/1' },
  valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
})

/** Copies of a value with one string leaf changed each. */
function mutations(value: Json, change: (text: string) => string): Json[] {
  if (typeof value === 'string') return [change(value)]
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => mutations(item, change).map((one) => value.with(i, one)))
  }
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'resourceType' ? [] : mutations(member, change).map((one) => ({ ...value, [name]: one })),
  )
}

describe('the residue of a released resource', () => {
  it('is nothing', () => {
    expect(residue(observation, context)).toEqual([])
  })

  it.each<[string, JsonObject, string, string]>([
    ['an id that is no pseudonym', { id: '1' }, 'Observation.id', 'form'],
    ['a narrative', { text: { status: 'generated', div: '<div/>' } }, 'Observation.text', 'datatype'],
    [
      'an identifier',
      { identifier: [{ system: 'urn:x', value: '1' }] },
      'Observation.identifier[0].system',
      'form',
    ],
    ['an extension', { extension: [{ url: 'http://x' }] }, 'Observation.extension', 'unexpected'],
    ['a modifierExtension', { modifierExtension: [{ url: 'http://x' }] }, 'Observation', 'unexpected'],
    ['a sibling of a primitive', { _status: { id: 'x' } }, 'Observation', 'unexpected'],
    ['a member FHIR does not know, unnamed', { dupont: 1 }, 'Observation', 'unexpected'],
    ['a string', { valueString: 'x' }, 'Observation.valueString', 'datatype'],
    ['a time of day', { valueTime: '08:30:00' }, 'Observation.valueTime', 'datatype'],
    ['an Annotation', { note: [{ text: 'x' }] }, 'Observation.note[0]', 'datatype'],
    ['SampledData', { valueSampledData: { data: '1' } }, 'Observation.valueSampledData', 'datatype'],
    ['the text of a concept', { method: { text: 'x' } }, 'Observation.method.text', 'datatype'],
    [
      'a code of a system that is not allowed',
      { method: { coding: [{ system: 'urn:x', code: '1' }] } },
      'Observation.method.coding[0].system',
      'form',
    ],
    [
      'a code with white space',
      { method: { coding: [{ system: 'http://loinc.org', code: 'a b' }] } },
      'Observation.method.coding[0].code',
      'form',
    ],
    [
      'a display the terminology does not have',
      { method: { coding: [{ system: 'http://loinc.org', code: '1-8', display: 'Dupont' }] } },
      'Observation.method.coding[0].display',
      'form',
    ],
    [
      'an offset, which tells the season',
      { effectiveDateTime: '2024-01-10T08:30:00+02:00' },
      'Observation.effectiveDateTime',
      'form',
    ],
    [
      'an offset that is written and none',
      { effectiveInstant: '2024-01-10T08:30:00.000+00:00' },
      'Observation.effectiveInstant',
      'form',
    ],
    ['the display of a reference', { device: { display: 'x' } }, 'Observation.device.display', 'datatype'],
    [
      'a reference to an id of the source',
      { subject: { reference: 'Patient/1' } },
      'Observation.subject.reference',
      'form',
    ],
    [
      'an absolute reference',
      { subject: { reference: 'https://x.example/Patient/1' } },
      'Observation.subject.reference',
      'form',
    ],
    ['a code outside of its value set', { status: 'Dupont' }, 'Observation.status', 'form'],
    [
      'a source in meta',
      { meta: { ...(observation['meta'] as JsonObject), source: 'urn:x' } },
      'Observation.meta',
      'unexpected',
    ],
    [
      'a tag of the source',
      { meta: { ...(observation['meta'] as JsonObject), tag: [{ code: 'VIP' }] } },
      'Observation.meta.tag',
      'form',
    ],
    [
      'another permit’s tag',
      {
        meta: { ...(observation['meta'] as JsonObject), tag: [{ system: 'urn:coffre:permit', code: 'P2' }] },
      },
      'Observation.meta.tag',
      'form',
    ],
    ['a resource that does not say it is pseudonymised', { meta: {} }, 'Observation.meta.security', 'form'],
    [
      'a contained resource under its own id',
      { contained: [{ resourceType: 'Medication', id: 'm' }] },
      'Medication.id',
      'form',
    ],
    ['a scalar where a list belongs', { category: 'x' }, 'Observation.category', 'form'],
    [
      'a number somebody could be called by',
      { valueInteger: 1850578006048 },
      'Observation.valueInteger',
      'form',
    ],
  ])('is found in %s', (_title, changes, path, kind) => {
    expect(residue({ ...observation, ...changes }, context)).toContainEqual({ path, residue: kind })
  })

  it('is found in a full birth date, a name, a full postal code', () => {
    const patient = release({ resourceType: 'Patient', id: '1', birthDate: '1980' })
    const found = residue(
      {
        ...patient,
        birthDate: '1980-05-17',
        name: [{ family: 'x' }],
        address: [{ postalCode: '35000', city: 'x' }],
      },
      context,
    )
    expect(found.map(({ path }) => path)).toEqual([
      'Patient.birthDate',
      'Patient.name[0]',
      'Patient.address[0].postalCode',
      'Patient.address[0].city',
    ])
  })

  it('is found in every HL7 example as it was before', () => {
    expect(examples.filter(({ resource }) => residue(resource, context).length === 0)).toEqual([])
  })

  it('is found when any one string of any released example has words after it', () => {
    const mutants = released.flatMap((resource) => mutations(resource, (text) => `${text} Dupont`))
    expect(mutants.length).toBeGreaterThan(4000)
    expect(mutants.filter((one) => residue(one as Resource, context).length === 0)).toEqual([])
  })

  it('never shows a value', () => {
    const mutants = released.flatMap((resource) => mutations(resource, () => 'Dupont'))
    const paths = mutants.flatMap((one) => residue(one as Resource, context).map(({ path }) => path))
    expect(paths.filter((path) => path.includes('Dupont'))).toEqual([])
  })
})
