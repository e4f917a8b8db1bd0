import { parseJson, stringifyJson, type Resource } from '../../../src/fhir/json.ts'
import { applyFhirPathPatch } from '../../../src/fhir/patch/patch-fhirpath.ts'

type Part = Record<string, unknown>

/** An operation of a patch: `value` is `{ valueCode: 'x' }`, or a list of parts. */
function operation(
  type: string,
  path: string,
  more: { name?: string; value?: Part | Part[]; [index: string]: unknown } = {},
): Part {
  const { name, value, ...indexes } = more
  return {
    name: 'operation',
    part: [
      { name: 'type', valueCode: type },
      { name: 'path', valueString: path },
      ...(name === undefined ? [] : [{ name: 'name', valueString: name }]),
      ...Object.entries(indexes).map(([index, valueInteger]) => ({ name: index, valueInteger })),
      ...(value === undefined
        ? []
        : [{ name: 'value', ...(Array.isArray(value) ? { part: value } : value) }]),
    ],
  }
}

function patched(resource: string, ...operations: Part[]): string {
  const parameters = parseJson(JSON.stringify({ resourceType: 'Parameters', parameter: operations }))
  const given = parseJson(resource) as Resource
  const result = stringifyJson(applyFhirPathPatch(given, parameters as Resource))
  expect(stringifyJson(given)).toBe(resource)
  return result
}

const patient = (members: string) => `{"resourceType":"Patient"${members === '' ? '' : `,${members}`}}`
const observation = (members: string) => `{"resourceType":"Observation",${members}}`
const identifiers = (...values: string[]) =>
  patient(`"identifier":[${values.map((v) => `{"value":"${v}"}`).join(',')}]`)
const valueDate = { valueDate: '1930-01-01' }

describe('FHIRPath Patch', () => {
  it.each([
    [
      'adds a primitive',
      patient(''),
      [operation('add', 'Patient', { name: 'birthDate', value: valueDate })],
      patient('"birthDate":"1930-01-01"'),
    ],
    [
      'replaces a primitive',
      patient('"birthDate":"1920-01-01"'),
      [operation('replace', 'Patient.birthDate', { value: valueDate })],
      patient('"birthDate":"1930-01-01"'),
    ],
    [
      'deletes a primitive with its extensions',
      patient('"birthDate":"1920-01-01","_birthDate":{"id":"x"}'),
      [operation('delete', 'Patient.birthDate')],
      patient(''),
    ],
    [
      'deletes what is not there',
      patient('"active":true'),
      [operation('delete', 'Patient.birthDate')],
      patient('"active":true'),
    ],
    [
      'deletes what a deletion leaves empty',
      patient('"contact":[{"name":{"text":"a name"},"gender":"male"}]'),
      [operation('delete', 'Patient.contact[0].name.text')],
      patient('"contact":[{"gender":"male"}]'),
    ],
    [
      'deletes the last item of a list with the list',
      patient('"contact":[{"gender":"male"}]'),
      [operation('delete', 'Patient.contact.gender')],
      patient(''),
    ],
    [
      'adds to a nested element',
      patient('"contact":[{"name":{"text":"x"}}]'),
      [operation('add', 'Patient.contact[0]', { name: 'gender', value: { valueCode: 'male' } })],
      patient('"contact":[{"name":{"text":"x"},"gender":"male"}]'),
    ],
    [
      'adds a data type',
      patient(''),
      [
        operation('add', 'Patient', {
          name: 'maritalStatus',
          value: { valueCodeableConcept: { text: 'married' } },
        }),
      ],
      patient('"maritalStatus":{"text":"married"}'),
    ],
    [
      'adds an anonymous element by its parts',
      patient(''),
      [
        operation('add', 'Patient', {
          name: 'contact',
          value: [
            { name: 'name', valueHumanName: { text: 'x' } },
            { name: 'telecom', valueContactPoint: { value: '1' } },
            { name: 'telecom', valueContactPoint: { value: '2' } },
          ],
        }),
      ],
      patient('"contact":[{"name":{"text":"x"},"telecom":[{"value":"1"},{"value":"2"}]}]'),
    ],
    [
      'appends to a list',
      identifiers('1'),
      [operation('add', 'Patient', { name: 'identifier', value: { valueIdentifier: { value: '2' } } })],
      identifiers('1', '2'),
    ],
    [
      'inserts into a list',
      identifiers('1', '2'),
      [operation('insert', 'Patient.identifier', { index: 1, value: { valueIdentifier: { value: '3' } } })],
      identifiers('1', '3', '2'),
    ],
    [
      'inserts into a list that is empty',
      patient(''),
      [operation('insert', 'Patient.identifier', { index: 0, value: { valueIdentifier: { value: '1' } } })],
      identifiers('1'),
    ],
    [
      'moves within a list',
      identifiers('1', '2', '3', '4'),
      [operation('move', 'Patient.identifier', { source: 3, destination: 1 })],
      identifiers('1', '4', '2', '3'),
    ],
    [
      'finds the item that meets a condition',
      identifiers('1', '2'),
      [operation('delete', "Patient.identifier.where(value = '1')")],
      identifiers('2'),
    ],
    [
      'applies operations one after the other',
      identifiers('1', '2'),
      [
        operation('delete', 'Patient.identifier[0]'),
        operation('replace', 'Patient.identifier[0].value', { value: { valueString: '9' } }),
      ],
      identifiers('9'),
    ],
    [
      'adds to a choice by the type of the value',
      observation('"status":"final"'),
      [operation('add', 'Observation', { name: 'value', value: { valueQuantity: { value: 5 } } })],
      observation('"status":"final","valueQuantity":{"value":5}'),
    ],
    [
      'replaces a choice by one of another type',
      observation('"valueQuantity":{"value":5}'),
      [operation('replace', 'Observation.value', { value: { valueString: 'five' } })],
      observation('"valueString":"five"'),
    ],
    [
      'goes into a choice',
      observation('"valueQuantity":{"value":1.50,"unit":"x"}'),
      [operation('replace', 'Observation.value.unit', { value: { valueString: 'y' } })],
      observation('"valueQuantity":{"value":1.50,"unit":"y"}'),
    ],
    [
      'takes an extension of a primitive for what it is',
      patient('"birthDate":"1930-01-01"'),
      [
        operation('add', 'Patient.birthDate', {
          name: 'extension',
          value: [
            { name: 'url', valueUri: 'http://x' },
            { name: 'value', valueString: 'about' },
          ],
        }),
      ],
      patient(
        '"birthDate":"1930-01-01","_birthDate":{"extension":[{"url":"http://x","valueString":"about"}]}',
      ),
    ],
    [
      'keeps the extensions of a list of primitives beside their values',
      patient('"name":[{"given":["a","b"],"_given":[null,{"id":"b"}]}]'),
      [
        operation('insert', 'Patient.name[0].given', { index: 0, value: { valueString: 'c' } }),
        operation('delete', 'Patient.name[0].given[1]'),
      ],
      patient('"name":[{"given":["c","b"],"_given":[null,{"id":"b"}]}]'),
    ],
    [
      'goes into a contained resource',
      patient('"contained":[{"resourceType":"Organization","id":"o","name":"x"}]'),
      [operation('replace', 'Patient.contained[0].name', { value: { valueString: 'y' } })],
      patient('"contained":[{"resourceType":"Organization","id":"o","name":"y"}]'),
    ],
    ['changes nothing without operations', patient('"active":true'), [], patient('"active":true')],
  ] as const)('%s', (_what, before, operations, after) => {
    expect(patched(before, ...operations)).toBe(after)
  })

  it.each([
    [
      'an add to what is there and does not repeat',
      422,
      operation('add', 'Patient', { name: 'birthDate', value: valueDate }),
    ],
    [
      'an add of a second type of a choice',
      422,
      operation('add', 'Patient', { name: 'deceased', value: { valueDateTime: '2020' } }),
    ],
    [
      'an add to several elements',
      422,
      operation('add', 'Patient.name', { name: 'family', value: { valueString: 'x' } }),
    ],
    [
      'an element that the type does not have',
      422,
      operation('add', 'Patient', { name: 'colour', value: { valueString: 'x' } }),
    ],
    [
      'a value of another type',
      422,
      operation('replace', 'Patient.birthDate', { value: { valueBoolean: true } }),
    ],
    [
      'a replace of what is not there',
      422,
      operation('replace', 'Patient.gender', { value: { valueCode: 'male' } }),
    ],
    ['a delete of several', 422, operation('delete', 'Patient.name')],
    ['a delete of the resource', 422, operation('delete', 'Patient')],
    [
      'an insert beyond the end',
      422,
      operation('insert', 'Patient.name', { index: 3, value: { valueHumanName: { text: 'x' } } }),
    ],
    [
      'an insert into what does not repeat',
      422,
      operation('insert', 'Patient.birthDate', { index: 0, value: valueDate }),
    ],
    ['a move beyond the end', 422, operation('move', 'Patient.name', { source: 0, destination: 2 })],
    ['a path that computes a value', 422, operation('delete', 'Patient.name.count()')],
    [
      'a path of a name of the prototype',
      422,
      operation('add', 'Patient', { name: '__proto__', value: { valueString: 'x' } }),
    ],
    ['a path that cannot be parsed', 400, operation('delete', 'Patient.name[')],
    [
      'a function that could cost much',
      400,
      operation('delete', "Patient.name.where(family.matches('(a+)+$'))"),
    ],
    ...[
      "Patient.name.where(family.matches/**/('(a+)+$'))",
      "Patient.name/*'*/.where(family.matches('(a+)+$'))/*'*/",
      "Patient.name.where(`'`.exists() or family.matches('(a+)+$'))",
      "Patient.name.where(family.`matches`('(a+)+$'))",
    ].map((path): [string, number, Part] => ['a function that hides', 400, operation('delete', path)]),
    [
      'a function that leads elsewhere',
      400,
      operation('delete', 'Patient.managingOrganization.resolve().name'),
    ],
    ['a variable', 400, operation('delete', '%resource.name[0]')],
    ['an operation that is none', 400, operation('test', 'Patient.name')],
    ['an add without a value', 400, operation('add', 'Patient', { name: 'active' })],
    ['an index below zero', 400, operation('move', 'Patient.name', { source: -1, destination: 0 })],
    ['another parameter', 400, { name: 'resource', valueString: 'x' }],
  ])('refuses %s with %i', (_what, status, wrong) => {
    const before = patient(
      '"name":[{"family":"a"},{"family":"b"}],"birthDate":"1920-01-01","deceasedBoolean":false',
    )
    let error: unknown
    try {
      patched(before, operation('replace', 'Patient.birthDate', { value: valueDate }), wrong)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ status, issues: [{ expression: ['Parameters.parameter[1]'] }] })
  })
})
