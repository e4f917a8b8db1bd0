import { canary, get, sent, withHeaders, type BadRequest } from './bad-request.ts'

const called = (path: string, what: string, parameter: unknown, status = 400) =>
  sent(
    'POST',
    `/fhir/${path}`,
    `${path.split('?')[0]}: ${what}`,
    JSON.stringify({ resourceType: 'Parameters', parameter }),
    status,
  )
const parts = (depth: number): object =>
  depth === 0 ? { name: 'x', valueString: 'x' } : { name: 'x', part: [parts(depth - 1)] }

const gets: readonly BadRequest[] = [
  ...['max=0', 'max=-1', 'max=1e9', `max=${'9'.repeat(400)}`, 'max=x', 'max=1&max=2', '_sort=date', ''].map(
    (query) =>
      get(`/fhir/Observation/$lastn?patient=Patient/there&category=x&${query}`.replace(/&$/, '&colour=1')),
  ),
  get('/fhir/Observation/$lastn'),
  get('/fhir/Observation/$lastn?patient=there'),
  get('/fhir/Observation/$lastn?category=x'),
  get('/fhir/Patient/$everything', 404),
  get('/fhir/Patient/nobody/$everything', 404),
  ...[
    '_since=yesterday',
    '_type=Nothing',
    '_type=Patient,,',
    '_count=-1',
    'start=x',
    'end=2020-99',
    '_page=x',
    'colour=1',
  ]
    .concat('_type=__proto__', '_since=2020-01-01T24:00:00Z', '_count=1e3')
    .map((query) => get(`/fhir/Patient/there/$everything?${query}`)),
  get('/fhir/Patient/there/$meta?colour=1'),
  get('/fhir/Patient/nobody/$meta', 404),
  get('/fhir/Patient/there/_history/99/$meta', 404),
  get('/fhir/Patient/there/$meta-add', 405),
  get('/fhir/$expunge', 404),
  get('/fhir/$reindex', 405),
  get('/fhir/$import', 404),
  get('/fhir/$__proto__', 404),
  get('/fhir/$constructor', 404),
  get('/fhir/$toString', 404),
  get('/fhir/$%00', 404),
  get(`/fhir/$${'a'.repeat(10_000)}`, 404),
  get('/fhir/Observation/$everything', 404),
  get(`/fhir/_async/${canary}`, 404),
  get('/fhir/_async/7a0a1c2e-0000-4000-8000-000000000001', 404),
  get('/fhir/_async/%00', 404),
  get("/fhir/_async/x'%20OR%20'1'='1", 404),
  get('/fhir/import-status/7a0a1c2e-0000-4000-8000-000000000001', 404),
  get('/fhir/import-status/%00', 404),
  get('/fhir/import-errors/x/0', 404),
  get('/fhir/import-errors/7a0a1c2e-0000-4000-8000-000000000001/-1', 404),
  get('/fhir/export-status/7a0a1c2e-0000-4000-8000-000000000001', 404),
]

const validations: readonly BadRequest[] = [
  called('Patient/$validate', 'no resource', [{ name: 'mode', valueCode: 'create' }]),
  called('Patient/$validate', 'a mode that is none', [
    { name: 'resource', resource: { resourceType: 'Patient' } },
    { name: 'mode', valueCode: canary },
  ]),
  called('Patient/$validate', 'mode profile without a profile', [
    { name: 'resource', resource: { resourceType: 'Patient' } },
    { name: 'mode', valueCode: 'profile' },
  ]),
  called(
    'Patient/$validate',
    'two resources',
    [1, 2].map(() => ({ name: 'resource', resource: { resourceType: 'Patient' } })),
  ),
  called('Patient/$validate', 'an unknown parameter', [{ name: canary, valueString: 'x' }]),
  called('Patient/nobody/$validate', 'nobody', [{ name: 'mode', valueCode: 'delete' }], 404),
  sent('POST', '/fhir/Patient/$validate', '$validate of text', `"${canary}"`, 400),
  sent(
    'POST',
    '/fhir/Patient/$validate?mode=x',
    '$validate in a mode that is none',
    '{"resourceType":"Patient"}',
    400,
  ),
]

const writes: readonly BadRequest[] = [
  called('Patient/there/$meta-add', 'no parameter', [], 422),
  called('Patient/there/$meta-add', 'text for a meta', [{ name: 'meta', valueString: canary }]),
  called(
    'Patient/there/$meta-add',
    'two metas',
    [1, 2].map(() => ({ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } })),
  ),
  called(
    'Patient/there/$meta-add',
    'a meta that is wrong',
    [{ name: 'meta', valueMeta: { tag: [canary] } }],
    422,
  ),
  called('Patient/nobody/$meta-add', 'nobody', [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }], 404),
  called('Patient/there/$meta-add', '80 parts deep', [parts(80)]),
  called('$expunge', 'nothing said', [], 404),
  called('$expunge', 'an unknown parameter', [{ name: canary, valueBoolean: true }], 404),
  called('$reindex', 'a type that is none', [{ name: 'type', valueCode: canary }]),
  called('$reindex', 'an unknown parameter', [{ name: canary, valueBoolean: true }]),
  called(
    'Patient/there/$meta',
    'a Parameters with two values',
    [{ name: 'a', valueString: 'x', valueCode: 'y' }],
    422,
  ),
  called('Patient/there/$meta', 'a parameter without a name', [{ valueString: canary }], 422),
]

const imported = (what: string, body: unknown, status = 400) =>
  withHeaders(sent('POST', '/fhir/$import', `$import: ${what}`, JSON.stringify(body), status), {
    Prefer: 'respond-async',
  })
const from = (url: string) => imported(`from ${url.slice(0, 50)}`, { input: [{ type: 'Patient', url }] }, 422)
const imports: readonly BadRequest[] = [
  imported('nothing', {}),
  imported('a list', []),
  imported('a million inputs', { input: Array(1_000_000).fill(0) }),
  imported('a million formats', { inputFormat: Array(1_000_000).fill('x') }),
  imported('a type that is none', { input: [{ type: canary, url: 'https://ehr.example/import/x' }] }),
  imported('a type of the script', { input: [{ type: '__proto__', url: 'https://ehr.example/import/x' }] }),
  imported('a format that is none', { inputFormat: canary, input: [] }),
  from('file:///etc/passwd'),
  from('http://169.254.169.254/latest/meta-data/'),
  from('https://ehr.example@evil.example/import/'),
  from('https://user:password@ehr.example/import/x'),
  from('https://ehr.example/import/../x'),
  from('https://ehr.example.evil.example/import/'),
  from(`data:application/fhir+ndjson,${canary}`),
  from('http://[::1]:5432/'),
  from(`https://${canary}`),
  sent('POST', '/fhir/$import', '$import without respond-async', '{"input":[]}', 400),
  withHeaders(sent('POST', '/fhir/$import', '$import of text', canary, 415), {
    Prefer: 'respond-async',
    'Content-Type': 'text/plain',
  }),
  withHeaders(sent('POST', '/fhir/$import', '$import of no JSON', canary, 400), { Prefer: 'respond-async' }),
]

/** Operations that lack what they need, or are given what would hurt. */
export const badOperations: readonly BadRequest[] = [...gets, ...validations, ...writes, ...imports]
