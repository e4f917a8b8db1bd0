import { isObject, type Json, type JsonObject, type Resource } from '../fhir/json.ts'
import { FhirError, type Issue } from '../fhir/outcome.ts'
import type { Answer } from './answer.ts'
import type { EntryText } from './bundle-text.ts'
import { parseHttpDate, parseNoneMatch, parseVersionTag } from './preconditions.ts'
import { parseParameters, type FhirRequest, type Preferences } from './request.ts'

/** One entry of a batch or transaction. */
export interface BundleEntry {
  readonly index: number
  readonly fullUrl: string | undefined
  readonly request: FhirRequest
}

/**
 * Takes a body for a batch or transaction. Its entries are looked at one by one later, so that one bad
 * entry of a batch does not hurt the others.
 *
 * @throws FhirError 400 when it is neither
 */
export function demandBundle(body: Json | undefined): { bundle: Resource; type: 'batch' | 'transaction' } {
  if (!isObject(body) || body['resourceType'] !== 'Bundle') {
    throw FhirError.structure('a Bundle expected', 'resourceType')
  }
  const { type, entry } = body
  if (type !== 'batch' && type !== 'transaction') {
    throw FhirError.invalid('a Bundle of type batch or transaction expected', 'Bundle.type')
  }
  if (entry !== undefined && !Array.isArray(entry))
    throw FhirError.structure('entry: a list expected', 'Bundle.entry')
  return { bundle: body as Resource, type }
}

/** The entries of a Bundle, as they stand in it; each is read by `parseEntry`. */
export function entriesOf(bundle: Resource): readonly Json[] {
  return Array.isArray(bundle['entry']) ? bundle['entry'] : []
}

/**
 * Turns an entry into the request it stands for. Its resource is validated by the interaction.
 *
 * @param base our FHIR base; `request.url` may be relative to it, or absolute below it
 * @throws FhirError 400 naming the element
 * @see FHIR R4 § Bundle, "entry.request"
 */
export function parseEntry(entry: Json, index: number, base: string, prefer: Preferences): BundleEntry {
  const at = `Bundle.entry[${index}]`
  if (!isObject(entry) || !isObject(entry['request'])) throw FhirError.structure('request: missing', at)
  const { method, url } = entry['request']
  if (typeof method !== 'string' || typeof url !== 'string') {
    throw FhirError.structure('method and url: both are needed', `${at}.request`)
  }
  const { fullUrl } = entry
  if (fullUrl !== undefined && typeof fullUrl !== 'string') {
    throw FhirError.structure('fullUrl: a string expected', `${at}.fullUrl`)
  }
  return {
    index,
    fullUrl,
    request: {
      method,
      ...parseUrl(url, base, `${at}.request.url`),
      body: entry['resource'],
      contentType: undefined,
      rawBody: undefined,
      ...conditions(entry['request'], `${at}.request`),
      prefer,
    },
  }
}

function conditions(request: JsonObject, at: string) {
  const text = (name: string) => {
    const value = request[name]
    if (value === undefined || typeof value === 'string') return value
    throw FhirError.structure(`${name}: a string expected`, `${at}.${name}`)
  }
  return {
    ifMatch: parseVersionTag(text('ifMatch'), `${at}.ifMatch`),
    ifNoneMatch: parseNoneMatch(text('ifNoneMatch'), `${at}.ifNoneMatch`),
    ifModifiedSince: parseHttpDate(text('ifModifiedSince'), `${at}.ifModifiedSince`),
    ifNoneExist: text('ifNoneExist'),
  }
}

function parseUrl(url: string, base: string, at: string): Pick<FhirRequest, 'path' | 'parameters'> {
  const relative = url.startsWith(`${base}/`) ? url.slice(base.length + 1) : url.replace(/^\//, '')
  const [path = '', ...query] = relative.split('?')
  try {
    const segments = path.split('/').filter((segment) => segment !== '')
    return { path: segments.map(decodeURIComponent), parameters: parseParameters(query.join('?')) }
  } catch {
    throw FhirError.invalid('url: a bad escape', at)
  }
}

/** An answer as the entry of a response Bundle. */
export function responseEntry(answer: Answer): EntryText {
  const { status, version, lastModified, location, body } = answer
  // one that is stored has its id there, and is a resource like any other
  const isOutcome = body?.startsWith('{"resourceType":"OperationOutcome","issue"') ?? false
  return {
    ...(body === undefined || isOutcome ? {} : { resource: body }),
    response: {
      status: String(status),
      ...(location === undefined ? {} : { location }),
      ...(version === undefined ? {} : { etag: `W/"${version}"` }),
      ...(lastModified === undefined ? {} : { lastModified: lastModified.toISOString() }),
      ...(body !== undefined && isOutcome ? { outcome: body } : {}),
    },
  }
}

/** The same error, saying in which entry it arose: `Patient.name` becomes `Bundle.entry[3].resource.name`. */
export function inEntry(error: FhirError, index: number): FhirError {
  const at = `Bundle.entry[${index}]`
  const issues = error.issues.map((issue): Issue => {
    const [inner] = issue.expression ?? []
    if (inner?.startsWith('Bundle.entry[')) return issue
    const element = inner === undefined ? '' : `.resource${inner.replace(/^[^.]*/, '')}`
    return { ...issue, expression: [at + element] }
  })
  return new FhirError(error.status, issues, error.headers)
}

/** Runs the work of one entry; a `FhirError` of it names the entry. */
export async function within<T>(index: number, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof FhirError ? inEntry(error, index) : error
  }
}
