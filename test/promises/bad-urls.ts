import { canary, get, patient, type BadRequest } from './bad-request.ts'

const urls: BadRequest[] = [
  get('/fhir/%zz'),
  get('/fhir/Patient/%00'),
  get('/fhir/Patient/..%2f..%2fetc%2fpasswd'),
  get(`/fhir/${canary}`, 404),
  get('/fhir/patient', 404),
  get('/fhir/__proto__', 404),
  get('/fhir/constructor/1', 404),
  get('/fhir//Patient', 404),
  get('/fhir/Patient/1/2/3/4', 404),
  get('/fhir/Patient/1/_history/0', 404),
  get('/fhir/Patient/1/_history/one', 404),
  get('/fhir/Patient/1/_history/99999999999999999999', 404),
  get('/fhir/$nothing', 404),
  get('/fhir/Patient/1/$nothing', 404),
  get('/fhir/Patient/nobody', 404),
  get('/fhir/Patient/_search', 405),
  get(`/research/${canary}/fhir/Patient`, 404),
  get('/research/%00/fhir/Patient', 404),
  { what: 'DELETE of a whole type', method: 'DELETE', path: '/fhir/Patient', status: 400 },
  { what: 'PATCH', method: 'PATCH', path: '/fhir/Patient/bad', body: '[]', status: 415 },
  { what: 'POST to an instance', method: 'POST', path: '/fhir/Patient/bad', body: patient(''), status: 405 },
  { what: 'PUT to the base', method: 'PUT', path: '/fhir', body: patient(''), status: 405 },
]

const searches: BadRequest[] = [
  ...[
    'colour=1',
    `name:${canary}=x`,
    'birthdate=yesterday',
    'birthdate=2020-13',
    'birthdate=xx2020',
    'gender:exact=male',
  ],
  ...[
    '_lastUpdated=now',
    '_count=-1',
    '_count=ten',
    '_count=1&_count=2',
    '_sort=',
    '_sort=colour',
    '_include=Patient',
  ],
  ...[
    '_include=Patient:name',
    '_revinclude=Observation',
    '_total=maybe',
    '_summary=maybe',
    '_elements=colour',
  ],
  ...[
    '_page=AAAA',
    '_page=',
    '_has:Observation=1',
    '_has:Nothing:patient:code=1',
    'general-practitioner.colour=x',
  ],
  ...['birthdate:missing=maybe', 'name=%00', 'active:not-a-modifier=true', 'name:exact:contains=x'],
].map((query) => get(`/fhir/Patient?${query}`))

const moreSearches: BadRequest[] = [
  get('/fhir/Observation?value-quantity=lots'),
  get('/fhir/Observation?value-quantity=1|2|3|4'),
  get('/fhir/RiskAssessment?probability=high'),
  get(`/fhir/Patient?${Array(101).fill('name=x').join('&')}`),
  get(`/fhir/Patient?_id=${Array(501).fill('x').join(',')}`),
  get('/fhir/Patient/_history?_since=yesterday'),
  get('/fhir/Patient/_history?_at=soon'),
  get('/fhir/Patient/nobody?colour=red'),
  {
    what: 'a search body that is JSON',
    method: 'POST',
    path: '/fhir/Patient/_search',
    body: '{}',
    status: 415,
  },
]

/** Paths and searches that lead nowhere. */
export const badUrls: readonly BadRequest[] = [...urls, ...searches, ...moreSearches]
