import type { Coding } from 'fhir/r4.js'
import type { AuditedAccess } from './audited-access.ts'

/**
 * How IHE's Basic Audit Log Patterns describe a kind of access: the event's type, and which parts
 * client, server and person play in it.
 *
 * @see https://profiles.ihe.net/ITI/BALP, 152 "Basic Audit Log Patterns", volume 3
 */
export interface Pattern {
  readonly type: Coding
  readonly subtype: readonly Coding[]
  readonly client: Coding
  readonly server: Coding
  readonly person: Coding
  /** the profiles of a successful event, and the action they ask for */
  readonly profile: Profile | undefined
}

interface Profile {
  readonly action: AuditedAccess['action']
  /** several patients or none */
  readonly plain: string | undefined
  /** exactly one patient */
  readonly patient: string
  /** how many data entities the profiles allow; undefined: any number */
  readonly data: number | undefined
}

export const dicom = (code: string, display: string): Coding => ({
  system: 'http://dicom.nema.org/resources/ontology/DCM',
  code,
  display,
})
const participation = (code: string, display: string): Coding => ({
  system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  code,
  display,
})
const restful = (code: string): Coding => ({
  system: 'http://hl7.org/fhir/restful-interaction',
  code,
  display: code,
})
/** for what neither FHIR nor DICOM has a code */
const own = (code: string): Coding => ({ system: 'urn:coffre:interaction', code })

const rest: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  code: 'rest',
  display: 'Restful Operation',
}
const disclose: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle',
  code: 'disclose',
  display: 'Disclose Record Lifecycle Event',
}
const reidentify: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle',
  code: 'reidentify',
  display: 'Re-identify Record Lifecycle Event',
}
const source = dicom('110153', 'Source Role ID')
const destination = dicom('110152', 'Destination Role ID')
const custodian: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  code: 'custodian',
  display: 'Custodian',
}
const recipient = participation('IRCP', 'information recipient')
const author = participation('AUT', 'author (originator)')

/** Data flows to the client. */
const outward = { client: destination, server: source, person: recipient }
/** The client's data, or the parameters of its query, flow to the server. */
const inward = { client: source, server: destination }
const deletion = { client: dicom('110150', 'Application'), server: custodian, person: author }

const balp = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'

function profile(action: Profile['action'], name: string): Profile {
  const data = name === 'Query' ? undefined : 1
  return { action, plain: balp + name, patient: `${balp}Patient${name}`, data }
}

type Parts = Pick<Pattern, 'client' | 'server' | 'person' | 'profile'>

const patterns: Readonly<Record<string, Parts>> = {
  read: { ...outward, profile: profile('R', 'Read') },
  vread: { ...outward, profile: profile('R', 'Read') },
  'search-type': { ...inward, person: recipient, profile: profile('E', 'Query') },
  'search-system': { ...inward, person: recipient, profile: profile('E', 'Query') },
  create: { ...inward, person: author, profile: profile('C', 'Create') },
  update: { ...inward, person: author, profile: profile('U', 'Update') },
  patch: { ...inward, person: author, profile: profile('U', 'Update') },
  delete: { ...deletion, profile: profile('D', 'Delete') },
  // BALP has no profile for these
  'history-instance': { ...outward, profile: undefined },
  'history-type': { ...outward, profile: undefined },
  'history-system': { ...outward, profile: undefined },
  capabilities: { ...outward, profile: undefined },
  batch: { ...inward, person: author, profile: undefined },
  transaction: { ...inward, person: author, profile: undefined },
  operation: { ...inward, person: author, profile: undefined },
}

const disclosure: Profile = {
  action: 'R',
  plain: undefined,
  patient: `${balp}PrivacyDisclosure.Source`,
  data: undefined,
}

/** DICOM PS3.16 CID 403, Audit Event Types of user authentication */
const authentications: Readonly<Record<string, Coding>> = {
  login: dicom('110122', 'Login'),
  logout: dicom('110123', 'Logout'),
}

/** @param interaction as {@link AuditedAccess} names it */
export function patternOf(interaction: string): Pattern {
  const parts = patterns[interaction]
  if (parts) return { type: rest, subtype: [restful(interaction)], ...parts }
  if (/^export(-|$)/.test(interaction)) {
    const type = dicom('110106', 'Export')
    return { type, subtype: [disclose, own(interaction)], ...outward, profile: disclosure }
  }
  if (interaction === 'reidentify') {
    return { type: rest, subtype: [reidentify, own(interaction)], ...outward, profile: undefined }
  }
  if (interaction.startsWith('alert-')) {
    const type = dicom('110113', 'Security Alert')
    return { type, subtype: [own(interaction)], ...inward, person: author, profile: undefined }
  }
  const authentication = authentications[interaction]
  if (authentication) {
    const type = dicom('110114', 'User Authentication')
    return { type, subtype: [authentication], ...inward, person: author, profile: undefined }
  }
  if (interaction.startsWith('second-factor-')) {
    const type = dicom('110113', 'Security Alert')
    const changed = dicom('110137', 'User Security Attributes Changed')
    return { type, subtype: [changed, own(interaction)], ...inward, person: author, profile: undefined }
  }
  const subtype = [restful('operation'), own(interaction)]
  return { type: rest, subtype, ...inward, person: author, profile: undefined }
}

/**
 * The profile that the event of an access is true to. BALP's are for successes; what was refused or
 * failed is recorded in the same form, and claims none.
 */
export function profileOf({ profile }: Pattern, audited: AuditedAccess): string | undefined {
  const { action, outcome, access, entities, patients } = audited
  if (!profile || outcome !== 'success' || action !== profile.action) return undefined
  // the profiles ask for the client's network address
  if (access.caller.ip === undefined) return undefined
  if (profile.data !== undefined && entities.length !== profile.data) return undefined
  return patients.length === 1 ? profile.patient : profile.plain
}
