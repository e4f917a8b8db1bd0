import { auditEvent } from '../../../src/audit/audit-event.ts'
import type { AuditedAccess } from '../../../src/audit/audited-access.ts'
import { deidentify } from '../../../src/deid/apply.ts'
import { generatePatients } from '../../../src/demo/generate.ts'
import { byCanonical } from '../../../src/fhir/definitions.ts'
import { parseJson, type Json, type JsonObject, type Resource } from '../../../src/fhir/json.ts'
import { validateProfile } from '../../../src/fhir/validation/validate-profile.ts'
import { audited, caller, careAccess, patient, publicUrl } from '../../audit/support.ts'
import { permit } from '../../deid/support.ts'

const base = 'https://coffre.dev/fhir/StructureDefinition/'
const names = [
  ...['audit-event', 'diagnostic-report', 'imaging-study', 'laboratory-observation'],
  ...['patient-identity', 'research-patient'],
]

/** Errors against one of our profiles, as `code diagnostics`. */
function errors(resource: Json, name: string): string[] {
  return validateProfile(resource, { against: [base + name] })
    .filter(({ severity }) => severity === 'error')
    .map(({ code, diagnostics }) => `${code} ${diagnostics}`)
}

/** As it is sent: without the members that are undefined. */
const sent = (value: unknown) => parseJson(JSON.stringify(value)) as JsonObject

/** The rule when all errors are of it, and there is one; else the errors. */
function ruleOf(found: string[], rule: string): string | string[] {
  return found.length > 0 && found.every((line) => line.includes(rule)) ? rule : found
}

function without(resource: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !names.includes(name)))
}

const resources = [...generatePatients({ seed: 3, patients: 12 })].flat()
const all = (type: string, isOne: (resource: Resource) => boolean = () => true) =>
  resources.filter((resource) => resource.resourceType === type && isOne(resource))
const laboratory = all('Observation', ({ category }) => JSON.stringify(category).includes('laboratory'))

describe('our profiles', () => {
  it.each(names)('are valid R4 resources: %s', (name) => {
    const issues = validateProfile(sent(byCanonical.get(base + name)))
    expect(issues.filter(({ severity, code }) => severity === 'error' || code === 'code-invalid')).toEqual([])
  })

  it.each<[string, Resource[]]>([
    ['patient-identity', all('Patient')],
    ['laboratory-observation', laboratory],
    ['imaging-study', all('ImagingStudy')],
    ['diagnostic-report', all('DiagnosticReport')],
  ])('hold for what the demonstration makes: %s', (name, made) => {
    expect(made.length).toBeGreaterThan(10)
    expect(made.flatMap((resource) => errors(resource, name))).toEqual([])
  })

  it('hold for what a research base releases of a patient', () => {
    const released = all('Patient').map((resource) => deidentify(resource, permit()))
    const found = released.flatMap((one) =>
      'released' in one ? errors(one.released, 'research-patient') : ['refused'],
    )
    expect(found).toEqual([])
  })

  it.each<[string, Partial<AuditedAccess>]>([
    ['a read', {}],
    ['a read by a program', { access: { ...careAccess, caller: { ...caller, userId: undefined } } }],
    ['a refused read', { outcome: 'refused', entities: [], patients: [] }],
    [
      'a search',
      { action: 'E', interaction: 'search-type', parameters: ['code'], patients: [patient, patient] },
    ],
    ['a create', { action: 'C', interaction: 'create' }],
    ['an update', { action: 'U', interaction: 'update' }],
    ['a delete', { action: 'D', interaction: 'delete' }],
    ['an operation', { action: 'E', interaction: '$everything' }],
    ['an export', { interaction: 'export', patients: [patient], detail: { files: '3' } }],
    ['an act of governance', { action: 'E', interaction: 'permit-revoke', base: '/governance' }],
  ])('hold for the AuditEvent of %s', (_, changes) => {
    expect(errors(sent(auditEvent(audited(changes), publicUrl)), 'audit-event')).toEqual([])
  })
})

describe('the French identity', () => {
  const ipp: Json = {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
    system: 'https://chu.example/ipp',
    value: '8000000001',
  }
  const ins = (value: string, arc = '8'): Json => ({ system: `urn:oid:1.2.250.1.213.1.4.${arc}`, value })
  const withTraits = (...identifier: Json[]): JsonObject => ({
    ...{ resourceType: 'Patient', gender: 'female', birthDate: '1985-05' },
    ...{ name: [{ use: 'official', family: 'Essai', given: ['Anne'] }], identifier },
  })

  // keys by hand: 97 - (number modulo 97)
  it.each([
    ['a NIR of the mainland', ins('285053512390176')],
    ['a NIR of southern Corsica, 2A for 19', ins('285052A00490005')],
    ['a NIR of northern Corsica, 2B for 18', ins('285052B03390035')],
    ['a NIA', ins('785053512390120', '9')],
  ])('takes %s', (_, identifier) => {
    expect(errors(withTraits(ipp, identifier), 'patient-identity')).toEqual([])
  })

  it.each<[string, JsonObject, string]>([
    ['a wrong key', withTraits(ipp, ins('285053512390177')), 'ins-2'],
    ['two digits that changed places', withTraits(ipp, ins('285053521390176')), 'ins-2'],
    ['a NIR without its key', withTraits(ipp, ins('2850535123901')), 'ins-1'],
    ['a month that is none', withTraits(ipp, ins('285133512390176')), 'ins-1'],
    [
      'an INS without the traits',
      { resourceType: 'Patient', identifier: [ipp, ins('285053512390176')] },
      'ins-3',
    ],
    ['a NIR and a NIA', withTraits(ipp, ins('285053512390176'), ins('785053512390120', '9')), 'ins-4'],
    ['no number of the hospital', withTraits(ins('285053512390176')), 'Patient.identifier:ipp'],
  ])('refuses %s', (_, resource, rule) => {
    expect(ruleOf(errors(resource, 'patient-identity'), rule)).toBe(rule)
  })

  it('warns of an INS for tests', () => {
    const issues = validateProfile(withTraits(ipp, ins('285053512390176', '10')), {
      against: [`${base}patient-identity`],
    })
    expect(issues.filter(({ diagnostics }) => diagnostics.includes('ins-5'))).toMatchObject([
      { severity: 'warning' },
    ])
  })
})

describe('our profiles refuse', () => {
  const [result = {}] = laboratory
  const [study = {}] = all('ImagingStudy')
  const [report = {}] = all('DiagnosticReport')
  const event = sent(auditEvent(audited(), publicUrl))
  const released: JsonObject = {
    ...{ resourceType: 'Patient', id: 'thsbws3cvv6yd7tbfjj', birthDate: '1956' },
    meta: {
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'PSEUDED' }],
      tag: [{ system: 'urn:coffre:permit', code: 'P1' }],
    },
  }
  const query: Json = {
    role: { system: 'http://terminology.hl7.org/CodeSystem/object-role', code: '24' },
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code: '2' },
  }

  it.each<[string, string, JsonObject, string]>([
    [
      'a result without a value or a reason',
      'laboratory-observation',
      without(result, 'valueQuantity'),
      'lab-1',
    ],
    [
      'a result in a unit that is not of UCUM',
      'laboratory-observation',
      { ...result, valueQuantity: { value: 1, system: 'urn:x', code: 'G/L' } },
      'valueQuantity.system',
    ],
    [
      'a result that LOINC does not code',
      'laboratory-observation',
      { ...result, code: { coding: [{ system: 'urn:x', code: 'x' }] } },
      'coding:loinc',
    ],
    [
      'a study without its UID',
      'imaging-study',
      { ...study, identifier: [{ system: 'urn:x', value: 'x' }] },
      'study-instance-uid',
    ],
    [
      'a series whose UID is none',
      'imaging-study',
      { ...study, series: [{ uid: '1.02', modality: { code: 'CT' } }] },
      'img-3',
    ],
    [
      'a final report with nothing in it',
      'diagnostic-report',
      without(report, 'result', 'imagingStudy', 'conclusion', 'presentedForm'),
      'rep-1',
    ],
    [
      'a released patient with a name',
      'research-patient',
      { ...released, name: [{ family: 'x' }] },
      'Patient.name',
    ],
    [
      'a released patient with a day of birth',
      'research-patient',
      { ...released, birthDate: '1956-03-02' },
      'Patient.birthDate',
    ],
    [
      'a released patient under an id that is no pseudonym',
      'research-patient',
      { ...released, id: '8000000001' },
      'res-1',
    ],
    ['an event that words say', 'audit-event', { ...event, outcomeDesc: 'x' }, 'outcomeDesc'],
    ['an event of a read whose action is another', 'audit-event', { ...event, action: 'C' }, 'aud-6'],
    [
      'an event of a query that is not there',
      'audit-event',
      { ...event, entity: [query] },
      'entity:query.query',
    ],
  ])('%s', (_, name, resource, rule) => {
    expect(ruleOf(errors(resource, name), rule)).toBe(rule)
  })
})
