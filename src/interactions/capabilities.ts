import type { Permit } from '../access/access.ts'
import { resourceTypes, searchParameters, type SearchParameter } from '../fhir/definitions.ts'
import { isSupported } from '../fhir/extract.ts'
import { releasedParameters } from './released-parameters.ts'

/**
 * The CapabilityStatements, made from the definitions and from what is really on.
 *
 * @see FHIR R4 § CapabilityStatement; SMART App Launch 2.2 § Conformance; Bulk Data Access § Declaring
 */
export function careCapabilities(publicUrl: string): object {
  const base = `${publicUrl}/fhir`
  return statement({
    url: base,
    authUrl: `${publicUrl}/auth`,
    description: 'Coffre, the care base: identified records',
    resource: resourceTypes.map((type) => careResource(type)),
    interaction: [{ code: 'batch' }, { code: 'transaction' }, { code: 'history-system' }],
  })
}

/** What the base of a permit can do: read and search its types, on what is released; export its cohort, a Group. */
export function researchCapabilities(publicUrl: string, permit: Permit): object {
  return statement({
    url: `${publicUrl}/research/${permit.id}/fhir`,
    authUrl: `${publicUrl}/auth/research/${permit.id}`,
    description: 'Coffre, the research base of one permit: pseudonymised records, read-only',
    resource: [
      ...permit.data.map(({ type }) => researchResource(type, releasedParameters(type))),
      researchResource('Group', []),
    ],
    interaction: [],
  })
}

interface Base {
  readonly url: string
  readonly authUrl: string
  readonly description: string
  readonly resource: readonly object[]
  readonly interaction: readonly object[]
}

/** The day that what is stated here last changed. */
const statedOn = '2026-11-24'
const bulkData = 'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'

function statement({ url, authUrl, description, resource, interaction }: Base): object {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: statedOn,
    kind: 'instance',
    instantiates: [bulkData],
    software: { name: 'Coffre' },
    implementation: { description, url },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'application/fhir+xml', 'json', 'xml'],
    rest: [
      {
        mode: 'server',
        security: security(authUrl),
        resource: resource.map(withOperations),
        ...(interaction.length === 0 ? {} : { interaction }),
        operation: [operation('export', 'export')],
      },
    ],
  }
}

/** Deprecated in SMART 2.2, and still where many clients look first. */
function security(authUrl: string): object {
  return {
    cors: true,
    service: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/restful-security-service',
            code: 'SMART-on-FHIR',
            display: 'SMART-on-FHIR',
          },
        ],
      },
    ],
    extension: [
      {
        url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris',
        extension: [{ url: 'token', valueUri: `${authUrl}/token` }],
      },
    ],
  }
}

const careInteractions = [
  ...['read', 'vread', 'update', 'delete'],
  ...['history-instance', 'history-type', 'create', 'search-type'],
].map((code) => ({ code }))

function careResource(type: string): object {
  return {
    type,
    interaction: careInteractions,
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    ...searching(
      type,
      [...searchParameters(type).values()].filter(({ code }) => isSupported(type, code)),
    ),
  }
}

function researchResource(type: string, parameters: readonly SearchParameter[]): object {
  return {
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    versioning: 'no-version',
    ...searching(type, parameters),
  }
}

function searching(type: string, parameters: readonly SearchParameter[]): object {
  const includes = parameters.filter((parameter) => parameter.type === 'reference')
  return {
    ...(includes.length === 0 ? {} : { searchInclude: includes.map(({ code }) => `${type}:${code}`) }),
    ...(parameters.length === 0 ? {} : { searchParam: parameters.map(searchParam) }),
  }
}

function searchParam({ code, url, type }: SearchParameter): object {
  return { name: code, definition: url, type }
}

/** Kits look for the plain name here, others for the long one: both are listed. */
function withOperations(resource: object): object {
  const type = 'type' in resource ? resource.type : undefined
  if (type === 'Patient') {
    return {
      ...resource,
      operation: [operation('export', 'patient-export'), operation('patient-export', 'patient-export')],
    }
  }
  if (type === 'Group') {
    return {
      ...resource,
      operation: [operation('export', 'group-export'), operation('group-export', 'group-export')],
    }
  }
  return resource
}

function operation(name: string, definition: string): object {
  return { name, definition: `http://hl7.org/fhir/uv/bulkdata/OperationDefinition/${definition}` }
}
