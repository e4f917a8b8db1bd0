import { bundle, canary, sent, type BadRequest } from './bad-request.ts'

interface Entry {
  readonly fullUrl?: string
  readonly resource?: object
  readonly request?: object
}
const bundled = (what: string, entry: readonly Entry[], status = 400, type = 'transaction') =>
  bundle(`a ${type} with ${what}`, JSON.stringify({ resourceType: 'Bundle', type, entry }), status)

const basic = (members: object = {}) => ({ resourceType: 'Basic', code: { text: 'x' }, ...members })
const creation = { method: 'POST', url: 'Basic' }
const to = (reference: string) => basic({ subject: { reference } })
const nested = (depth: number): object =>
  depth === 0
    ? { resourceType: 'Patient' }
    : {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [{ resource: nested(depth - 1), request: { method: 'POST', url: '' } }],
      }

const nowhere = [
  '..',
  '../../auth/token',
  '//evil.example/Patient',
  'http://evil.example/fhir/Basic',
  'http://169.254.169.254/latest/meta-data',
  'file:///etc/passwd',
  'javascript:x()',
  '__proto__',
  'constructor/x',
]
const urls = [
  'Basic/%00',
  'Basic/\0',
  'Basic/%ed%a0%80',
  'Basic/..%2f..%2fx',
  'Basic/not_an_id!',
  `Basic/${'a'.repeat(65)}`,
  `Basic/${'a'.repeat(1_000_000)}`,
  `Basic?colour=${canary}`,
  'Basic?_filter=((((',
  'Basic?code:in=u:x',
  `Basic?${'a=b&'.repeat(200)}`,
]

const putTo = (url: string, status: number) =>
  bundled(
    `a PUT to ${JSON.stringify(url.slice(0, 40))}`,
    [{ resource: basic(), request: { method: 'PUT', url } }],
    status,
  )

const entries: readonly BadRequest[] = [
  ...nowhere.map((url) => putTo(url, 404)),
  ...['?', '', '/'].map((url) => putTo(url, 405)),
  ...urls.map((url) => putTo(url, 400)),
  ...['TRACE', 'CONNECT', 'get', 'HEAD', '', ' GET', '__proto__', canary].map((method) =>
    bundled(`the method ${JSON.stringify(method)}`, [{ request: { method, url: 'Basic' } }], 405),
  ),
  ...['W/', 'W/"x"', '"1", "2"', '*', 'W/"1", W/"2"', `W/"${'9'.repeat(400)}"`, '\0'].map((ifMatch) =>
    bundled(`an ifMatch of ${JSON.stringify(ifMatch.slice(0, 20))}`, [
      {
        resource: basic({ id: 'b' }),
        request: { method: 'PUT', url: 'Basic/b', ifMatch },
      },
    ]),
  ),
  ...['?', 'colour=1', '', 'identifier', `_has:Basic:colour:code=${canary}`, 'code:in=u:x'].map(
    (ifNoneExist) =>
      bundled(`ifNoneExist ${JSON.stringify(ifNoneExist)}`, [
        { resource: basic(), request: { ...creation, ifNoneExist } },
      ]),
  ),
  bundled('a PUT of another id', [
    { resource: basic({ id: 'a' }), request: { method: 'PUT', url: 'Basic/b' } },
  ]),
  bundled('a resource that is text', [{ resource: 'x' as unknown as object, request: creation }]),
  bundled('a resource of another type', [{ resource: { resourceType: 'Patient' }, request: creation }]),
  bundled('an operation that writes', [{ request: { method: 'POST', url: 'Basic/x/$meta-add' } }]),
  bundled('$expunge', [{ request: { method: 'POST', url: '$expunge' } }], 404),
  bundled('$import', [{ request: { method: 'POST', url: '$import' } }], 404),
  bundled('$export', [{ request: { method: 'GET', url: '$export' } }], 404),
  bundled(
    'a PATCH that is no patch',
    [{ resource: { resourceType: 'Basic' }, request: { method: 'PATCH', url: 'Basic/x' } }],
    415,
  ),
  bundled('a Binary whose patch is no JSON', [
    {
      resource: {
        resourceType: 'Binary',
        contentType: 'application/json-patch+json',
        data: Buffer.from(canary).toString('base64'),
      },
      request: { method: 'PATCH', url: 'Basic/x' },
    },
  ]),
]

const together: readonly BadRequest[] = [
  bundled('fullUrls twice', [
    { fullUrl: 'urn:uuid:7a0a1c2e-0000-4000-8000-000000000001', resource: basic(), request: creation },
    { fullUrl: 'urn:uuid:7a0a1c2e-0000-4000-8000-000000000001', resource: basic(), request: creation },
  ]),
  bundled('a fullUrl that is no text', [
    { fullUrl: 1 as unknown as string, resource: to('x'), request: creation },
  ]),
  bundled(
    'a reference that matches nothing',
    [{ resource: to(`Patient?identifier=${canary}`), request: creation }],
    412,
  ),
  bundled('a reference by a search that is none', [{ resource: to('Patient?colour=1'), request: creation }]),
  bundled('a reference by an unknown type', [{ resource: to('Nothing?x=1'), request: creation }], 422),
  bundled('a DELETE and a PUT of one resource', [
    { request: { method: 'DELETE', url: 'Basic/b' } },
    { resource: basic({ id: 'b' }), request: { method: 'PUT', url: 'Basic/b' } },
  ]),
  bundled('a Bundle 20 deep', [{ resource: nested(20), request: { method: 'POST', url: '' } }]),
  bundled(
    'entries that fail at the end',
    [
      ...Array(50).fill({ resource: basic(), request: creation }),
      { resource: basic({ colour: canary }), request: creation },
    ],
    422,
  ),
  bundle('a Bundle 200 deep', JSON.stringify(nested(200))),
  bundle('a message', '{"resourceType":"Bundle","type":"message"}'),
  bundle('a history', '{"resourceType":"Bundle","type":"history","entry":[]}'),
  bundle('a type that is a list', '{"resourceType":"Bundle","type":["batch"]}'),
  bundle('a type of the script', '{"resourceType":"Bundle","type":"__proto__"}'),
  bundle('__proto__ in an entry', '{"resourceType":"Bundle","type":"batch","entry":[{"__proto__":{}}]}'),
  bundle(
    'NUL in a URL',
    '{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"\\u0000"}}]}',
  ),
  bundle(
    '10,001 entries that fail',
    JSON.stringify({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: Array(10_001).fill({ resource: { resourceType: 'Basic', colour: canary }, request: creation }),
    }),
    422,
  ),
  bundle(
    'a million entries that are null',
    `{"resourceType":"Bundle","type":"transaction","entry":[${'null,'.repeat(999_999)}null]}`,
  ),
]

const cycle = [
  { resourceType: 'Group', id: 'a', type: 'person', actual: true, member: [{ entity: { reference: '#b' } }] },
  { resourceType: 'Group', id: 'b', type: 'person', actual: true, member: [{ entity: { reference: '#a' } }] },
]
const pointing = (reference: string) => ({ ...cycle[0], id: 'out', member: [{ entity: { reference } }] })
const patientWith = (what: string, members: object, status = 422) =>
  sent(
    'POST',
    '/fhir/Patient',
    `a Patient with ${what}`,
    JSON.stringify({ resourceType: 'Patient', ...members }),
    status,
  )

const resources: readonly BadRequest[] = [
  patientWith('a circle of contained resources that leads out', { contained: [...cycle, pointing('#c')] }),
  patientWith('contained resources of one id', { contained: [cycle[0], cycle[0]] }),
  patientWith('a contained resource that nothing refers to', { contained: [cycle[0]] }),
  patientWith('a reference to what it does not contain', { generalPractitioner: [{ reference: '#x' }] }),
  patientWith('10,000 contained resources', {
    contained: Array.from({ length: 10_000 }, (_, n) => ({ resourceType: 'Basic', id: `c${n}`, code: {} })),
  }),
  patientWith('100,000 extensions without a value', { extension: Array(100_000).fill({ url: 'u:x' }) }),
  patientWith('100,000 extensions without a URL', { extension: Array(100_000).fill({ valueString: 'x' }) }),
  patientWith('50,000 names', {
    name: Array.from({ length: 50_000 }, (_, index) => ({ family: `u:${index}`, given: [`c${index}`] })),
  }),
  patientWith('a million names that are null', { name: Array(1_000_000).fill(null) }),
  patientWith('a string of 2 million characters', {
    language: 'x',
    name: [{ family: 'x'.repeat(2_000_000) }],
  }),
  patientWith('a URI with a space, 5 million characters', { implicitRules: `${'a'.repeat(5_000_000)} b` }),
  patientWith('base64 with an error at its end', { photo: [{ data: `${'A'.repeat(10_000_000)}*` }] }),
  patientWith('a narrative 5,000 deep', {
    text: {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml">${'<b>'.repeat(5000)}${'</b>'.repeat(4999)}</div>`,
    },
  }),
  patientWith('a narrative of a million ampersands', {
    text: {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml">${'&'.repeat(1_000_000)}</div>`,
    },
  }),
  patientWith('entities in the narrative', {
    text: {
      status: 'generated',
      div: `<!DOCTYPE x [<!ENTITY e "x">]><div xmlns="http://www.w3.org/1999/xhtml">&e;</div>`,
    },
  }),
  patientWith('a code of a million spaces', { language: `a${' '.repeat(1_000_000)}b` }),
  patientWith('toString as an element', { toString: canary }),
  patientWith('__defineGetter__ as an element', { __defineGetter__: canary }),
  patientWith('a resourceType in a name', { name: [{ resourceType: 'Patient', family: canary }] }),
  patientWith('a date in the year 0', { birthDate: '0000' }),
  patientWith('a date in the year 99999', { birthDate: '99999' }),
  patientWith('24:00', { deceasedDateTime: '2020-01-01T24:00:00Z' }),
  patientWith('a second too many', { deceasedDateTime: '2020-01-01T00:00:61Z' }),
  patientWith('a zone of 25 hours', { deceasedDateTime: '2020-01-01T00:00:00+25:00' }),
  patientWith('a time without a zone', { deceasedDateTime: '2020-01-01T00:00:00' }),
  patientWith('a meta that is a list', { meta: [] }),
  patientWith('a security label that is text', { meta: { security: [canary] } }),
  sent(
    'POST',
    '/fhir/Observation',
    'a quantity of 1e400',
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1e400}}',
    422,
  ),
  sent(
    'POST',
    '/fhir/Observation',
    'a quantity of a million digits',
    `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":${'9'.repeat(1_000_000)}}}`,
    422,
  ),
  sent(
    'POST',
    '/fhir/Observation',
    'a quantity that is text',
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"NaN"}}',
    422,
  ),
]

/** Bundles and resources that are wrong within. */
export const badBundles: readonly BadRequest[] = [...entries, ...together, ...resources]
