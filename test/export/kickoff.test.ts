import { parametersOf, parseKickoff, type KickoffOptions, type Parameter } from '../../src/export/kickoff.ts'
import { FhirError } from '../../src/fhir/outcome.ts'
import type { Json } from '../../src/fhir/json.ts'

const options: KickoffOptions = {
  ...{ level: 'patient', group: undefined, method: 'POST', handling: 'strict', alone: false },
  ...{ now: new Date('2026-11-24T06:00:00Z'), zone: 'Europe/Paris', base: 'https://chu.example/fhir' },
}

function kickoff(parameters: readonly Parameter[], more: Partial<KickoffOptions> = {}) {
  return parseKickoff(parameters, { ...options, ...more })
}

function refusal(parameters: readonly Parameter[], more: Partial<KickoffOptions> = {}): FhirError {
  try {
    kickoff(parameters, more)
  } catch (error) {
    if (error instanceof FhirError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('B12 _outputFormat', () => {
  it.each(['application/fhir+ndjson', 'application/fhir ndjson', 'application/ndjson', 'ndjson'])(
    'takes %s',
    (format) => {
      expect(kickoff([['_outputFormat', format]]).ignored).toEqual([])
    },
  )

  it.each(['application/xml', 'text/html', 'json', 'application/fhir+json', '', 'x-unknown'])(
    'refuses %s',
    (format) => {
      expect(refusal([['_outputFormat', format]], { handling: 'lenient' })).toMatchObject({ status: 400 })
    },
  )
})

describe('B13 _since', () => {
  it.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00.123+02:00', '2025-12-31T22:00:00.123Z'],
    ['2026-01-01T00:00:00 02:00', '2025-12-31T22:00:00.000Z'],
  ])('takes the instant %s', (since, read) => {
    expect(kickoff([['_since', since]]).since).toBe(read)
  })

  it.each([
    '2026',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-02-30T00:00:00Z',
    'yesterday',
    '',
    '2030-01-01T00:00:00Z',
  ])('refuses %s: not an instant, or in the future', (since) => {
    expect(refusal([['_since', since]])).toMatchObject({ status: 400 })
  })

  it('refuses it twice', () => {
    const since: Parameter = ['_since', '2026-01-01T00:00:00Z']
    expect(refusal([since, since]).message).toBe('_since: given twice')
  })
})

describe('B15 _type', () => {
  it('takes a comma list, a repeated parameter, and both', () => {
    const read = kickoff([
      ['_type', 'Patient,Observation'],
      ['_type', 'Condition'],
      ['_type', 'Patient'],
    ])
    expect(read.types).toEqual(['Patient', 'Observation', 'Condition'])
  })

  it.each(['Unknown', 'patient', 'Patient,Nothing', '', 'HumanName', 'DomainResource'])(
    'refuses %s',
    (types) => {
      expect(refusal([['_type', types]])).toMatchObject({ status: 400 })
    },
  )

  it('refuses a type outside the Patient compartment below system level, and leaves it out when lenient', () => {
    const types: Parameter = ['_type', 'Patient,Organization']
    expect(refusal([types])).toMatchObject({ status: 400 })
    expect(kickoff([types], { handling: 'lenient' })).toMatchObject({
      types: ['Patient'],
      ignored: ['_type'],
    })
    expect(kickoff([types], { level: 'system' }).types).toEqual(['Patient', 'Organization'])
  })
})

describe('B16 _typeFilter', () => {
  it('keeps repeated filters apart, those that a comma joins before a type too', () => {
    const read = kickoff([
      ['_typeFilter', 'Observation?code=http://loinc.org|2160-0,http://loinc.org|4548-4'],
      ['_typeFilter', 'Condition?clinical-status=active,Observation?status=final&category=laboratory'],
    ])
    expect(read.typeFilters.map((text) => decodeURIComponent(text))).toEqual([
      'Observation?code=http://loinc.org|2160-0,http://loinc.org|4548-4',
      'Condition?clinical-status=active',
      'Observation?status=final&category=laboratory',
    ])
  })

  it.each([
    'Observation',
    'Observation/1?status=final',
    '/Observation?status=final',
    'Nothing?status=final',
    'Patient?status=active',
    'Observation?date=yesterday',
    'Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status',
    ...['_sort=date', '_count=1', '_include=Observation:subject', '_elements=id', '_summary=true'].map(
      (control) => `Observation?${control}`,
    ),
  ])('refuses %s', (filter) => {
    expect(refusal([['_typeFilter', filter]])).toMatchObject({ status: 400 })
  })

  it('leaves out an unknown search parameter when lenient, and reports it', () => {
    const read = kickoff([['_typeFilter', 'Patient?status=active&gender=female']], { handling: 'lenient' })
    expect(read).toMatchObject({ typeFilters: ['Patient?gender=female'], ignored: ['_typeFilter'] })
  })

  it('refuses a filter on a type that is not in _type', () => {
    const parameters: Parameter[] = [
      ['_type', 'Patient'],
      ['_typeFilter', 'Observation?status=final'],
    ]
    expect(refusal(parameters).message).toBe('_typeFilter: a type that is not in _type')
  })
})

describe('B17 _elements', () => {
  it('takes root elements with and without their type', () => {
    expect(
      kickoff([
        ['_elements', 'id,Patient.birthDate'],
        ['_elements', 'Observation.value'],
      ]).elements,
    ).toEqual([...['id', 'Patient.birthDate', 'Observation.value']])
  })

  it.each(['Patient.name.family', 'Patient.nothing', 'Nothing.id', 'a b', 'Patient.'])(
    'refuses %s',
    (element) => {
      expect(refusal([['_elements', element]])).toMatchObject({ status: 400 })
    },
  )
})

describe('B18, B19 patient', () => {
  it('takes references of this base, each once', () => {
    const read = kickoff([
      ['patient', 'Patient/1'],
      ['patient', 'https://chu.example/fhir/Patient/2'],
      ['patient', 'Patient/1'],
    ])
    expect(read.patients).toEqual(['1', '2'])
  })

  it.each(['1', 'Group/1', 'https://elsewhere.example/fhir/Patient/1', 'Patient?identifier=x'])(
    'refuses %s',
    (reference) => {
      expect(refusal([['patient', reference]])).toMatchObject({ status: 400 })
    },
  )

  it('is refused at system level, and in a GET', () => {
    const patient: Parameter = ['patient', 'Patient/1']
    expect(refusal([patient], { level: 'system' }).message).toBe('patient: not at system level')
    expect(refusal([patient], { method: 'GET' }).message).toBe('patient: in a POST only')
  })
})

describe('B24 an unknown parameter', () => {
  it('is refused by name', () => {
    expect(refusal([['includeAssociatedData', 'x']]).message).toBe(
      'includeAssociatedData: not a parameter of this operation',
    )
  })

  it('is not repeated when it may be anything', () => {
    expect(refusal([['Jean Dupont 180036802400129', 'x']]).message).toBe(
      'a parameter: not a parameter of this operation',
    )
  })

  it('B23: is left out when lenient, and reported', () => {
    expect(kickoff([['organizeOutputBy', 'Patient']], { handling: 'lenient' }).ignored).toEqual([
      'organizeOutputBy',
    ])
  })
})

describe('B4 the Parameters of a POST', () => {
  it('are read whatever type their values have', () => {
    const body = {
      resourceType: 'Parameters',
      parameter: [
        { name: '_type', valueString: 'Patient' },
        { name: '_since', valueInstant: '2026-01-01T00:00:00Z' },
        { name: '_type', valueCode: 'Observation' },
        { name: '_type', valueCoding: { code: 'Condition' } },
        { name: 'patient', valueReference: { reference: 'Patient/1' } },
      ],
    }
    expect(parametersOf(body)).toEqual([
      ...[
        ['_type', 'Patient'],
        ['_since', '2026-01-01T00:00:00Z'],
        ['_type', 'Observation'],
      ],
      ...[
        ['_type', 'Condition'],
        ['patient', 'Patient/1'],
      ],
    ])
  })

  it('may be none', () => {
    expect(parametersOf({ resourceType: 'Parameters' })).toEqual([])
  })

  it.each<[string, Json | undefined]>([
    ['no body', undefined],
    ['another resource', { resourceType: 'Patient' }],
    ['parameters that are no list', { resourceType: 'Parameters', parameter: {} }],
    ['a parameter without a name', { resourceType: 'Parameters', parameter: [{ valueString: 'x' }] }],
    ['a parameter without a value', { resourceType: 'Parameters', parameter: [{ name: '_type' }] }],
    [
      'two values',
      { resourceType: 'Parameters', parameter: [{ name: '_type', valueString: 'a', valueCode: 'b' }] },
    ],
  ])('are refused: %s', (_title, body) => {
    expect(() => parametersOf(body)).toThrow(FhirError)
  })
})
