import { canary, sent, withHeaders, type BadRequest } from './bad-request.ts'

const place = '/fhir/Patient/there'

const json = (what: string, body: unknown, status = 422): BadRequest =>
  withHeaders(
    sent(
      'PATCH',
      place,
      `JSON Patch: ${what}`,
      typeof body === 'string' ? body : JSON.stringify(body),
      status,
    ),
    { 'Content-Type': 'application/json-patch+json' },
  )

const ofNames = ['__proto__', 'constructor', 'prototype'].flatMap((name) => [
  json(`add to ${name}`, [{ op: 'add', path: `/${name}/polluted`, value: canary }], 400),
  json(`${name} in the middle of a path`, [{ op: 'add', path: `/name/0/${name}/x`, value: canary }], 400),
  json(`move from ${name}`, [{ op: 'move', from: `/${name}`, path: '/language' }], 400),
])

const jsonPatches: readonly BadRequest[] = [
  ...ofNames,
  json('__proto__ in a value', '[{"op":"add","path":"/name/0","value":{"__proto__":{"a":1}}}]', 400),
  json('constructor in a value', '[{"op":"add","path":"/name/0","value":{"constructor":{"a":1}}}]'),
  json('no array', { op: 'remove', path: '/name' }, 400),
  json('text', `"${canary}"`, 400),
  json('no JSON', canary, 400),
  json('an operation that is none', [{ op: canary, path: '/name' }], 400),
  json('an operation that is a list', [[]], 400),
  json('no path', [{ op: 'remove' }], 400),
  json('a path that is a number', [{ op: 'remove', path: 1 }], 400),
  json('a path that is no pointer', [{ op: 'remove', path: canary }], 400),
  json('a bad escape in a path', [{ op: 'remove', path: '/~2' }], 400),
  json('a pointer of a fragment', [{ op: 'remove', path: '#/name' }], 400),
  json('a path of 5 million characters', [{ op: 'remove', path: '/a'.repeat(2_500_000) }], 400),
  json(
    'a path with one token of 5 million characters',
    [{ op: 'remove', path: `/${'a'.repeat(5_000_000)}` }],
    400,
  ),
  json('no value', [{ op: 'add', path: '/language' }], 400),
  json('no from', [{ op: 'copy', path: '/language' }], 400),
  json('a test that fails', [{ op: 'test', path: '/gender', value: canary }]),
  json('a test of what is not there', [{ op: 'test', path: '/language', value: 'fr' }]),
  json('a value moved into itself', [{ op: 'move', from: '/name', path: '/name/0/given' }]),
  json('the document moved into itself', [{ op: 'move', from: '', path: '/name/0' }]),
  json('the document removed', [{ op: 'remove', path: '' }]),
  json('null for the document', [{ op: 'replace', path: '', value: null }]),
  json('another type', [{ op: 'replace', path: '/resourceType', value: 'Group' }]),
  json('another id', [{ op: 'replace', path: '/id', value: canary }]),
  json('another version', [{ op: 'replace', path: '/meta/versionId', value: '99' }]),
  json('an index beyond the list', [{ op: 'add', path: '/name/7', value: {} }]),
  json('a negative index', [{ op: 'remove', path: '/name/-1' }]),
  json('an index with a leading zero', [{ op: 'remove', path: '/name/00' }]),
  json('an index of 1e9', [{ op: 'add', path: '/name/1000000000', value: {} }]),
  json('the length of a list', [{ op: 'replace', path: '/name/length', value: 4_294_967_295 }]),
  json('the end of a list, removed', [{ op: 'remove', path: '/name/-' }]),
  json('an unknown element', [{ op: 'add', path: '/colour', value: canary }]),
  json('a script', [{ op: 'add', path: '/text', value: { status: 'generated', div: '<script/>' } }]),
  json('NUL', '[{"op":"add","path":"/language","value":"\\u0000"}]', 400),
  json('a lone surrogate', '[{"op":"add","path":"/language","value":"\\udfff"}]', 400),
  json('NUL in a path', '[{"op":"remove","path":"/\\u0000"}]', 400),
  json('1,001 operations', Array(1001).fill({ op: 'test', path: '/gender', value: 'male' }), 400),
  json('copies that double', [
    { op: 'add', path: '/contact', value: [{ name: { given: ['x'] } }] },
    ...Array(40).fill({ op: 'copy', from: '/contact', path: '/contact/0/name/x' }),
  ]),
  json('copies that double what is there', Array(64).fill({ op: 'copy', from: '', path: '/x' })),
  json('199 levels', [{ op: 'add', path: '/x', value: nested(195) }]),
  json('1,000 levels', [{ op: 'add', path: '/x', value: nested(1000) }], 400),
]

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

const operation = (type: string, path: string, more: readonly object[] = []) => ({
  name: 'operation',
  part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...more],
})
const paths = (what: string, operations: readonly object[], status = 400): BadRequest =>
  sent(
    'PATCH',
    place,
    `FHIRPath Patch: ${what}`,
    JSON.stringify({ resourceType: 'Parameters', parameter: operations }),
    status,
  )
const path = (what: string, text: string, status = 400) => paths(what, [operation('delete', text)], status)

const fhirPathPatches: readonly BadRequest[] = [
  path('no expression', ')('),
  path('an expression that backtracks', "Patient.name.where(family.matches('(a+)+$'))"),
  path('a function behind a comment', "Patient.name.where(family.matches/**/('(a+)+$'))"),
  path('a function behind a line comment', "Patient.name.where(family.matches//\n('(a+)+$'))"),
  path('a function in backticks', "Patient.name.where(family.`matches`('(a+)+$'))"),
  path('a function by escapes', "Patient.name.where(family.`\\u006datches`('(a+)+$'))"),
  path('a replacement that grows', "Patient.name.replaceMatches('', 'xxxxxxxx')"),
  path('repeat', 'Patient.repeat(contact)'),
  path('repeat that never ends', 'Patient.repeat($this)'),
  path('descendants', 'Patient.descendants()'),
  path('aggregate', 'Patient.name.aggregate($this + $total)'),
  path('trace', `Patient.trace('${canary}')`),
  path('resolve', 'Patient.managingOrganization.resolve()'),
  path('a variable', '%resource.name'),
  path('the environment', '%`vs-../../etc/passwd`'),
  path('300 parentheses around nothing', `${'('.repeat(300)}${')'.repeat(300)}`),
  path(
    'a comment with a quote, and a function behind it',
    "Patient.photo/*'*/.where(title.matches('x'))/*'*/",
  ),
  path(
    'a name with a quote, and a function behind it',
    "Patient.photo.where(`'`.exists() or title.matches('x'))",
  ),
  path('490 parentheses that do not close', `Patient${'.where('.repeat(70)}${'('.repeat(490)}`),
  path('where in where, 80 deep, not closed', `Patient${'.where(name'.repeat(80)}`),
  path('300 negations', `Patient.where(${'-'.repeat(300)}1)`, 422),
  path('200 indexers', `Patient${'[0'.repeat(200)}${']'.repeat(200)}`, 422),
  path('more than 1,000 characters', `Patient.name.where(family = '${'a'.repeat(1000)}')`),
  path('a string that does not end', "Patient.name.where(family = '"),
  path('what is computed', '1 + 1', 422),
  path('a constant', `'${canary}'`, 422),
  path('several elements', 'Patient.name.given', 422),
  path('the resource', 'Patient', 422),
  path('nothing at all', ' '),
  paths('an operation that is none', [operation(canary, 'Patient.name')]),
  paths('no operation', [{ name: canary, valueString: 'x' }]),
  paths('an index of -1', [operation('insert', 'Patient.name', [{ name: 'index', valueInteger: -1 }])]),
  paths(
    'a name of __proto__',
    [
      operation('add', 'Patient', [
        { name: 'name', valueString: '__proto__' },
        { name: 'value', valueString: canary },
      ]),
    ],
    422,
  ),
  paths(
    'a name of constructor',
    [
      operation('add', 'Patient', [
        { name: 'name', valueString: 'constructor' },
        { name: 'value', valueString: canary },
      ]),
    ],
    422,
  ),
  paths(
    'a value of another type',
    [
      operation('add', 'Patient', [
        { name: 'name', valueString: 'birthDate' },
        { name: 'value', valueBoolean: true },
      ]),
    ],
    422,
  ),
  paths(
    'parts 90 deep',
    [operation('add', 'Patient', [{ name: 'name', valueString: 'contact' }, parts(90)])],
    422,
  ),
  paths('another id', [operation('replace', 'Patient.id', [{ name: 'value', valueId: canary }])], 422),
  paths('1,001 operations', Array(1001).fill(operation('delete', 'Patient.photo'))),
  paths(
    'a move beyond the list',
    [
      operation('move', 'Patient.name', [
        { name: 'source', valueInteger: 0 },
        { name: 'destination', valueInteger: 2_147_483_647 },
      ]),
    ],
    422,
  ),
]

function parts(depth: number): object {
  let value: object = { name: 'value', part: [{ name: 'gender', valueCode: 'male' }] }
  for (let level = 0; level < depth; level++)
    value = { name: level === depth - 1 ? 'value' : 'name', part: [value] }
  return value
}

/** Patches that cannot be read, that fit nothing, or that would cost too much. */
export const badPatches: readonly BadRequest[] = [
  ...jsonPatches,
  ...fhirPathPatches,
  withHeaders(sent('PATCH', place, 'a merge patch', '{"gender":null}', 415), {
    'Content-Type': 'application/merge-patch+json',
  }),
  withHeaders(sent('PATCH', place, 'an XML patch', '<diff/>', 415), {
    'Content-Type': 'application/xml-patch+xml',
  }),
  sent('PATCH', place, 'a patch that is a Patient', '{"resourceType":"Patient"}', 415),
]
