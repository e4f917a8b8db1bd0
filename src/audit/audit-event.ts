import type { AuditEvent, AuditEventAgent, AuditEventEntity, CodeableConcept, Coding } from 'fhir/r4.js'
import type { AuditedAccess, AuditedEntity } from './audited-access.ts'
import { patternOf, profileOf, type Pattern } from './balp.ts'
import { auditedParameterName } from './parameter-names.ts'

/**
 * The AuditEvent of an access, in the form of IHE BALP. One event for one access, whoever many patients
 * it touched (docs/spec-readings.md). It has no `id`: its place in the trail is its name.
 *
 * @param server where clients reach this server, without a trailing slash
 * @throws TypeError when a research access names a patient by key: the pair of key and pseudonym is what
 *   a trail must never hold
 * @see FHIR R4 § AuditEvent; https://profiles.ihe.net/ITI/BALP
 */
export function auditEvent(audited: AuditedAccess, server: string): AuditEvent {
  const permit = permitOf(audited)
  if (permit !== undefined && audited.patients.some((patient) => uuid.test(patient))) {
    throw new TypeError('a research access names patients by pseudonym')
  }
  const pattern = patternOf(audited.interaction)
  const profile = profileOf(pattern, audited)
  const entity = entitiesOf(audited, permit)
  return {
    resourceType: 'AuditEvent',
    ...(profile === undefined ? {} : { meta: { profile: [profile] } }),
    type: pattern.type,
    subtype: [...pattern.subtype],
    action: audited.action,
    recorded: audited.at.toISOString(),
    outcome: outcomeCodes[audited.outcome],
    ...purposeOf(audited, permit),
    agent: agentsOf(audited, pattern, server),
    source: { observer: named(server), type: [applicationServer] },
    ...(entity.length === 0 ? {} : { entity }),
  }
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** success, minor failure, serious failure; @see http://hl7.org/fhir/audit-event-outcome */
const outcomeCodes = { success: '0', refused: '4', failed: '8' } as const

const actReasons = 'http://terminology.hl7.org/CodeSystem/v3-ActReason'
const healthcareResearch: Coding = { system: actReasons, code: 'HRESCH', display: 'healthcare research' }
const breakTheGlass: Coding = { system: actReasons, code: 'BTG', display: 'break the glass' }
const applicationServer: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
  code: '4',
  display: 'Application Server',
}

function permitOf({ permit, access }: AuditedAccess): string | undefined {
  if (permit !== undefined) return permit
  return 'kind' in access && access.kind === 'research' ? access.permit.id : undefined
}

function purposeOf(
  { access }: AuditedAccess,
  permit: string | undefined,
): Pick<AuditEvent, 'purposeOfEvent'> {
  if (permit !== undefined) return { purposeOfEvent: [concept(healthcareResearch)] }
  return access.caller.purpose === 'BTG' ? { purposeOfEvent: [concept(breakTheGlass)] } : {}
}

function agentsOf(audited: AuditedAccess, pattern: Pattern, server: string): AuditEventAgent[] {
  const { clientId, userId, tokenId, ip } = audited.access.caller
  // RFC 7519 calls it `jti`; BALP writes it as a policy of the agent that used the token
  const policy =
    tokenId === '' ? {} : { policy: [`urn:ietf:params:oauth:jti:${encodeURIComponent(tokenId)}`] }
  const client: AuditEventAgent = {
    type: concept(pattern.client),
    who: named(clientId),
    requestor: userId === undefined,
    ...(userId === undefined ? policy : {}),
    ...(ip === undefined ? {} : { network: { address: ip, type: networkTypes.ipAddress } }),
  }
  const itself: AuditEventAgent = {
    type: concept(pattern.server),
    who: named(server),
    requestor: false,
    network: { address: server + auditedBase(audited.base), type: networkTypes.uri },
  }
  if (userId === undefined) return [client, itself]
  return [client, itself, { type: concept(pattern.person), who: named(userId), requestor: true, ...policy }]
}

/** @see http://hl7.org/fhir/network-type */
const networkTypes = { ipAddress: '2', uri: '5' } as const

function entitiesOf(audited: AuditedAccess, permit: string | undefined): AuditEventEntity[] {
  const isQuery = audited.interaction.startsWith('search-')
  return [
    ...audited.patients.map(patientEntity),
    ...audited.entities.map((entity) => dataEntity(entity, isQuery)),
    ...(isQuery || audited.parameters ? [queryEntity(audited)] : []),
    ...(permit === undefined ? [] : [permitEntity(permit)]),
    ...(audited.detail ? [detailEntity(audited.detail)] : []),
  ]
}

const entityTypes = 'http://terminology.hl7.org/CodeSystem/audit-entity-type'
const person: Coding = { system: entityTypes, code: '1', display: 'Person' }
const systemObject: Coding = { system: entityTypes, code: '2', display: 'System Object' }
const other: Coding = { system: entityTypes, code: '4', display: 'Other' }
const resourceType = (code: string): Coding => ({ system: 'http://hl7.org/fhir/resource-types', code })
const role = (code: string, display: string): Coding => ({
  system: 'http://terminology.hl7.org/CodeSystem/object-role',
  code,
  display,
})
const domainResource = role('4', 'Domain Resource')

function patientEntity(patient: string): AuditEventEntity {
  return { what: { reference: `Patient/${patient}` }, type: person, role: role('1', 'Patient') }
}

/** In a query BALP keeps `System Object` for the query itself; what it found goes by its type. */
function dataEntity({ type, id, version }: AuditedEntity, isQuery: boolean): AuditEventEntity {
  const reference = version === undefined ? `${type}/${id}` : `${type}/${id}/_history/${version}`
  return { what: { reference }, type: isQuery ? resourceType(type) : systemObject, role: domainResource }
}

/** A caller may have written anything where a permit's id belongs: what does not look like one becomes `*`. */
function auditedBase(base: string): string {
  return base.replace(/(?<=^\/research\/)(?![0-9a-f]{32}\/)[^/]+/, '*')
}

/** The names of the parameters only: `Observation?patient&code`. BALP wants base64, and no value is kept. */
function queryEntity({ type = '', parameters = [] }: AuditedAccess): AuditEventEntity {
  const text = `${type}?${parameters.map(auditedParameterName).join('&')}`
  return { type: systemObject, role: role('24', 'Query'), query: Buffer.from(text).toString('base64') }
}

/** A permit is a research study that was said yes to. */
function permitEntity(permit: string): AuditEventEntity {
  return { what: named(permit), type: resourceType('ResearchStudy'), role: domainResource }
}

function detailEntity(detail: Readonly<Record<string, string>>): AuditEventEntity {
  return { type: other, detail: Object.entries(detail).map(([type, valueString]) => ({ type, valueString })) }
}

function named(value: string): { identifier: { value: string } } {
  return { identifier: { value } }
}

function concept(coding: Coding): CodeableConcept {
  return { coding: [coding] }
}
