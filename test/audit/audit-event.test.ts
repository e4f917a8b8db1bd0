import type { AuditEvent } from 'fhir/r4.js'
import { auditEvent } from '../../src/audit/audit-event.ts'
import type { AuditedAccess } from '../../src/audit/audited-access.ts'
import { auditedParameterName } from '../../src/audit/parameter-names.ts'
import type { Json } from '../../src/fhir/json.ts'
import { validate } from '../../src/fhir/validation/validate.ts'
import { audited, caller, careAccess, patient, publicUrl } from './support.ts'

const balp = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'
const pseudonym = '34679bcdfhjkmnprstv'
const research: AuditedAccess['access'] = {
  kind: 'research',
  caller,
  scopes: [],
  permit: {
    id: 'p7',
    data: [],
    freeText: false,
    grantedAt: new Date('2026-01-01'),
    expiresAt: new Date('2027-01-01'),
  },
}

const eventOf = (changes: Partial<AuditedAccess> = {}) => auditEvent(audited(changes), publicUrl)
const profileOf = (changes: Partial<AuditedAccess>) => eventOf(changes).meta?.profile?.[0]?.replace(balp, '')
const agentTypes = (event: AuditEvent) => event.agent.map((agent) => agent.type?.coding?.[0]?.code)
const queryOf = (event: AuditEvent) =>
  event.entity?.flatMap(({ query }) => (query === undefined ? [] : [Buffer.from(query, 'base64').toString()]))

const search: Partial<AuditedAccess> = {
  action: 'E',
  interaction: 'search-type',
  parameters: ['patient', 'code', '_count'],
}

describe('the AuditEvent of a read', () => {
  it('says who read what of whom, when, from where and by which token', () => {
    expect(eventOf()).toEqual({
      resourceType: 'AuditEvent',
      meta: { profile: [`${balp}PatientRead`] },
      type: {
        system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
        code: 'rest',
        display: 'Restful Operation',
      },
      subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: 'read', display: 'read' }],
      action: 'R',
      recorded: '2026-03-01T10:00:00.123Z',
      outcome: '0',
      agent: [
        {
          type: { coding: [dicom('110152', 'Destination Role ID')] },
          who: { identifier: { value: 'ehr' } },
          requestor: false,
          network: { address: '192.0.2.1', type: '2' },
        },
        {
          type: { coding: [dicom('110153', 'Source Role ID')] },
          who: { identifier: { value: publicUrl } },
          requestor: false,
          network: { address: `${publicUrl}/fhir`, type: '5' },
        },
        {
          type: {
            coding: [
              {
                system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
                code: 'IRCP',
                display: 'information recipient',
              },
            ],
          },
          who: { identifier: { value: 'dr-lune' } },
          requestor: true,
          policy: ['urn:ietf:params:oauth:jti:token-1'],
        },
      ],
      source: {
        observer: { identifier: { value: publicUrl } },
        type: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
            code: '4',
            display: 'Application Server',
          },
        ],
      },
      entity: [
        {
          what: { reference: `Patient/${patient}` },
          type: entityType('1', 'Person'),
          role: objectRole('1', 'Patient'),
        },
        {
          what: { reference: 'Observation/glucose-1/_history/2' },
          type: entityType('2', 'System Object'),
          role: objectRole('4', 'Domain Resource'),
        },
      ],
    })
  })

  it('makes the client the requestor when no person is behind it', () => {
    const { agent } = eventOf({ access: { ...careAccess, caller: { ...caller, userId: undefined } } })
    expect(agent.map(({ requestor, policy }) => [requestor, policy])).toEqual([
      [true, ['urn:ietf:params:oauth:jti:token-1']],
      [false, undefined],
    ])
  })
})

describe('every AuditEvent', () => {
  it.each<[string, Partial<AuditedAccess>]>([
    ['a read', {}],
    ['a refused read', { outcome: 'refused', entities: [], patients: [] }],
    ['a search', search],
    ['a create', { action: 'C', interaction: 'create' }],
    ['a delete', { action: 'D', interaction: 'delete' }],
    ['a history', { interaction: 'history-instance', parameters: ['_since'] }],
    ['an export', { interaction: 'export', permit: 'p7', patients: [pseudonym], detail: { files: '3' } }],
    ['an act of governance', { interaction: 'permit-revoke', base: '/governance' }],
    ['a caller without a token', { access: { caller: { ...caller, userId: undefined, tokenId: '' } } }],
  ])('is a valid R4 resource: %s', (_, changes) => {
    // as a client would get it: without the members that are undefined
    const resource = JSON.parse(JSON.stringify(eventOf(changes))) as Json
    expect(validate(resource, 'AuditEvent')).toEqual([])
  })
})

describe('the BALP profile', () => {
  it.each<[string | undefined, string, Partial<AuditedAccess>]>([
    ['PatientRead', 'a vread', { interaction: 'vread' }],
    ['Read', 'a read outside all compartments', { patients: [] }],
    ['PatientQuery', 'a search that found one patient’s resources', search],
    ['Query', 'a search that found nothing', { ...search, patients: [], entities: [] }],
    ['Query', 'a search that found two patients’ resources', { ...search, patients: [patient, patient] }],
    ['PatientCreate', 'a create', { action: 'C', interaction: 'create' }],
    ['PatientUpdate', 'an update', { action: 'U', interaction: 'update' }],
    ['PatientDelete', 'a delete', { action: 'D', interaction: 'delete' }],
    ['PrivacyDisclosure.Source', 'an export of one patient', { interaction: 'export' }],
    [undefined, 'an export of several patients', { interaction: 'export', patients: [patient, patient] }],
    [undefined, 'a refused read: BALP profiles successes', { outcome: 'refused' }],
    [undefined, 'a failed read', { outcome: 'failed' }],
    [undefined, 'a history, which BALP does not know', { interaction: 'history-instance' }],
    [undefined, 'a client without a known address', { access: { caller: { ...caller, ip: undefined } } }],
  ])('is %s for %s', (profile, _, changes) => {
    expect(profileOf(changes)).toBe(profile)
  })

  it.each<[readonly string[], Partial<AuditedAccess>]>([
    [['110152', '110153', 'IRCP'], {}],
    [['110153', '110152', 'IRCP'], search],
    [['110153', '110152', 'AUT'], { action: 'C', interaction: 'create' }],
    [['110150', 'custodian', 'AUT'], { action: 'D', interaction: 'delete' }],
  ])('gives client, server and person the roles %j', (roles, changes) => {
    expect(agentTypes(eventOf(changes))).toEqual(roles)
  })

  it('keeps the entity type System Object for the query when there is one', () => {
    const types = eventOf(search).entity?.map((entity) => entity.type?.code)
    expect(types).toEqual(['1', 'Observation', '2'])
  })
})

describe('the outcome', () => {
  it.each([
    ['0', 'success'],
    ['4', 'refused'],
    ['8', 'failed'],
  ] as const)('is %s for %s', (code, outcome) => {
    expect(eventOf({ outcome }).outcome).toBe(code)
  })
})

describe('the query', () => {
  it('is kept by the names of its parameters only', () => {
    expect(queryOf(eventOf(search))).toEqual(['Observation?patient&code&_count'])
  })

  it.each([
    ['subject:Patient.name:exact', 'subject:Patient.name:exact'],
    ['_has:Observation:patient:code', '_has:Observation:patient:code'],
    ['code:of-type', 'code:of-type'],
    ['Dupont', '*'],
    ['name:Dupont', 'name:*'],
    ['name=Dupont', '*'],
    ['', ''],
  ])('names %s as %s: what is no word of the specification is not written', (name, written) => {
    expect(auditedParameterName(name)).toBe(written)
  })
})

describe('on a research base', () => {
  const access = { access: research, base: '/research/p7/fhir', patients: [pseudonym] }

  it('names the permit, the purpose and the patient’s pseudonym', () => {
    const event = eventOf({ ...access, entities: [{ type: 'Observation', id: `${pseudonym}-x` }] })
    expect(event.purposeOfEvent?.[0]?.coding?.[0]?.code).toBe('HRESCH')
    expect(event.entity?.map(({ what }) => what?.reference ?? what?.identifier?.value)).toEqual([
      `Patient/${pseudonym}`,
      `Observation/${pseudonym}-x`,
      'p7',
    ])
  })

  it('refuses to put a key beside pseudonyms', () => {
    expect(() => eventOf({ ...access, patients: [patient] })).toThrow(TypeError)
    expect(() => eventOf({ permit: 'p7', patients: [pseudonym, patient] })).toThrow(TypeError)
  })
})

function dicom(code: string, display: string) {
  return { system: 'http://dicom.nema.org/resources/ontology/DCM', code, display }
}
function entityType(code: string, display: string) {
  return { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code, display }
}
function objectRole(code: string, display: string) {
  return { system: 'http://terminology.hl7.org/CodeSystem/object-role', code, display }
}
