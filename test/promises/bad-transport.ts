import { gzipSync } from 'node:zlib'
import { canary, get, patient, sent, withHeaders, type BadRequest } from './bad-request.ts'

const valid = patient('')
const posted = (
  what: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
  status: number,
) => withHeaders(sent('POST', '/fhir/Patient', what, body, status), headers)
const packed = (what: string, body: Buffer, status = 400) =>
  posted(what, { 'Content-Encoding': 'gzip' }, body, status)

const zipped = gzipSync(valid)
const bodies: readonly BadRequest[] = [
  packed('gzip that is none', Buffer.from(canary)),
  packed('gzip that is cut', zipped.subarray(0, zipped.length - 10)),
  packed('gzip with a wrong checksum', Buffer.concat([zipped.subarray(0, -8), Buffer.alloc(8)])),
  packed('gzip with text after it', Buffer.concat([zipped, Buffer.from(canary)])),
  packed('gzip in gzip', gzipSync(zipped)),
  packed('gzip of nothing', gzipSync('')),
  packed('no body, said to be gzip', Buffer.alloc(0)),
  ...['br', 'deflate', 'compress', 'zstd', 'gzip, gzip', canary, 'gzip;q=1'].map((encoding) =>
    posted(`Content-Encoding: ${encoding}`, { 'Content-Encoding': encoding }, zipped, 415),
  ),
  ...[
    'text/html',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/cda+xml',
    ';',
  ]
    .concat('application/fhir+json; charset=utf-32', 'application/fhir+json; charset="iso-8859-1"')
    .concat('application/fhir+json;charset=utf-7', `application/${canary}`, 'application/octet-stream', '*/*')
    .concat('application/json, application/xml', `${'a'.repeat(8000)}/b`, 'application/fhir+ndjson')
    .map((type) => posted(`Content-Type: ${type.slice(0, 60)}`, { 'Content-Type': type }, valid, 415)),
  posted(
    'a multipart body',
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    `--x\r\n\r\n${canary}\r\n--x--`,
    415,
  ),
  posted('bytes that are no UTF-8', {}, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400),
  posted('UTF-16', {}, Buffer.from(valid, 'utf16le'), 400),
  posted(
    'a surrogate as bytes',
    {},
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    400,
  ),
  posted(
    'an overlong NUL',
    {},
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')]),
    400,
  ),
  posted('three byte order marks', {}, `\ufeff\ufeff\ufeff${valid}`, 400),
]

const requests: readonly BadRequest[] = [
  ...[
    '',
    '*',
    'latest',
    'W/""',
    'W/"-1"',
    'W/"1',
    '"1", "2"',
    'W/"1", W/"2"',
    `W/"${'9'.repeat(400)}"`,
    canary,
  ]
    .concat("W/\"1' OR '1'='1\"", '__proto__')
    .map((tag): BadRequest => ({
      ...withHeaders(
        sent(
          'PUT',
          '/fhir/Patient/there',
          `If-Match: ${tag.slice(0, 30)}`,
          '{"resourceType":"Patient","id":"there"}',
          400,
        ),
        { 'If-Match': tag },
      ),
    })),
  ...['W/"1", W/"2"', 'latest', `W/"${canary}"`].map((tag) =>
    withHeaders({ ...get('/fhir/Patient/there'), what: `If-None-Match: ${tag}` }, { 'If-None-Match': tag }),
  ),
  ...['now', '2020-99-01', 'yesterday', canary, 'Mon, 99 Foo 2020 99:99:99 GMT'].map((date) =>
    withHeaders(
      { ...get('/fhir/Patient/there'), what: `If-Modified-Since: ${date}` },
      { 'If-Modified-Since': date },
    ),
  ),
  ...[
    'colour=2',
    'name',
    '?',
    '%',
    'identifier=%00',
    `_filter=((((`,
    `name:${canary}=x`,
    'a=b&'.repeat(200),
  ].map((criteria) =>
    posted(`If-None-Exist: ${criteria.slice(0, 30)}`, { 'If-None-Exist': criteria }, valid, 400),
  ),
  ...[
    'text/turtle',
    'image/png',
    'application/pdf;q=1',
    'application/fhir+json;fhirVersion=5.0',
    'x',
    canary,
  ].map((accept) =>
    withHeaders({ ...get('/fhir/Patient', 406), what: `Accept: ${accept}` }, { Accept: accept }),
  ),
  ...[
    'Bearer',
    'Bearer ',
    `Bearer ${canary} x`,
    `Bearer ${'a'.repeat(8000)}`,
    'Digest x',
    'bearer\t',
    'Bearer eyJhbGciOiJub25lIn0.e30.',
  ]
    .concat('Bearer null', 'Bearer undefined', "Bearer ' OR '1'='1", `Basic ${canary}`)
    .map((authorization) =>
      withHeaders(
        { ...get('/fhir/Patient', 401), what: `Authorization: ${authorization.slice(0, 40)}` },
        { Authorization: authorization },
      ),
    ),
  ...['turtle', 'html', 'text/plain', '__proto__', canary].map((format) =>
    get(`/fhir/Patient?_format=${format}`, 406),
  ),
  ...(['TRACE', 'PROPFIND', 'MKCOL', 'LOCK', 'SEARCH'] as const).map((method): BadRequest => ({
    what: `the method ${method}`,
    method,
    path: '/fhir/Patient',
    status: 405,
  })),
  ...(['LINK', 'PURGE', 'REPORT'] as const).map((method): BadRequest => ({
    what: `the method ${method}`,
    method,
    path: '/fhir/Patient',
    status: 404,
  })),
  ...['DELETE', 'PUT', 'PATCH'].map((method) =>
    sent(method, '/fhir/metadata', `${method} of metadata`, valid, 405),
  ),
]

const paths = [
  ['/fhir/../../etc/passwd', 404],
  ['/fhir/Patient/..%2f..%2fx', 400],
  ['/fhir/Patient/%2e%2e/x', 404],
  ['/fhir/Patient%2fthere', 404],
  ['/fhir//Patient//there', 404],
  ['/fhir/Patient;jsessionid=x/there', 404],
  ['/fhir/Patient\\there', 404],
  ['/fhir/Patient/%ed%a0%80', 400],
  ['/fhir/Patient/%c0%af', 400],
  ['/fhir/Patient/%', 400],
  ['/fhir/%00', 404],
  ['/fhir/Patient/%0d%0aSet-Cookie:%20a=b', 400],
  [`/fhir/Patient/${'a'.repeat(65)}`, 400],
  [`/fhir/Patient/${'a'.repeat(10_000)}`, 400],
  [`/fhir/${'a/'.repeat(2000)}`, 404],
  ['/fhir/Patient/there/_history/1/2', 404],
  ['/fhir/Patient/there/_history/-1', 404],
  ['/fhir/Patient/there/_history/1e1', 404],
  ['/fhir/Patient/there/_history/0x1', 404],
  ['/fhir/Patient/there/_history/99', 404],
  ['/fhir/Patient/_history?_since=x', 400],
  ['/fhir/_history?_at=%00', 400],
  ['/fhir/_history?_count=x', 400],
  ['/fhir/Patient/%24validate/x', 404],
  ['/fhir/hasOwnProperty', 404],
  ['/fhir/valueOf/x', 404],
  ['/fhir/Patient?%00=x', 400],
  [`/fhir/Patient?${'&'.repeat(10)}=x`, 400],
  ['/fhir/Patient?=', 400],
  ['/fhir/Patient???name=x', 400],
  ['/fhir/Patient?name[]=x', 400],
  ['/fhir/Patient?name[$ne]=x', 400],
  ['/fhir/Patient?__proto__=x', 400],
  ['/fhir/Patient?__proto__[polluted]=x', 400],
  ['/fhir/Patient?constructor.prototype.polluted=x', 400],
  ['/research/x/fhir/Patient', 404],
  ["/research/x'%20OR%201=1/fhir/Patient", 404],
  ['/research/..%2f..%2ffhir/fhir/Patient', 404],
  [`/research/${'a'.repeat(300)}/fhir/Patient`, 414],
] as const

const megabyte = 1024 * 1024
/** Its bytes are there before anything is measured. */
const large = (what: string, text: string, status: number, headers: Readonly<Record<string, string>> = {}) =>
  posted(what, headers, Buffer.from(text), status)

/** Sent one after the other: what one of them costs is to be seen. */
export const largeRequests: readonly BadRequest[] = [
  large('50 MB of brackets', '['.repeat(50 * megabyte), 400),
  large(
    '50 MB in one code',
    `{"resourceType":"Patient","language":"${'a'.repeat(50 * megabyte - 50)}"}`,
    422,
  ),
  large(
    '48 MB of empty objects',
    `{"resourceType":"Patient","name":[${'{},'.repeat(16 * megabyte)}{}]}`,
    413,
  ),
  large('20 MB of members', `{"resourceType":"Patient"${members(1_500_000)}}`, 400),
  large('4 MB of XML', `<Patient xmlns="http://hl7.org/fhir">${'<name/>'.repeat(600_000)}</Patient>`, 422, {
    'Content-Type': 'application/fhir+xml',
  }),
  packed('gzip of 60 MB of zeros', gzipSync(Buffer.alloc(60 * megabyte)), 413),
]

function members(count: number): string {
  return Array.from({ length: count }, (_, index) => `,"a${index}":1`).join('')
}

/** What is wrong with the message rather than with what it says: encodings, types, headers, paths. */
export const badTransport: readonly BadRequest[] = [
  ...bodies,
  ...requests,
  ...paths.map(([path, status]) => get(path, status)),
]
