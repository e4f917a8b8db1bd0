/** A request that is wrong, and the status that says so. */
export interface BadRequest {
  readonly what: string
  /** as it stands in the request line; `GET` when absent */
  readonly method?: string
  readonly path: string
  /** over those of every request: a good token, and `application/fhir+json` for a body */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly status: number
}

/** What no answer may repeat. */
export const canary = 'CANARY4711'
export const patient = (members: string) =>
  `{"resourceType":"Patient","id":"bad"${members === '' ? '' : `,${members}`}}`

/** A body sent to some place. */
export const sent = (
  method: string,
  path: string,
  what: string,
  body: string | Buffer,
  status: number,
): BadRequest => ({ what, method, path, body, status })
export const put = (what: string, body: string, status: number): BadRequest =>
  sent('PUT', '/fhir/Patient/bad', what, body, status)
export const post = (what: string, body: string, status: number): BadRequest =>
  sent('POST', '/fhir/Patient', what, body, status)
export const bundle = (what: string, body: string, status = 400): BadRequest =>
  sent('POST', '/fhir', what, body, status)
export const get = (path: string, status = 400): BadRequest => {
  return { what: `GET ${path.slice(0, 120)}`, path, status }
}

/** A resource sent to its type. */
export const created = (what: string, resourceType: string, members: object, status = 422): BadRequest =>
  sent('POST', `/fhir/${resourceType}`, what, JSON.stringify({ resourceType, ...members }), status)
/** The same thing with other headers. */
export const withHeaders = (bad: BadRequest, headers: Readonly<Record<string, string>>): BadRequest => ({
  ...bad,
  headers: { ...bad.headers, ...headers },
})

export const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
export const query = (type: string, name: string, value: string) =>
  `/fhir/${type}?${encodeURIComponent(name)}=${encodeURIComponent(value)}`
