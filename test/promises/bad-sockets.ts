import { canary } from './bad-request.ts'

const withToken = (token: string) => `Host: x\r\nAuthorization: Bearer ${token}\r\n`
/** Messages that no client library would send, to be written as they are. */
export const badMessagesOf = (
  token: string,
): readonly (readonly [what: string, message: string | Buffer])[] => [
  ['text', 'no HTTP at all\r\n\r\n'],
  ['TLS', Buffer.from('16030100a5010000a10303', 'hex')],
  ['HTTP/9.9', 'GET /fhir/Patient HTTP/9.9\r\n\r\n'],
  ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a header of 100,000 characters', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`],
  [
    'an If-Match after 3,000 headers',
    `PUT /fhir/Patient/there HTTP/1.1\r\n${withToken(token)}Connection: close\r\n${'X: a\r\n'.repeat(3000)}If-Match: W/"99"\r\nContent-Type: application/fhir+json\r\nContent-Length: 39\r\n\r\n{"resourceType":"Patient","id":"there"}`,
  ],
  ['30,000 headers', `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${'X: a\r\n'.repeat(30_000)}\r\n`],
  ['a URL of 100,000 characters', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  [
    'two lengths',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
  ],
  [
    'a length and chunks',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['a negative length', `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Content-Length: -1\r\n\r\n`],
  [
    'a length that is none',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Content-Length: ${canary}\r\n\r\n`,
  ],
  [
    'a length beyond 64 bits',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Content-Length: 99999999999999999999\r\n\r\n`,
  ],
  [
    'chunked twice',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'chunks that are not',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'a chunk without a size',
    `POST /fhir/Patient HTTP/1.1\r\n${withToken(token)}Content-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
  ],
  ['a header that is folded', `GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n`],
  ['a space before the colon', `GET /fhir/Patient HTTP/1.1\r\nHost : x\r\n\r\n`],
  ['a header without a colon', `GET /fhir/Patient HTTP/1.1\r\nHost: x\r\n${canary}\r\n\r\n`],
  ['NUL in a header', `GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n`],
  ['NUL in the URL', 'GET /fhir/\0 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['a line feed alone', 'GET /fhir/Patient HTTP/1.1\nHost: x\n\n'],
  ['a method that is none', `${canary} /fhir/Patient HTTP/1.1\r\nHost: x\r\n\r\n`],
  [
    'a URL of another server',
    `GET http://evil.example/fhir/Patient HTTP/1.1\r\n${withToken(token)}Connection: close\r\n\r\n`,
  ],
  ['a URL without a slash', `GET fhir/Patient HTTP/1.1\r\n${withToken(token)}Connection: close\r\n\r\n`],
  [
    'an upgrade',
    `GET /fhir/Patient/nobody HTTP/1.1\r\n${withToken(token)}Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
  ],
]
