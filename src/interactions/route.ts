import { isResourceType } from '../fhir/definitions.ts'
import { FhirError, issue } from '../fhir/outcome.ts'
import { isId } from '../fhir/reference.ts'
import type { FhirRequest } from './request.ts'

/** The codes of http://hl7.org/fhir/restful-interaction, as the trail and the CapabilityStatement name them. */
export type InteractionCode =
  | 'read'
  | 'vread'
  | 'update'
  | 'delete'
  | 'history-instance'
  | 'history-type'
  | 'history-system'
  | 'create'
  | 'patch'
  | 'search-type'
  | 'search-system'
  | 'operation'
  | 'capabilities'
  | 'batch'
  | 'transaction'

/** Which interaction a request asks for. `id` and `versionId` are there when the URL has them. */
export interface Route {
  readonly interaction: InteractionCode
  /** `''` at system level */
  readonly type: string
  readonly id: string | undefined
  readonly versionId: number | undefined
  /** of an operation, without its `$` */
  readonly operation: string | undefined
  /** a search of what is in the compartment of one resource */
  readonly compartment: { readonly type: string; readonly id: string } | undefined
}

/** One thing that can be done at a path. */
export interface Line {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** below the base; `{…}` takes what fits it */
  readonly path: string
  readonly interaction: InteractionCode
}

/** FHIR's RESTful surface. @see FHIR R4 § RESTful API, "Summary" */
export const surface: readonly Line[] = [
  { method: 'GET', path: 'metadata', interaction: 'capabilities' },
  { method: 'POST', path: '', interaction: 'batch' }, // or transaction: Bundle.type says it
  { method: 'GET', path: '', interaction: 'search-system' },
  { method: 'POST', path: '_search', interaction: 'search-system' },
  { method: 'GET', path: '_history', interaction: 'history-system' },
  { method: 'GET', path: '{type}', interaction: 'search-type' },
  { method: 'POST', path: '{type}/_search', interaction: 'search-type' },
  { method: 'POST', path: '{type}', interaction: 'create' },
  { method: 'PUT', path: '{type}', interaction: 'update' }, // conditional
  { method: 'PATCH', path: '{type}', interaction: 'patch' }, // conditional
  { method: 'DELETE', path: '{type}', interaction: 'delete' }, // conditional
  { method: 'GET', path: '{type}/_history', interaction: 'history-type' },
  { method: 'GET', path: '{type}/{id}', interaction: 'read' },
  { method: 'PUT', path: '{type}/{id}', interaction: 'update' },
  { method: 'PATCH', path: '{type}/{id}', interaction: 'patch' },
  { method: 'DELETE', path: '{type}/{id}', interaction: 'delete' },
  { method: 'GET', path: '{type}/{id}/_history', interaction: 'history-instance' },
  { method: 'GET', path: '{type}/{id}/_history/{versionId}', interaction: 'vread' },
  ...compartmentSearch('{member}', 'search-type'),
  ...compartmentSearch('*', 'search-system'),
  ...['', '{type}/', '{type}/{id}/', '{type}/{id}/_history/{versionId}/'].flatMap((place) =>
    operationAt(place),
  ),
]

function compartmentSearch(member: string, interaction: InteractionCode): Line[] {
  return [
    { method: 'GET', path: `{type}/{id}/${member}`, interaction },
    { method: 'POST', path: `{type}/{id}/${member}/_search`, interaction },
  ]
}

function operationAt(place: string): Line[] {
  const path = `${place}{operation}`
  return [
    { method: 'GET', path, interaction: 'operation' },
    { method: 'POST', path, interaction: 'operation' },
  ]
}

const lines = surface.map((line) => ({ ...line, segments: line.path.split('/').filter(Boolean) }))

/** What a `{…}` takes. A `$` or `_` never starts an id, so operations and `_search` are not swallowed. */
const placeholders: Readonly<Record<string, (segment: string) => boolean>> = {
  '{type}': isResourceType,
  '{id}': isId,
  '{member}': isResourceType,
  '{operation}': (segment) => /^\$[a-z][a-z-]{0,63}$/.test(segment),
  '{versionId}': (segment) => /^[1-9]\d{0,8}$/.test(segment),
}

/**
 * Finds the interaction of a request.
 *
 * @param offered the interactions that this base has; others are 405
 * @throws FhirError 404 when nothing is there, 405 with `Allow` when something else can be done there
 */
export function route(
  request: Pick<FhirRequest, 'method' | 'path'>,
  offered?: ReadonlySet<InteractionCode>,
): Route {
  const { path } = request
  const there = lines.filter(({ segments }) => fits(segments, path))
  if (there.length === 0) throw unknownPath(path)
  const usable = there.filter(({ interaction }) => offered?.has(interaction) ?? true)
  const line = usable.find(({ method }) => method === request.method)
  if (!line) throw methodNotAllowed(usable.map(({ method }) => method))
  return { interaction: line.interaction, ...placesOf(line.segments, path) }
}

function placesOf(segments: readonly string[], path: readonly string[]): Omit<Route, 'interaction'> {
  const at = (placeholder: string) => segmentOf(segments, path, placeholder)
  const [type = '', id, versionId] = [at('{type}'), at('{id}'), numberOf(at('{versionId}'))]
  const operation = at('{operation}')?.slice(1)
  const member = segments[2] === '*' ? '' : at('{member}')
  if (member === undefined || id === undefined)
    return { type, id, versionId, operation, compartment: undefined }
  return { type: member, id: undefined, versionId, operation, compartment: { type, id } }
}

/** 405, with the methods that would do. @see RFC 9110 § 15.5.6 */
export function methodNotAllowed(allowed: readonly string[]): FhirError {
  const methods = allowed.includes('GET') ? ['HEAD', ...allowed] : allowed
  return new FhirError(405, [issue('not-supported', 'this method is not supported here')], {
    Allow: [...new Set(methods)].sort().join(', '),
  })
}

function fits(segments: readonly string[], path: readonly string[]): boolean {
  if (segments.length !== path.length) return false
  return segments.every((segment, index) => {
    const given = path[index] ?? ''
    return placeholders[segment]?.(given) ?? segment === given
  })
}

function segmentOf(
  segments: readonly string[],
  path: readonly string[],
  placeholder: string,
): string | undefined {
  const index = segments.indexOf(placeholder)
  return index < 0 ? undefined : path[index]
}

function numberOf(segment: string | undefined): number | undefined {
  return segment === undefined ? undefined : Number(segment)
}

/** Says what is wrong with the path without repeating it: it may hold an identifier. */
function unknownPath(path: readonly string[]): FhirError {
  const [type, id] = path
  if (type === undefined || !isResourceType(type)) {
    const operation = path.some((segment) => segment.startsWith('$'))
    return FhirError.notFound(operation ? 'operation' : 'resource type')
  }
  if (path.some((segment) => segment.startsWith('$'))) return FhirError.notFound('operation')
  if (id !== undefined && !isId(id) && !id.startsWith('_')) {
    return FhirError.invalid('the logical id in the URL is not a FHIR id', `${type}.id`)
  }
  return FhirError.notFound(type)
}
