import { jest } from '@jest/globals'
import { parseJson, type Json, type JsonObject } from '../../../src/fhir/json.ts'
import { validateProfile } from '../../../src/fhir/validation/validate-profile.ts'
import { observation, profile, told } from './profile-support.ts'

const gender = 'http://hl7.org/fhir/ValueSet/administrative-gender'

/** A profile with one invariant. */
function invariant(path: string, expression: string, more: readonly { url: string }[] = []) {
  const [type = ''] = path.split('.')
  const constraint = [{ key: 'x-1', severity: 'error', human: 'as it says', expression }]
  return [profile('one', type, [{ path, constraint }]), ...more]
}

const withTargets = (reference: string): JsonObject => ({
  ...observation,
  contained: [{ resourceType: 'Patient', id: 'p', gender: 'female' }],
  subject: { reference: '#p' },
  performer: [{ reference }],
})

describe('an invariant of R4', () => {
  it.each<[string, string, JsonObject]>([
    [
      'obs-6 Observation',
      'a value beside the reason why there is none',
      { ...observation, valueInteger: 1, dataAbsentReason: { text: 'x' } },
    ],
    [
      'obs-7 Observation',
      'a value beside a component of the same code',
      { ...observation, valueInteger: 1, component: [{ code: observation['code'] as Json }] },
    ],
    [
      'qty-3 Observation.value',
      'a coded unit without its system',
      { ...observation, valueQuantity: { value: 1, code: 'g' } },
    ],
    [
      'pat-1 Patient.contact[0]',
      'a contact of whom nothing is known',
      { resourceType: 'Patient', contact: [{ gender: 'male' }] },
    ],
    [
      'per-1 Patient.name[1].period',
      'a period that ends before it starts',
      { resourceType: 'Patient', name: [{ text: 'a' }, { period: { start: '2024-03', end: '2024-02-29' } }] },
    ],
    [
      'tim-9 Observation.effective.repeat',
      'an offset from a meal itself, one of two events',
      { ...observation, effectiveTiming: { repeat: { offset: 1, when: ['ACM', 'C'] } } },
    ],
    [
      'cnt-3 Observation.component[0].extension[0].value',
      'a Count that is no whole number',
      {
        ...observation,
        component: [
          {
            code: { text: 'x' },
            extension: [
              { url: 'urn:x', valueCount: { value: '@1.0', system: 'http://unitsofmeasure.org', code: '1' } },
            ],
          },
        ],
      },
    ],
    [
      'bdl-7 Bundle',
      'one fullUrl twice',
      {
        resourceType: 'Bundle',
        type: 'collection',
        entry: ['a', 'a'].map(() => ({
          fullUrl: 'urn:uuid:a',
          resource: { resourceType: 'Basic', code: { text: 'x' } },
        })),
      },
    ],
  ])('is checked at its place: %s, %s', (place, _, resource) => {
    // decimals keep their digits: `1.0` is no whole number
    const sent = parseJson(JSON.stringify(resource).replace(/"@([\d.]+)"/, '$1'))
    const issues = validateProfile(sent, { errorsOnly: true })
    expect(
      issues.map(
        ({ diagnostics, expression }) => `${/\((\S+)\)$/.exec(diagnostics)?.[1]} ${expression?.[0]}`,
      ),
    ).toEqual([place])
  })

  it('lets an offset from two events be', () => {
    const effectiveTiming = { repeat: { offset: 1, when: ['ACM', 'AC'] } }
    expect(validateProfile({ ...observation, effectiveTiming }, { errorsOnly: true })).toEqual([])
  })

  it.each<[string, JsonObject]>([
    ['a period from a month to a day in it', { start: '2024-03', end: '2024-03-02' }],
    ['a period of one day and an hour of it', { start: '2024-03-02', end: '2024-03-02T10:00:00Z' }],
    ['a period without an end', { start: '2024-03-02' }],
  ])('lets %s be', (_, period) => {
    expect(validateProfile({ resourceType: 'Patient', name: [{ period }] }, { errorsOnly: true })).toEqual([])
  })
})

describe('an invariant of a profile', () => {
  it.each<[string, string, JsonObject, string[]]>([
    [
      'resolves a contained resource',
      "subject.resolve().gender = 'female'",
      withTargets('Practitioner/1'),
      [],
    ],
    [
      'knows the type of one that is elsewhere',
      'performer.resolve().all($this is Practitioner)',
      withTargets('Practitioner/1'),
      [],
    ],
    [
      'is told from that type',
      'performer.resolve().all($this is Practitioner)',
      withTargets('Organization/1'),
      ['error invariant Observation'],
    ],
    [
      'is not told from what is elsewhere',
      'performer.resolve().active = true',
      withTargets('Practitioner/1'),
      ['warning not-supported Observation'],
    ],
    [
      'is not told from a URL without a type',
      'performer.resolve().exists()',
      withTargets('urn:uuid:c757873d-ec9a-4326-a141-556f43239520'),
      ['warning not-supported Observation'],
    ],
    [
      'asks for the members of a ValueSet',
      `subject.resolve().gender.memberOf('${gender}')`,
      withTargets('Practitioner/1'),
      [],
    ],
    [
      'is not told from a ValueSet that is not held',
      "code.memberOf('urn:unknown')",
      observation,
      ['warning not-supported Observation'],
    ],
    ['that is no FHIRPath is an error', 'code.(', observation, ['error not-supported Observation']],
    [
      'that cannot be evaluated is an error',
      'code.unknownFunction()',
      observation,
      ['error not-supported Observation'],
    ],
    ['that comes out empty is not met', 'value.unit', observation, ['error invariant Observation']],
    [
      'sees the resource and its container',
      "%resource.status = 'final' and %rootResource.status = 'final'",
      observation,
      [],
    ],
  ])('%s', (_, expression, resource, issues) => {
    expect(told(resource, ...invariant('Observation', expression))).toEqual(issues)
  })

  it('asks whether what it stands on conforms to another profile', () => {
    const coded = profile('coded', 'Observation', [{ path: 'Observation.code.coding', min: 2 }])
    const expression = `conformsTo('${coded.url}').not()`
    expect(told(observation, ...invariant('Observation', expression, [coded]))).toEqual([])
    const same = invariant('Observation', expression.replace('.not()', ''), [coded])
    expect(told(observation, ...same)).toEqual(['error invariant Observation'])
  })

  it('without an expression cannot be told', () => {
    const constraint = [{ key: 'x-1', severity: 'error', human: 'in words alone' }]
    const words = profile('words', 'Observation', [{ path: 'Observation', constraint }])
    expect(told(observation, words)).toEqual(['warning not-supported Observation'])
  })

  it('is one of 20,000 that one validation evaluates: what has more is refused as too costly', () => {
    const contact = Array.from({ length: 20_001 }, () => ({ name: { text: 'x' } }))
    const issues = validateProfile({ resourceType: 'Patient', contact }, { errorsOnly: true })
    expect(issues.map(({ code }) => code)).toEqual(['too-costly'])
  })

  it('traces nothing, because values do not belong in a log', () => {
    const spies = (['log', 'warn', 'error', 'info'] as const).map((name) => jest.spyOn(console, name))
    told(observation, ...invariant('Observation', "code.trace('code').exists()"))
    const printed = spies.flatMap(({ mock }) => mock.calls)
    for (const spy of spies) spy.mockRestore()
    expect(printed).toEqual([])
  })
})
