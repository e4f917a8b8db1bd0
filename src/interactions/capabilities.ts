import type { Permit } from '../access/access.ts'
import { onSearchParametersChange, resourceTypes } from '../fhir/definitions.ts'
import {
  bulkOperation,
  careResource,
  parametersOfAll,
  referringTo,
  researchResource,
  systemOperations,
} from './capabilities-resource.ts'

/**
 * The CapabilityStatements, made from the definitions and from what is really on.
 *
 * @see FHIR R4 § CapabilityStatement; SMART App Launch 2.2 § Conformance; Bulk Data Access § Declaring
 */
export function careCapabilities(publicUrl: string): object {
  let found = made.get(publicUrl)
  if (!found) made.set(publicUrl, (found = careStatement(publicUrl)))
  return found
}

/** The statement of the care base is 780 KB of JSON: made once, until a search parameter comes or goes. */
const made = new Map<string, object>()
onSearchParametersChange(() => made.clear())

function careStatement(publicUrl: string): object {
  const referring = referringTo()
  return statement({
    url: `${publicUrl}/fhir`,
    authUrl: `${publicUrl}/auth`,
    manageUrl: `${publicUrl}/account/apps`,
    description: 'Coffre, the care base: identified records',
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    resource: resourceTypes.map((type) => careResource(type, referring.get(type) ?? [])),
    interaction: ['batch', 'transaction', 'history-system', 'search-system'].map((code) => ({ code })),
    searchParam: parametersOfAll(),
    operation: systemOperations(),
    compartment: ['patient', 'encounter', 'practitioner', 'relatedPerson', 'device'],
  })
}

/** What the base of a permit can do: read and search its types, on what is released; export its cohort, a Group. */
export function researchCapabilities(publicUrl: string, permit: Permit): object {
  return statement({
    url: `${publicUrl}/research/${permit.id}/fhir`,
    authUrl: `${publicUrl}/auth/research/${permit.id}`,
    manageUrl: `${publicUrl}/account/apps`,
    description: 'Coffre, the research base of one permit: pseudonymised records, read-only',
    patchFormat: [],
    resource: [...permit.data.map(({ type }) => type), 'Group'].map(researchResource),
    interaction: [],
    searchParam: [],
    operation: [],
    compartment: ['patient'],
  })
}

interface Base {
  readonly url: string
  readonly authUrl: string
  /** where people see the apps that they let in */
  readonly manageUrl: string
  readonly description: string
  readonly patchFormat: readonly string[]
  readonly resource: readonly object[]
  readonly interaction: readonly object[]
  readonly searchParam: readonly object[]
  /** beside `$export` */
  readonly operation: readonly object[]
  /** ids of R4's CompartmentDefinitions */
  readonly compartment: readonly string[]
}

/** The day that what is stated here last changed. */
const statedOn = '2026-11-24'
const bulkData = 'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data'

function statement(base: Base): object {
  const { url, description, resource } = base
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
    ...filled({ patchFormat: base.patchFormat }),
    rest: [
      {
        mode: 'server',
        security: security(base),
        resource,
        ...filled({ interaction: base.interaction, searchParam: base.searchParam }),
        operation: [bulkOperation('export', 'export'), ...base.operation],
        compartment: base.compartment.map((id) => `http://hl7.org/fhir/CompartmentDefinition/${id}`),
      },
    ],
  }
}

/** FHIR has no empty arrays. */
function filled(members: Readonly<Record<string, readonly unknown[]>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, list]) => list.length > 0))
}

/** Deprecated in SMART 2.2, and still where many clients look first. */
function security({ authUrl, manageUrl }: Base): object {
  const endpoints = ['authorize', 'token', 'introspect', 'revoke']
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
        extension: [
          ...endpoints.map((endpoint) => ({ url: endpoint, valueUri: `${authUrl}/${endpoint}` })),
          { url: 'manage', valueUri: manageUrl },
        ],
      },
    ],
  }
}
