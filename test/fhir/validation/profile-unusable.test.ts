import { validateProfile } from '../../../src/fhir/validation/validate-profile.ts'
import { base, profile, told } from './profile-support.ts'

describe('a profile that cannot be used is an error of what is checked against it:', () => {
  it.each<[string, ReturnType<typeof profile>]>([
    ['one based on what is not held', profile('a', 'Patient', [], { baseDefinition: 'urn:x' })],
    ['one based on itself', profile('b', 'Patient', [], { baseDefinition: `${base}b` })],
    ['one of an element that is not there', profile('c', 'Patient', [{ path: 'Patient.colour', min: 1 }])],
    [
      'one whose slices have no discriminator',
      profile('d', 'Patient', [{ path: 'Patient.name', sliceName: 'official' }]),
    ],
    [
      'one with a discriminator of a kind that R4 does not have',
      profile('e', 'Patient', [
        { path: 'Patient.name', slicing: { discriminator: [{ type: 'position', path: '$this' }] } },
        { path: 'Patient.name', sliceName: 'first' },
      ]),
    ],
    [
      'one whose slice says nothing at the discriminator',
      profile('f', 'Patient', [
        { path: 'Patient.name', slicing: { discriminator: [{ type: 'value', path: 'use' }] } },
        { path: 'Patient.name', sliceName: 'first', min: 1 },
      ]),
    ],
    [
      'one with a discriminator path that is no restricted FHIRPath',
      profile('g', 'Patient', [
        { path: 'Patient.name', slicing: { discriminator: [{ type: 'value', path: 'given[0] | use' }] } },
        { path: 'Patient.name', sliceName: 'first' },
      ]),
    ],
  ])('%s', (_, definition) => {
    expect(told({ resourceType: 'Patient' }, definition)).toEqual(['error not-supported Patient'])
  })

  it('one whose type has a profile that is not held', () => {
    const type = [{ code: 'HumanName', profile: ['urn:x'] }]
    const definition = profile('h', 'Patient', [{ path: 'Patient.name', type }])
    expect(told({ resourceType: 'Patient', name: [{ text: 'x' }] }, definition)).toEqual([
      'error not-supported Patient.name[0]',
    ])
    expect(told({ resourceType: 'Patient' }, definition)).toEqual([])
  })

  it('one that is not held, whose URL is not repeated', () => {
    const against = ['https://Zq7Planted.example/x']
    const issues = validateProfile({ resourceType: 'Patient' }, { against })
    expect(issues.map(({ code }) => code)).toContain('not-supported')
    expect(JSON.stringify(issues)).not.toContain('Zq7Planted')
  })
})
