import { compartmentParameters, resourceTypes, type SearchParameter } from '../fhir/definitions.ts'
import type { Operation, OperationLevel } from '../interactions/operations/operation.ts'
import { surface, type InteractionCode, type Line } from '../interactions/route.ts'
import { form, ref, searchKey, type ParameterKey, type Ref, type ResponseKey } from './openapi-components.ts'

/** What of a FHIR base goes into its OpenAPI document. */
export interface Described {
  readonly offered: ReadonlySet<InteractionCode>
  readonly types: readonly { readonly type: string; readonly parameters: readonly SearchParameter[] }[]
  readonly operations: readonly Operation[]
}

type Paths = Record<string, Record<string, object>>

/** The path items, by path and method: every line of the route table, for every type that it is there for. */
export function paths(base: Described): Paths {
  const found: Paths = {}
  const add = (path: string, method: string, operation: object) => {
    found[path] = { ...found[path], [method.toLowerCase()]: operation }
  }
  for (const line of surface) {
    if (!base.offered.has(line.interaction) || line.path.includes('{operation}')) continue
    for (const { path, type, parameters } of placesOf(line, base)) {
      add(path, line.method, interactionAt(line, path, type, parameters))
    }
  }
  for (const operation of base.offered.has('operation') ? base.operations : []) {
    for (const path of operation.levels.flatMap((level) => operationPaths(operation, level))) {
      for (const method of operation.affectsState ? ['POST'] : ['GET', 'POST']) {
        add(path, method, operationAt(operation, method, path))
      }
    }
  }
  for (const path of exportPaths) add(path, 'GET', exportAt(path))
  return found
}

interface Place {
  readonly path: string
  readonly type: string
  readonly parameters: readonly SearchParameter[]
}

/** A line of the route table, for each type that it is there for. */
function placesOf({ path }: Line, { types }: Described): Place[] {
  if (!path.includes('{type}')) return [{ path: `/${path}`, type: '', parameters: [] }]
  const isCompartment = path.includes('{member}') || path.includes('*')
  return types
    .filter(({ type }) => !isCompartment || isCompartmentType(type))
    .map(({ type, parameters }) => ({
      path: `/${path.replace('{type}', type)}`,
      // what is searched in a compartment is of another type
      ...(isCompartment ? { type: '', parameters: [] } : { type, parameters }),
    }))
}

function isCompartmentType(type: string): boolean {
  return resourceTypes.some((member) => compartmentParameters(type, member).length > 0)
}

interface Description {
  readonly parameters?: readonly ParameterKey[]
  readonly success: Readonly<Record<number, ResponseKey>>
  /** also by criteria in the query, when the path has no id */
  readonly isConditional?: boolean
}

const shape: readonly ParameterKey[] = ['_summary', '_elements']
const paging: readonly ParameterKey[] = ['_count', '_sort', '_total', '_include', '_revinclude', ...shape]
const fresh: readonly ParameterKey[] = ['If-None-Match', 'If-Modified-Since']
const written = { 200: 'resource', 201: 'created' } as const
const found = { success: { 200: 'bundle' }, parameters: paging } as const
const past = { success: { 200: 'bundle' }, parameters: ['_count', '_since'] } as const

const interactions: Readonly<Record<InteractionCode, Description>> = {
  read: { success: { 200: 'resource', 304: 'notModified' }, parameters: [...shape, ...fresh] },
  vread: { success: { 200: 'resource' }, parameters: shape },
  create: { success: written, parameters: ['If-None-Exist', 'Prefer'] },
  update: { success: written, parameters: ['If-Match', 'Prefer'], isConditional: true },
  patch: { success: { 200: 'resource' }, parameters: ['If-Match', 'Prefer'], isConditional: true },
  delete: { success: { 204: 'done' }, parameters: ['If-Match'], isConditional: true },
  'search-type': { ...found, isConditional: true },
  'search-system': found,
  'history-instance': past,
  'history-type': past,
  'history-system': past,
  capabilities: { success: { 200: 'resource' } },
  batch: { success: { 200: 'bundle' }, parameters: ['Prefer'] },
  transaction: { success: { 200: 'bundle' }, parameters: ['Prefer'] },
  operation: { success: { 200: 'resource' } },
}

function interactionAt(
  { method, interaction }: Line,
  path: string,
  type: string,
  criteria: readonly SearchParameter[],
): object {
  const { parameters = [], success, isConditional = false } = interactions[interaction]
  const isForm = path.endsWith('/_search')
  const byCriteria = isConditional && !isForm && !path.includes('{')
  return {
    operationId: `${interaction} ${path} ${method}`.replace(/[^A-Za-z0-9]+/g, '_'),
    tags: [type || 'all types'],
    ...(interaction === 'capabilities' ? { security: [] } : {}),
    parameters: [
      ...segmentsOf(path),
      ...keys(isForm ? [] : parameters),
      ...(byCriteria ? criteria.map(({ code }) => ref('parameters', searchKey(type, code))) : []),
      ...keys(['_format', '_pretty']),
    ],
    ...bodyOf(interaction, type, isForm),
    responses: responsesOf(success),
  }
}

function bodyOf(interaction: InteractionCode, type: string, isForm: boolean): object {
  if (isForm) {
    const schema = { type: 'object', additionalProperties: ref('schemas', 'criteria') }
    return { requestBody: { content: { [form]: { schema } } } }
  }
  if (interaction === 'batch') return { requestBody: ref('requestBodies', 'Bundle') }
  if (interaction === 'patch') return { requestBody: ref('requestBodies', 'Patch') }
  return interaction === 'create' || interaction === 'update'
    ? { requestBody: ref('requestBodies', type) }
    : {}
}

function segmentsOf(path: string): Ref[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ref('parameters', name))
}

function keys(names: readonly ParameterKey[]): Ref[] {
  return names.map((name) => ref('parameters', name))
}

function responsesOf(success: Readonly<Record<number, ResponseKey>>): object {
  const refs = Object.entries(success).map(([status, key]) => [status, ref('responses', key)] as const)
  return { ...Object.fromEntries(refs), default: ref('responses', 'outcome') }
}

/** Where an operation can be called; one of any type has the type as a parameter of its path. */
function operationPaths({ name, types }: Operation, level: OperationLevel): string[] {
  if (level === 'system') return [`/$${name}`]
  const below = { type: '', instance: '/{id}', version: '/{id}/_history/{versionId}' }[level]
  return (types.length === 0 ? ['{type}'] : types).map((type) => `/${type}${below}/$${name}`)
}

function operationAt({ definition }: Operation, method: string, path: string): object {
  return {
    operationId: `operation ${path} ${method}`.replace(/[^A-Za-z0-9]+/g, '_'),
    tags: ['operations'],
    externalDocs: { url: definition },
    parameters: [...segmentsOf(path), ...keys(['_format', '_pretty'])],
    ...(method === 'POST' ? { requestBody: ref('requestBodies', 'Parameters') } : {}),
    responses: responsesOf({ 200: 'resource' }),
  }
}

/** Bulk Data Access, which has controllers of its own. */
const exportPaths = ['/$export', '/Patient/$export', '/Group/{id}/$export']

function exportAt(path: string): object {
  return {
    operationId: `export ${path}`.replace(/[^A-Za-z0-9]+/g, '_'),
    tags: ['operations'],
    externalDocs: { url: 'http://hl7.org/fhir/uv/bulkdata/export.html' },
    parameters: [...segmentsOf(path), ...keys(['Prefer', '_since'])],
    responses: responsesOf({ 202: 'accepted' }),
  }
}
