import { resourceTypes } from '../../../src/fhir/definitions.ts'
import { validate } from '../../../src/fhir/validation/validate.ts'
import { chanceOf } from './chance.ts'
import { randomResource } from './random-resource.ts'

const world = { ids: ['one', 'two'], base: 'https://hospital.example/fhir' }

describe('a random resource', () => {
  it.each(resourceTypes)('of type %s is valid', (type) => {
    for (let seed = 0; seed < 40; seed++) {
      const resource = randomResource(type, 'one', chanceOf(seed), world)
      expect({ seed, issues: validate(resource, type) }).toEqual({ seed, issues: [] })
    }
  })

  it('is the same for the same seed', () => {
    const make = () => resourceTypes.map((type, seed) => randomResource(type, 'one', chanceOf(seed), world))
    expect(make()).toEqual(make())
  })
})
