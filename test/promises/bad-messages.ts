import { bundle, canary, patient, type BadRequest } from './bad-request.ts'

const headers: BadRequest[] = [
  { what: 'no token', path: '/fhir/Patient', headers: { Authorization: '' }, status: 401 },
  {
    what: 'a token that is none',
    path: '/fhir/Patient',
    headers: { Authorization: `Bearer ${canary}` },
    status: 401,
  },
  { what: 'Basic', path: '/fhir/Patient', headers: { Authorization: 'Basic eDp5' }, status: 401 },
  {
    what: 'an If-Match that is none',
    method: 'PUT',
    path: '/fhir/Patient/bad',
    headers: { 'If-Match': 'latest' },
    body: patient(''),
    status: 400,
  },
  {
    what: 'an If-Match of what is not there',
    method: 'PUT',
    path: '/fhir/Patient/bad',
    headers: { 'If-Match': 'W/"1"' },
    body: patient(''),
    status: 412,
  },
  {
    what: 'an If-Modified-Since that is no date',
    path: '/fhir/Patient/nobody',
    headers: { 'If-Modified-Since': canary },
    status: 400,
  },
  {
    what: 'empty If-None-Exist',
    method: 'POST',
    path: '/fhir/Patient',
    headers: { 'If-None-Exist': '' },
    body: patient(''),
    status: 400,
  },
  {
    what: 'If-None-Exist with an unknown parameter',
    method: 'POST',
    path: '/fhir/Patient',
    headers: { 'If-None-Exist': 'colour=1' },
    body: patient(''),
    status: 400,
  },
  {
    what: 'Turtle wanted',
    path: '/fhir/Patient',
    headers: { Accept: 'application/fhir+turtle' },
    status: 406,
  },
  {
    what: 'FHIR 3 wanted',
    path: '/fhir/Patient',
    headers: { Accept: 'application/fhir+json; fhirVersion=3.0' },
    status: 406,
  },
  {
    what: 'a Content-Type of Turtle',
    method: 'POST',
    path: '/fhir/Patient',
    headers: { 'Content-Type': 'application/fhir+turtle' },
    body: '<Patient/>',
    status: 415,
  },
  {
    what: 'a Content-Type of text',
    method: 'PUT',
    path: '/fhir/Patient/bad',
    headers: { 'Content-Type': 'text/plain' },
    body: patient(''),
    status: 415,
  },
  {
    what: 'a charset that is not UTF-8',
    method: 'POST',
    path: '/fhir/Patient',
    headers: { 'Content-Type': 'application/fhir+json; charset=utf-16' },
    body: patient(''),
    status: 415,
  },
  {
    what: 'a Content-Type that cannot be read',
    method: 'POST',
    path: '/fhir/Patient',
    headers: { 'Content-Type': 'x' },
    body: patient(''),
    status: 415,
  },
]

const entry = (text: string) =>
  `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":${patient('')},"request":{"method":"PUT","url":"Patient/bad"}},${text}]}`
const bundles: BadRequest[] = [
  bundle('a resource that is no Bundle', patient('')),
  bundle('a Bundle of another type', '{"resourceType":"Bundle","type":"searchset"}'),
  bundle('a Bundle without a type', '{"resourceType":"Bundle"}'),
  bundle('entries that are no list', '{"resourceType":"Bundle","type":"batch","entry":{}}'),
  bundle('an entry that is text', entry('"x"')),
  bundle('an entry without a request', entry('{"resource":{"resourceType":"Patient"}}')),
  bundle('a request without a URL', entry('{"request":{"method":"GET"}}')),
  bundle('a method that is none', entry('{"request":{"method":"FETCH","url":"Patient"}}'), 405),
  bundle('a type that is none', entry(`{"request":{"method":"GET","url":"${canary}"}}`), 404),
  bundle('a URL with a bad escape', entry('{"request":{"method":"GET","url":"Patient/%zz"}}')),
  bundle(
    'the same resource twice',
    entry(`{"resource":${patient('')},"request":{"method":"PUT","url":"Patient/bad"}}`),
  ),
  bundle('a Bundle in a Bundle', entry('{"request":{"method":"POST","url":""}}')),
  bundle('a POST without a resource', entry('{"request":{"method":"POST","url":"Patient"}}')),
  bundle(
    'a resource with a fault',
    entry(`{"resource":{"resourceType":"Patient","colour":1},"request":{"method":"POST","url":"Patient"}}`),
    422,
  ),
  bundle(
    'a conditional reference to nothing',
    entry(
      `{"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=${canary}"}},"request":{"method":"POST","url":"Basic"}}`,
    ),
    412,
  ),
  bundle(
    'a conditional reference that cannot be read',
    entry(
      `{"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?colour=1"}},"request":{"method":"POST","url":"Basic"}}`,
    ),
    400,
  ),
  bundle(
    'an ifMatch that is none',
    entry(
      '{"resource":{"resourceType":"Basic","id":"b","code":{"text":"x"}},"request":{"method":"PUT","url":"Basic/b","ifMatch":"x"}}',
    ),
  ),
  bundle('a read of what is not there', entry('{"request":{"method":"GET","url":"Patient/nobody"}}'), 404),
]

/** Headers and Bundles that are wrong. */
export const badMessages: readonly BadRequest[] = [...headers, ...bundles]
