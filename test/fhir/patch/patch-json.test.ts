import fc from 'fast-check'
import { applyPatch, createPatch } from 'rfc6902'
import { parseJson, stringifyJson, type Resource } from '../../../src/fhir/json.ts'
import { applyJsonPatch } from '../../../src/fhir/patch/patch-json.ts'

const given =
  '{"resourceType":"Observation","status":"final","code":{"text":"x"},' +
  '"component":[{"valueQuantity":{"value":1.50}},{"valueQuantity":{"value":2}}]}'

function patched(patch: string, resource = given): string {
  const before = parseJson(resource) as Resource
  const after = stringifyJson(applyJsonPatch(before, parseJson(patch)))
  expect(stringifyJson(before)).toBe(resource)
  return after
}

function refusal(patch: string, resource = given): unknown {
  try {
    patched(patch, resource)
  } catch (error) {
    return (error as { status: number }).status
  }
  return 'not refused'
}

const components = (...values: string[]) =>
  given.replace(/\[.*\]/, `[${values.map((value) => `{"valueQuantity":{"value":${value}}}`).join(',')}]`)

describe('JSON Patch', () => {
  it.each([
    [
      'add to an object',
      '[{"op":"add","path":"/language","value":"fr"}]',
      given.replace(/}$/, ',"language":"fr"}'),
    ],
    [
      'add in front of an item',
      '[{"op":"add","path":"/component/0","value":{"valueQuantity":{"value":3.0}}}]',
      components('3.0', '1.50', '2'),
    ],
    [
      'add at the end',
      '[{"op":"add","path":"/component/-","value":{"valueQuantity":{"value":3.0}}}]',
      components('1.50', '2', '3.0'),
    ],
    [
      'remove of the last item, which takes the list with it',
      '[{"op":"remove","path":"/component/0"},{"op":"remove","path":"/component/0"}]',
      given.replace(/,"component.*\]/, ''),
    ],
    [
      'replace',
      '[{"op":"replace","path":"/component/1/valueQuantity/value","value":2.00}]',
      components('1.50', '2.00'),
    ],
    ['move', '[{"op":"move","from":"/component/0","path":"/component/1"}]', components('2', '1.50')],
    [
      'copy, digits and all',
      '[{"op":"copy","from":"/component/0","path":"/component/-"}]',
      components('1.50', '2', '1.50'),
    ],
    [
      'test, by the value of a number',
      '[{"op":"test","path":"/component/0/valueQuantity/value","value":1.5}]',
      given,
    ],
  ])('applies %s', (_what, patch, after) => {
    expect(patched(patch)).toBe(after)
  })

  it.each([
    ['a document that is no array', '{"op":"remove","path":"/status"}', 400],
    ['an operation that is none', '[{"op":"frobnicate","path":"/status"}]', 400],
    ['a path that is no pointer', '[{"op":"remove","path":"status"}]', 400],
    ['a bad escape in a pointer', '[{"op":"remove","path":"/a~2b"}]', 400],
    ['a pointer of 20 million characters', `[{"op":"remove","path":"${'/a'.repeat(10_000_000)}"}]`, 400],
    ['an add without a value', '[{"op":"add","path":"/language"}]', 400],
    ['a move without from', '[{"op":"move","path":"/language"}]', 400],
    ['a path of the prototype', '[{"op":"add","path":"/__proto__/polluted","value":true}]', 400],
    [
      'a path of the constructor',
      '[{"op":"add","path":"/constructor/prototype/polluted","value":true}]',
      400,
    ],
    [
      'too many operations',
      `[${Array(1001).fill('{"op":"test","path":"/status","value":"final"}').join(',')}]`,
      400,
    ],
    ['a test that fails', '[{"op":"test","path":"/status","value":"amended"}]', 422],
    ['a path that is not there', '[{"op":"remove","path":"/component/2"}]', 422],
    ['an index with a leading zero', '[{"op":"remove","path":"/component/00"}]', 422],
    ['an index beyond the end', '[{"op":"add","path":"/component/3","value":{}}]', 422],
    ['a path through a text', '[{"op":"add","path":"/status/0","value":"x"}]', 422],
    ['a path of what objects inherit', '[{"op":"test","path":"/toString","value":1}]', 422],
    ['a move into itself', '[{"op":"move","from":"/component","path":"/component/0/x"}]', 422],
  ])('refuses %s: %i', (_what, patch, status) => {
    expect(refusal(patch)).toBe(status)
    expect({}).not.toHaveProperty('polluted')
  })

  it('stops copies of copies before they fill the memory, and trees before they cannot be read again', () => {
    const doubling = Array.from(
      { length: 40 },
      () => '{"op":"copy","from":"/component","path":"/component/-"}',
    )
    expect(refusal(`[${doubling.join(',')}]`)).toBe(422)
    const deep = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`
    const deepening = [
      `{"op":"add","path":"/a","value":${deep(150)}}`,
      `{"op":"copy","from":"/a","path":"/b"}`,
      `{"op":"move","from":"/b","path":"/a${'/0'.repeat(149)}/0"}`,
    ]
    expect(refusal(`[${deepening.join(',')}]`)).toBe(422)
  })

  it('does what another implementation does, whatever the documents', () => {
    const object = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.letrec((tie) => ({
        value: fc.oneof(
          { depthSize: 'small' },
          fc.integer(),
          fc.string(),
          fc.boolean(),
          tie('list'),
          tie('object'),
        ),
        list: fc.array(tie('value'), { minLength: 1, maxLength: 4 }),
        object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('value')),
      })).value,
    )
    fc.assert(
      fc.property(object, object, (before, after) => {
        const patch = createPatch(before, after)
        const theirs = structuredClone(before)
        applyPatch(theirs, patch)
        const ours = applyJsonPatch(before as unknown as Resource, parseJson(JSON.stringify(patch)))
        expect(JSON.parse(stringifyJson(ours))).toEqual(JSON.parse(JSON.stringify(theirs)))
      }),
    )
  })

  it('leaves the resource as it was when a later operation fails', () => {
    const before = parseJson(given) as Resource
    const patch = '[{"op":"remove","path":"/status"},{"op":"remove","path":"/nothing"}]'
    expect(() => applyJsonPatch(before, parseJson(patch))).toThrow(/operation 1/)
    expect(stringifyJson(before)).toBe(given)
  })
})
