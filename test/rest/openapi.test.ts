import type { Permit } from '../../src/access/access.ts'
import { resourceTypes } from '../../src/fhir/definitions.ts'
import { careOpenApi, researchOpenApi } from '../../src/rest/openapi.ts'
import type { InteractionCode } from '../../src/interactions/route.ts'

interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly $ref: string }[]
  readonly responses: Readonly<Record<string, unknown>>
  readonly requestBody?: object
}
interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>
}

const all = new Set<InteractionCode>([
  ...(['read', 'vread', 'update', 'delete', 'create', 'patch', 'search-type', 'search-system'] as const),
  ...(['operation', 'batch', 'history-instance', 'history-type', 'history-system', 'capabilities'] as const),
])
const care = JSON.parse(JSON.stringify(careOpenApi('https://coffre.example', all))) as Document
const permit = { id: 'p1', data: [{ type: 'Patient' }, { type: 'Observation' }] } as unknown as Permit
const research = JSON.parse(
  JSON.stringify(
    researchOpenApi('https://coffre.example', permit, new Set(['read', 'search-type', 'capabilities'])),
  ),
) as Document

/** Every `$ref` below a value. */
function refs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : refs(inner),
  )
}

function resolve(document: Document, ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document)
}

describe.each([
  ['of the care base', care],
  ['of a research base', research],
])('the OpenAPI document %s', (_, document) => {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )

  it('is OpenAPI 3.1: every reference leads to a component, every key is one', () => {
    expect(document.openapi).toBe('3.1.0')
    for (const one of new Set(refs(document)))
      expect([one, resolve(document, one)]).toEqual([one, expect.any(Object)])
    const keys = Object.values(document.components).flatMap((components) => Object.keys(components))
    expect(keys.filter((key) => !/^[A-Za-z0-9._-]+$/.test(key))).toEqual([])
  })

  it('has operations with ids of their own, responses, and all parameters of their paths', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, method, operation } of operations) {
      expect(['get', 'post', 'put', 'patch', 'delete']).toContain(method)
      const inPath = operation.parameters
        .map(({ $ref }) => resolve(document, $ref) as { name: string; in: string })
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name)
      expect([path, inPath]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)])
      expect(operation.responses).toHaveProperty('default')
    }
  })

  it('names no parameter of an operation twice', () => {
    for (const { path, operation } of operations) {
      const names = operation.parameters.map(({ $ref }) => {
        const parameter = resolve(document, $ref) as { name: string; in: string }
        return `${parameter.in} ${parameter.name}`
      })
      expect([path, names.length]).toEqual([path, new Set(names).size])
    }
  })
})

describe('the OpenAPI document', () => {
  it('has every type with its interactions and search parameters, in less than 3 MB', () => {
    expect(JSON.stringify(care).length).toBeLessThan(3_000_000)
    for (const type of resourceTypes) {
      expect(Object.keys(care.paths[`/${type}/{id}`] ?? {}).sort()).toEqual(['delete', 'get', 'patch', 'put'])
      expect(Object.keys(care.paths[`/${type}`] ?? {}).sort()).toEqual([
        'delete',
        'get',
        'patch',
        'post',
        'put',
      ])
    }
    expect(care.paths['/Patient']?.['get']?.parameters).toContainEqual({
      $ref: '#/components/parameters/Patient.birthdate',
    })
    expect(care.paths['/Patient/{id}/$everything'] ?? care.paths['/{type}/{id}/$meta']).toBeDefined()
  })

  it('of a research base has what can be done there, and nothing else', () => {
    const methods = Object.values(research.paths).flatMap((item) => Object.keys(item))
    expect(new Set(methods)).toEqual(new Set(['get', 'post']))
    const expected = [
      ...['/$export', '/Group', '/Group/_search', '/Group/{id}', '/Group/{id}/$export', '/Observation'],
      ...['/Observation/_search', '/Observation/{id}', '/Patient', '/Patient/$export', '/Patient/_search'],
      ...['/Patient/{id}', '/Patient/{id}/{member}', '/Patient/{id}/{member}/_search', '/metadata'],
    ]
    expect(Object.keys(research.paths).sort()).toEqual(expected.sort())
    expect(Object.keys(research.components['parameters'] ?? {})).not.toContain('Patient.name')
    expect(research.servers).toEqual([{ url: 'https://coffre.example/research/p1/fhir' }])
  })
})
