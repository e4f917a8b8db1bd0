import type { SearchParameter } from '../fhir/definitions.ts'

export const json = 'application/fhir+json'
export const xml = 'application/fhir+xml'
export const form = 'application/x-www-form-urlencoded'

type Kind = 'parameters' | 'responses' | 'requestBodies' | 'schemas'

export interface Ref {
  readonly $ref: string
}

/** A part that is written once and pointed at from everywhere: so the document stays small. */
export function ref(kind: Kind, name: string): Ref {
  return { $ref: `#/components/${kind}/${name}` }
}

/** The same resource in both forms. */
export function content(schema: string): Record<string, { readonly schema: Ref }> {
  return { [json]: { schema: ref('schemas', schema) }, [xml]: { schema: ref('schemas', schema) } }
}

/** The key of a search parameter among the components: `Patient.birthdate`. */
export function searchKey(type: string, code: string): string {
  return `${type}.${code}`.replace(/[^\w.-]/g, '_')
}

/** A criterion: each time that it is given counts, with `,` between alternatives. */
export function searchComponent({ code, type, url }: SearchParameter): object {
  return { name: code, in: 'query', description: `${type}, ${url}`, schema: ref('schemas', 'criteria') }
}

const query = (name: string, schema: object, description: string) => ({
  ...{ name, in: 'query', description, schema },
})
const header = (name: string, description: string) => ({
  ...{ name, in: 'header', description, schema: { type: 'string' } },
})
const segment = (name: string, schema: object) => ({ name, in: 'path', required: true, schema })
const anyOf = (...values: string[]) => ({ type: 'string', enum: values })

/** Parameters that are no element's, by the keys that `openapi.ts` points at them with. */
export const parameters = {
  id: segment('id', { type: 'string', pattern: '^[A-Za-z0-9.-]{1,64}$' }),
  versionId: segment('versionId', { type: 'integer', minimum: 1 }),
  type: segment('type', { type: 'string' }),
  member: segment('member', { type: 'string', description: 'a resource type, or * for all' }),
  _format: query('_format', anyOf('json', 'xml', json, xml), 'wins over Accept'),
  _pretty: query('_pretty', { type: 'boolean' }, 'laid out for people'),
  _summary: query('_summary', anyOf('true', 'text', 'data', 'count', 'false'), 'a part of the resource'),
  _elements: query('_elements', { type: 'string' }, 'the elements wanted, with commas between them'),
  _count: query('_count', { type: 'integer', minimum: 0 }, 'entries of a page'),
  _since: query('_since', { type: 'string', format: 'date-time' }, 'versions since then'),
  _sort: query('_sort', { type: 'string' }, 'search parameters, with commas; - before one: descending'),
  _total: query('_total', anyOf('none', 'estimate', 'accurate'), 'whether to count'),
  _include: query('_include', ref('schemas', 'criteria'), 'type:parameter[:target] that matches refer by'),
  _revinclude: query('_revinclude', ref('schemas', 'criteria'), 'type:parameter that refers to matches'),
  'If-Match': header('If-Match', 'W/"version" that must be the current one'),
  'If-None-Match': header('If-None-Match', 'W/"version" that the caller has: 304 when it is current'),
  'If-Modified-Since': header('If-Modified-Since', '304 when nothing has changed since'),
  'If-None-Exist': header('If-None-Exist', 'criteria: created only when nothing meets them'),
  Prefer: header('Prefer', 'return=minimal|representation|OperationOutcome; handling=strict|lenient'),
} as const

export type ParameterKey = keyof typeof parameters

const version = { ETag: { schema: { type: 'string' } }, 'Last-Modified': { schema: { type: 'string' } } }
const location = { Location: { schema: { type: 'string' } } }

export const responses = {
  resource: { description: 'the resource', headers: version, content: content('Resource') },
  created: {
    description: 'created, under Location',
    headers: { ...version, ...location },
    content: content('Resource'),
  },
  bundle: { description: 'a Bundle; its links lead on', content: content('Bundle') },
  done: { description: 'done' },
  notModified: { description: 'the copy of the caller is good', headers: version },
  accepted: {
    description: 'begun: the status is at Content-Location',
    headers: { 'Content-Location': { schema: { type: 'string' } } },
  },
  outcome: {
    description: 'refused or failed: an OperationOutcome says why',
    content: content('OperationOutcome'),
  },
} as const

export type ResponseKey = keyof typeof responses

/** The body of a write: a resource; for a Binary also its content under any type. */
export function requestBody(type: string): object {
  return { required: true, content: { ...content(type), ...(type === 'Binary' ? { '*/*': {} } : {}) } }
}

export const patchBody = {
  required: true,
  content: {
    ...content('Parameters'),
    'application/json-patch+json': { schema: { type: 'array', items: { type: 'object' } } },
  },
} as const

/** The definitions say what is in a resource: the specification publishes its JSON schema. */
export const commonSchemas = {
  criteria: { type: 'array', items: { type: 'string' } },
  Resource: {
    type: 'object',
    required: ['resourceType'],
    properties: { resourceType: { type: 'string' }, id: { type: 'string' } },
    externalDocs: { url: 'http://hl7.org/fhir/R4/fhir.schema.json.zip' },
  },
} as const

export function resourceSchema(type: string): object {
  return {
    allOf: [ref('schemas', 'Resource')],
    properties: { resourceType: { const: type } },
    externalDocs: { url: `http://hl7.org/fhir/R4/${type.toLowerCase()}.html` },
  }
}
