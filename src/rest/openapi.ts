import type { FastifyReply } from 'fastify'
import type { Permit } from '../access/access.ts'
import { resourceTypes, searchParameters } from '../fhir/definitions.ts'
import { isSupported } from '../fhir/search/extract.ts'
import { operations } from '../interactions/operations/index.ts'
import { releasedParameters } from '../interactions/released-parameters.ts'
import type { InteractionCode } from '../interactions/route.ts'
import * as parts from './openapi-components.ts'
import { paths, type Described } from './openapi-paths.ts'

interface Base extends Described {
  readonly url: string
  readonly authUrl: string
  readonly title: string
  readonly scopes: readonly string[]
}

/** The OpenAPI document of the care base, made from the route table and from what is on. */
export function careOpenApi(publicUrl: string, offered: ReadonlySet<InteractionCode>): object {
  return document({
    ...{ url: `${publicUrl}/fhir`, authUrl: `${publicUrl}/auth`, title: 'Coffre: the care base', offered },
    types: resourceTypes.map((type) => ({
      type,
      parameters: [...searchParameters(type).values()].filter(({ code }) => isSupported(type, code)),
    })),
    operations,
    scopes: ['system/*.cruds', 'system/*.rs'],
  })
}

/** That of the base of a permit: its types, and what can be asked of them there. */
export function researchOpenApi(
  publicUrl: string,
  permit: Permit,
  offered: ReadonlySet<InteractionCode>,
): object {
  return document({
    url: `${publicUrl}/research/${permit.id}/fhir`,
    authUrl: `${publicUrl}/auth/research/${permit.id}`,
    title: 'Coffre: the research base of one permit',
    offered,
    types: [
      ...permit.data.map(({ type }) => ({ type, parameters: releasedParameters(type) })),
      { type: 'Group', parameters: [] },
    ],
    operations: [],
    scopes: ['system/*.rs'],
  })
}

/** Sends the document, to anybody: it says no more than the CapabilityStatement. @param description JSON text */
export function sendOpenApi(reply: FastifyReply, description: string): void {
  void reply.type('application/json; charset=utf-8').send(description)
}

/** @see OpenAPI 3.1.0 */
function document(base: Base): object {
  const types = base.types.map(({ type }) => type)
  const resources = [
    ...new Set([...types, 'Bundle', 'OperationOutcome', 'CapabilityStatement', 'Parameters']),
  ]
  const scopes = Object.fromEntries(base.scopes.map((scope) => [scope, '']))
  const tokenUrl = `${base.authUrl}/token`
  return {
    openapi: '3.1.0',
    info: {
      title: base.title,
      version: '4.0.1',
      description:
        'FHIR R4. Search parameters take modifiers and chains, `name:exact`, `subject:Patient.birthdate`, which ' +
        'an OpenAPI document cannot list. Every error is an OperationOutcome.',
    },
    externalDocs: { url: 'http://hl7.org/fhir/R4/http.html' },
    servers: [{ url: base.url }],
    security: [{ smart: [] }],
    paths: paths(base),
    components: {
      securitySchemes: { smart: { type: 'oauth2', flows: { clientCredentials: { tokenUrl, scopes } } } },
      parameters: {
        ...parts.parameters,
        ...Object.fromEntries(
          base.types.flatMap(({ type, parameters }) =>
            parameters.map((one) => [parts.searchKey(type, one.code), parts.searchComponent(one)]),
          ),
        ),
      },
      responses: parts.responses,
      requestBodies: {
        Patch: parts.patchBody,
        ...Object.fromEntries(resources.map((type) => [type, parts.requestBody(type)])),
      },
      schemas: {
        ...parts.commonSchemas,
        ...Object.fromEntries(resources.map((type) => [type, parts.resourceSchema(type)])),
      },
    },
  }
}
