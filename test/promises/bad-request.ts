/** A request that is wrong, and the status that says so. */
export interface BadRequest {
  readonly what: string
  readonly method?: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly status: number
}

/** What no answer may repeat. */
export const canary = 'CANARY4711'
export const patient = (members: string) =>
  `{"resourceType":"Patient","id":"bad"${members === '' ? '' : `,${members}`}}`
export const put = (what: string, body: string, status: number): BadRequest => {
  return { what, method: 'put', path: '/fhir/Patient/bad', body, status }
}
export const post = (what: string, body: string, status: number): BadRequest => ({
  what,
  method: 'post',
  path: '/fhir/Patient',
  body,
  status,
})
export const bundle = (what: string, body: string, status = 400): BadRequest => ({
  what,
  method: 'post',
  path: '/fhir',
  body,
  status,
})
export const get = (path: string, status = 400): BadRequest => ({ what: `GET ${path}`, path, status })
export const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
