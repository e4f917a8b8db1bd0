import type { Json, JsonObject, Resource } from '../../src/fhir/json.ts'
import type { Asked } from './undone.ts'

/** Names of what is asked, so that a difference can be found again. */
export type Questions = ReadonlyMap<string, Asked>

/**
 * Every way to read that may tell whether a resource is there: it is named, searched, counted, sorted among
 * others.
 *
 * @param hidden the resource that may or may not be there
 */
export function questionsAbout(hidden: Resource): Questions {
  const { resourceType: type } = hidden
  const id = String(hidden['id'])
  const name = `${type}/${id}`
  const reads = [
    ...[name, `${name}/_history`, `${name}/_history/1`, `${name}/_history/2`, `${name}/$meta`],
    ...[`${name}/$everything`, `${type}?_id=${id}`, `${type}?_id=${id}&_summary=count`],
    ...[`${type}?_summary=count`, `${type}?_total=accurate&_count=1`, `${type}?_total=estimate&_count=1`],
    ...[
      `${type}?_sort=_lastUpdated`,
      `${type}?_sort=-_id&_count=2`,
      `${type}/_history`,
      `_history?_count=500`,
    ],
    ...[`${type}?_lastUpdated=gt2020`, `_history?_since=2020-01-01T00:00:00Z&_count=3`, `?_type=${type}`],
    ...[
      `${name}/Observation`,
      `${name}/*`,
      `${type}?_filter=_id%20eq%20${id}`,
      `${type}?_has:List:item:_id=l`,
    ],
  ]
  return new Map(reads.map((url) => [`GET ${url}`, { method: 'GET', url }]))
}

/** Every way to write over a resource, or to delete it, whose answer may tell whether it is there. */
export function questionsOver(hidden: Resource): Questions {
  const { resourceType: type } = hidden
  const id = String(hidden['id'])
  const name = `${type}/${id}`
  const { meta: _, ...body } = hidden
  const { id: _id, ...created } = body
  const named = `${type}?_id=${id}`
  const patch: Json = [{ op: 'add', path: '/language', value: 'fr' }]
  const failing: Json = [{ op: 'test', path: '/id', value: 'other' }]
  const meta = { name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }
  const parameters: Json = { resourceType: 'Parameters', parameter: [meta] }
  const bundle = (request: JsonObject, resource?: Json): Json => ({
    ...{ resourceType: 'Bundle', type: 'transaction' },
    entry: [resource === undefined ? { request } : { request, resource }],
  })
  const asked: Record<string, Asked> = {
    update: { method: 'PUT', url: name, body: body },
    'update of another version': { method: 'PUT', url: name, body: body, ifMatch: 7 },
    'update of the first version': { method: 'PUT', url: name, body: body, ifMatch: 1 },
    'update unless there': { method: 'PUT', url: name, body: body, ifNoneMatch: '*' },
    'conditional update': { method: 'PUT', url: named, body: created },
    'conditional update by id': { method: 'PUT', url: named, body: body },
    create: { method: 'POST', url: type, body: created },
    'conditional create': { method: 'POST', url: type, body: created, ifNoneExist: `_id=${id}` },
    patch: { method: 'PATCH', url: name, body: patch },
    'patch of another version': { method: 'PATCH', url: name, body: patch, ifMatch: 7 },
    'patch that fails': { method: 'PATCH', url: name, body: failing },
    'conditional patch': { method: 'PATCH', url: named, body: patch },
    delete: { method: 'DELETE', url: name },
    'delete of a version': { method: 'DELETE', url: name, ifMatch: 1 },
    'conditional delete': { method: 'DELETE', url: named },
    '$meta-add': { method: 'POST', url: `${name}/$meta-add`, body: parameters },
    '$validate for delete': { method: 'GET', url: `${name}/$validate?mode=delete` },
    '$validate of what is there': { method: 'GET', url: `${name}/$validate` },
    'transaction: read': { method: 'POST', url: '', body: bundle({ method: 'GET', url: name }) },
    'transaction: update': {
      method: 'POST',
      url: '',
      body: bundle({ method: 'PUT', url: name }, body),
    },
    'transaction: delete': { method: 'POST', url: '', body: bundle({ method: 'DELETE', url: name }) },
  }
  return new Map(Object.entries(asked))
}

/** From what is visible to what is not, and back, over all that the tokens see. */
export const questionsAround: Questions = new Map<string, Asked>(
  [
    'Observation?code=2951-2&_sort=-date&_count=1',
    'Observation?_sort=date&_count=2',
    'Observation?_sort=value-quantity',
    'Observation?subject._id=bob',
    'Observation?subject:Patient.family=Hidden',
    'Observation?subject:Patient._has:Condition:patient:code=hidden-code',
    'Observation?subject:Patient.gender=male&_summary=count',
    'Observation?_include=*&_count=50',
    'Observation?_include=Observation:subject&_include:iterate=Patient:link&_revinclude=Provenance:target',
    'Observation?encounter.class=EMER',
    'Observation?value-quantity=gt200',
    'Observation?performer=Practitioner/shared',
    'Observation?code:text=secret',
    'Observation?_list=hidden-list',
    'Observation?subject:missing=true',
    'Patient?_has:Observation:subject:value-quantity=gt200',
    'Patient?_has:Condition:patient:code=hidden-code',
    'Patient?identifier=77',
    'Patient?family=Hidden&_summary=count',
    'Patient?family:contains=idde',
    'Patient?link=Patient/bob',
    'Patient?_revinclude=*&_count=50',
    'Patient?_revinclude=Observation:subject&_revinclude=Condition:patient&_revinclude=Patient:link',
    'Patient?_sort=family',
    'Patient?_sort=-birthdate&_count=1',
    'Patient?_filter=family%20sw%20%22Hid%22%20or%20gender%20eq%20male',
    'Patient/alice/$everything',
    'Patient/alice/$everything?_count=2',
    'Patient/alice/Observation',
    'Patient/alice/*?_summary=count',
    'Practitioner/shared/Observation',
    'Condition?code=hidden-code',
    'Condition?_sort=code&_total=accurate',
    'Condition?_contained=both&_count=5',
    'Encounter?_has:Observation:encounter:code=2951-2',
    'Encounter?location:below=Location/ward',
    'Encounter/meet/$everything',
    '?_type=Observation,Patient,Condition&_sort=_lastUpdated&_count=3',
    '?_type=Observation,Patient&_summary=count',
    'Observation/$lastn?patient=bob&category=laboratory',
    'Observation/$lastn?patient=alice&code=2951-2&max=2',
    '_history?_count=1000',
    'Observation/_history?_count=2',
  ].map((url) => [`GET ${url}`, { method: 'GET', url }]),
)

const bob = { reference: 'Patient/bob' }
const person = {
  resourceType: 'Patient',
  name: [{ family: 'Hidden', given: ['Bob'] }],
  birthDate: '1970-05-05',
}

/** What names a hidden resource inside what is written. */
export const questionsThatName: Questions = new Map<string, Asked>(
  Object.entries<Asked>({
    'create for another patient': { method: 'POST', url: 'Observation', body: observationOf(bob) },
    'create by a conditional reference': {
      method: 'POST',
      url: '',
      body: {
        ...{ resourceType: 'Bundle', type: 'transaction' },
        entry: [
          {
            resource: observationOf({ reference: 'Patient?identifier=77' }),
            request: { method: 'POST', url: 'Observation' },
          },
        ],
      },
    },
    'opposition for another patient': {
      method: 'POST',
      url: 'Consent',
      body: {
        ...{ resourceType: 'Consent', status: 'active', patient: bob },
        scope: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }],
        },
        category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
        policyRule: { coding: [{ code: 'OPTIN' }] },
        provision: { type: 'deny' },
      },
    },
    'conditional create by an identifier': {
      method: 'POST',
      url: 'Patient',
      body: { ...person, gender: 'female' },
      ifNoneExist: 'identifier=77',
    },
    'conditional delete of many': { method: 'DELETE', url: 'Observation?code=2951-2' },
    $match: {
      method: 'POST',
      url: 'Patient/$match',
      body: { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: person }] },
    },
  }),
)

function observationOf(subject: JsonObject): JsonObject {
  return {
    ...{ resourceType: 'Observation', status: 'final', subject },
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '2951-2' }] },
  }
}
