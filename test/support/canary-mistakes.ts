import supertest, { type Response } from 'supertest'
import { stem } from './canaries.ts'
import type { Client, TestServer } from './server.ts'

/** What a mistaken request is made with. */
export interface Given {
  readonly server: TestServer
  readonly care: Client
  /** a new canary */
  readonly word: () => string
  /** id of a Patient that is there */
  readonly known: string
  /** id of a Patient that was deleted */
  readonly deleted: string
}

/** A request that is refused with 4xx, with canaries wherever a caller can put one. */
export interface Mistake {
  readonly what: string
  readonly ask: (given: Given) => PromiseLike<Response>
}

const patient = (more: object) => ({ resourceType: 'Patient', id: `${stem}-bad`, ...more })
const observation = (more: object) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: stem },
  ...more,
})
const bundle = (resource: object, request: object) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [{ fullUrl: `urn:uuid:${stem}`, resource, request }],
})
const post = { method: 'POST', url: 'Observation' }
const bodies: [what: string, ask: Mistake['ask']][] = [
  [
    'a date that is none',
    ({ care, word }) => care.put(`/fhir/Patient/${stem}-bad`, patient({ birthDate: word() })),
  ],
  [
    'a code that is none',
    ({ care, word }) => care.post('/fhir/Observation', observation({ status: word() })),
  ],
  ['an unknown element', ({ care, word }) => care.post('/fhir/Observation', observation({ colour: word() }))],
  [
    'a member that is no name',
    ({ care, word }) => care.post('/fhir/Observation', observation({ [`${word()} ${word()}`]: 1 })),
  ],
  [
    'a string for an object',
    ({ care, word }) => care.put(`/fhir/Patient/${stem}-bad`, patient({ name: [word()] })),
  ],
  ['an id that differs', ({ care, word }) => care.put(`/fhir/Patient/${word()}`, patient({}))],
  ['an id that is too long', ({ care, word }) => care.put(`/fhir/Patient/${word().repeat(5)}`, patient({}))],
  [
    'half a body',
    ({ care, word }) => care.post('/fhir/Observation', `{"resourceType":"Observation","note":"${word()}`),
  ],
  [
    'text after the end',
    ({ care, word }) => care.post('/fhir/Observation', `{"resourceType":"Observation"} ${word()}`),
  ],
  ['another type', ({ care }) => care.post('/fhir/Condition', observation({}))],
  ['a type that is none', ({ care, word }) => care.post('/fhir/Observation', { resourceType: word() })],
  [
    'a reference to nothing',
    ({ care, word }) =>
      care.post('/fhir/Observation', observation({ subject: { reference: `${stem}/${word()}` } })),
  ],
  [
    'a conditional reference',
    ({ care, word }) =>
      care.post(
        '/fhir',
        bundle(observation({ subject: { reference: `Patient?identifier=${word()}` } }), post),
      ),
  ],
  [
    'a transaction with a fault',
    ({ care, word }) => care.post('/fhir', bundle(observation({ issued: word() }), post)),
  ],
  [
    'a stale If-Match',
    ({ care, word, known }) =>
      care
        .put(`/fhir/Patient/${known}`, { resourceType: 'Patient', id: known })
        .set('If-Match', `W/"${word()}"`),
  ],
  [
    'a conditional create on a date that is none',
    ({ care, word }) =>
      care.post(
        '/fhir',
        bundle(patient({}), { method: 'POST', url: 'Patient', ifNoneExist: `birthdate=${word()}` }),
      ),
  ],
]
const urls: [what: string, path: (given: Given) => string][] = [
  ['a patient not known', ({ word }) => `/fhir/Patient/${word()}`],
  ['a deleted one', ({ deleted }) => `/fhir/Patient/${deleted}`],
  ['a version not known', ({ word, known }) => `/fhir/Patient/${known}/_history/${word()}`],
  ['a type not known', ({ word }) => `/fhir/${word()}`],
  ['an operation not known', ({ word }) => `/fhir/$${word()}`],
  ['nothing', ({ word }) => `/${word()}/${word()}`],
  ['a research base not known', ({ word }) => `/research/${word()}/fhir/Patient`],
  ['an unknown modifier', ({ word }) => `/fhir/Patient?name:${word()}=${word()}`],
  ['a date that is none', ({ word }) => `/fhir/Patient?birthdate=${word()}`],
  ['a chain to nowhere', ({ word }) => `/fhir/Observation?subject:${word()}.name=${word()}`],
  ['a _has of nothing', ({ word }) => `/fhir/Patient?_has:${word()}:x:y=${word()}`],
  ['an order by nothing', ({ word }) => `/fhir/Patient?_sort=${word()}`],
  ['an include of nothing', ({ word }) => `/fhir/Patient?_include=${word()}:${word()}`],
  ['a count that is none', ({ word }) => `/fhir/Patient?_count=${word()}`],
  ['a format that is none', ({ word }) => `/fhir/Patient?_format=${word()}`],
  ['an export of nothing', ({ word }) => `/fhir/$export?_type=${word()}`],
  ['an export since never', ({ word }) => `/fhir/$export?_since=${word()}`],
  ['a broken path', ({ word }) => `/fhir/Patient/${word()}%E0%A4%A`],
]
const others: [what: string, ask: Mistake['ask']][] = [
  [
    'an unknown Content-Type',
    ({ care, word }) => care.post('/fhir/Observation', word()).type(`text/${word()}`),
  ],
  [
    'an unknown Accept',
    ({ care, word, known }) => care.get(`/fhir/Patient/${known}`).set('Accept', `image/${word()}`),
  ],
  [
    'a token that is none',
    ({ server, word, known }) =>
      supertest(server.url).get(`/fhir/Patient/${known}`).set('Authorization', `Bearer ${word()}`),
  ],
  [
    'an assertion that is none',
    ({ server, word }) =>
      supertest(server.url)
        .post('/auth/token')
        .type('form')
        .send({ grant_type: word(), client_assertion: word() }),
  ],
  [
    'a login',
    ({ server, word }) =>
      supertest(server.url).post('/auth/login').send({ username: word(), password: word() }),
  ],
  [
    'a form that is none',
    ({ care, word }) =>
      care.post('/fhir/Patient/_search', `birthdate=${word()}`).type('application/x-www-form-urlencoded'),
  ],
  [
    'a request for data',
    ({ server, word }) => supertest(server.url).post('/governance/requests').send({ title: word() }),
  ],
]

export const mistakes: readonly Mistake[] = [
  ...bodies.map(([what, ask]) => ({ what, ask })),
  ...urls.map(([what, path]) => ({ what, ask: (given: Given) => given.care.get(path(given)) })),
  ...others.map(([what, ask]) => ({ what, ask })),
]
